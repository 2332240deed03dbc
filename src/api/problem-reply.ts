// Errors as they leave the server: one shape for all of them, RFC 9457 problem+json, whoever raised them.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { API_ERRORS, type ApiError, isApiError, refuse } from './api-error.ts';
import { isUnavailableError } from './ports.ts';

export const PROBLEM_TYPE = 'application/problem+json';
/** Where the sections of docs/errors.md are served: see docs-page.ts. */
const ERRORS_PAGE = '/docs/errors.md';
/** Seconds after which whoever was refused for load, or for a store that is away, may well try again. */
const RETRY_AFTER_SECONDS = 2;

export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly in: string; readonly pointer: string; readonly detail: string }[];
};

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = translate(error);
  if (known.code === 'INTERNAL') request.log.error({ err: error }, 'a request failed');
  if (known.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="azimuth"');
  if (known.statusCode === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.status(known.statusCode).headers(known.headers).type(PROBLEM_TYPE).send(describeProblem(known));
}

export function describeProblem({ code, message, faults }: ApiError): ProblemDocument {
  const { status, title } = API_ERRORS[code];
  const type = `${ERRORS_PAGE}#${code.toLowerCase().replaceAll('_', '-')}`;
  return { type, title, status, code, detail: message, ...(faults.length > 0 && { errors: faults }) };
}

/** What the framework and the ports raise, in our own words. Whatever is left is a fault of ours, and says no more. */
function translate(error: unknown): ApiError {
  if (isApiError(error)) return error;
  if (isUnavailableError(error)) return refuse('UNAVAILABLE', error.message);
  const { statusCode, message } = describeForeign(error);
  switch (statusCode) {
    case 413:
      return refuse('BODY_TOO_LARGE', 'Send less at once, or split the change into several.');
    case 415:
      return refuse(
        'UNSUPPORTED_MEDIA_TYPE',
        'Send application/json; for PATCH also application/merge-patch+json, for the file of a zone text/dns.',
      );
    case 400:
    case 404:
    case 414:
    case 431:
      return refuse('MALFORMED', `${message}.`);
    default:
      return refuse('INTERNAL', 'The log of the server says more.');
  }
}

function describeForeign(error: unknown): { readonly statusCode: number; readonly message: string } {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') {
    return { statusCode: 500, message: '' };
  }
  return { statusCode: error.statusCode, message: error.message };
}
