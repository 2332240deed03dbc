// The API as commands use it: one base URL, one token, no redirects. What the API refuses ends the command, with every
// fault in words.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Static, TSchema } from 'typebox';
import { ProblemSchema } from '../api/route-schema.ts';
import { compileShape, type Shape } from '../model/check-shape.ts';
import { fail, failUsage } from './failure.ts';

export type ApiOptions = {
  readonly api?: string;
  readonly token?: string;
  readonly json?: boolean;
};

const DEFAULT_API = 'http://127.0.0.1:8053';
const DEFAULT_STATE_DIRECTORY = 'var';
const TIMEOUT_MS = 30_000;

/** Adds what every command that talks to the API takes. */
export function addApiOptions(command: Command): Command {
  return command
    .option('--api <url>', `base URL of the API (AZIMUTH_API; else ${DEFAULT_API})`)
    .option('--token <token>', 'bearer token (AZIMUTH_TOKEN; else the file token in the state directory)')
    .option('--json', 'print JSON');
}

export type Sent = {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

export type Reply = {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
  readonly text: string;
  readonly etag: string | undefined;
};

export type Problem = Static<typeof ProblemSchema>;

export type Refusal = { readonly status: number; readonly problem: Problem };

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export type ApiClient = {
  /** Whatever comes back, refusals included. Ends the command when nobody answers. */
  send(method: Method, path: string, sent?: Sent): Promise<Reply>;
  /** The body of a 2xx, known to have this shape. Ends the command for anything else. */
  request<Schema extends TSchema>(schema: Schema, method: Method, path: string, sent?: Sent): Promise<Static<Schema>>;
  /** Ends the command when the reply is no success. */
  expect(reply: Reply): Reply;
};

export function openApiClient(command: Command, options: ApiOptions, environment = process.env): ApiClient {
  const base = readBaseUrl(command, options.api ?? environment['AZIMUTH_API'] ?? DEFAULT_API);
  const token = readToken(options, environment);

  async function send(method: Method, path: string, { query = {}, headers = {}, body }: Sent = {}): Promise<Reply> {
    const url = new URL(`.${path}`, base);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
    const request = {
      method,
      redirect: 'error',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    } as const;
    try {
      const response = await fetch(url, request);
      const text = await response.text();
      return { status: response.status, body: parseBody(text), text, etag: response.headers.get('etag') ?? undefined };
    } catch (error) {
      return fail(command, describeUnreachable(base, error));
    }
  }

  function expect(reply: Reply): Reply {
    const refusal = readRefusal(reply);
    if (refusal !== undefined) return fail(command, describeRefusal(refusal, token !== undefined));
    if (reply.status >= 200 && reply.status < 300) return reply;
    return fail(command, `${base} answered with status ${reply.status}, and is perhaps no API of Azimuth`);
  }

  async function request<Schema extends TSchema>(schema: Schema, method: Method, path: string, sent?: Sent) {
    const { body } = expect(await send(method, path, sent));
    const shape: Shape<Static<Schema>> = compileShape(schema);
    if (shape.accepts(body)) return body;
    return fail(command, `${base} answered what this version does not understand: use the same version on both sides`);
  }

  return { send, request, expect };
}

const PROBLEM_SHAPE = compileShape(ProblemSchema);

/** Undefined for a success, and for a failure that is no problem document. */
export function readRefusal({ status, body }: Reply): Refusal | undefined {
  return status >= 400 && PROBLEM_SHAPE.accepts(body) ? { status, problem: body } : undefined;
}

/** All that is wrong, one fault a line. */
export function describeRefusal({ status, problem }: Refusal, hadToken = true): string {
  const { title, detail, errors = [] } = problem;
  if (status === 401) {
    const how = 'give --token, set AZIMUTH_TOKEN, or run it where the state directory of azimuth is (var/token)';
    return hadToken ? `${title}: ${detail}` : `${title}: ${how}`;
  }
  if (errors.length < 2) return `${title}: ${detail}`;
  return [
    `${title}:`,
    ...errors.map((fault) => `  ${fault.pointer === '' ? '/' : fault.pointer}: ${fault.detail}`),
  ].join('\n');
}

function readBaseUrl(command: Command, text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) {
    // Paths begin with the version already: who copied the base URL from a request has it twice.
    url.pathname = `${url.pathname.replace(/(?:\/v1)?\/*$/, '')}/`;
    return url;
  }
  return failUsage(command, `"${text}" is no URL of an API: write it as ${DEFAULT_API}`);
}

function readToken({ token }: ApiOptions, environment: NodeJS.ProcessEnv): string | undefined {
  const given = token ?? environment['AZIMUTH_TOKEN'];
  if (given !== undefined && given !== '') return given.trim();
  const directory = environment['AZIMUTH_STATE_DIRECTORY'] ?? DEFAULT_STATE_DIRECTORY;
  try {
    return readFileSync(join(directory, 'token'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function describeUnreachable(base: URL, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') {
    return `nothing listens at ${base.origin}: start it with "azimuth up" (or "azimuth api"), or say where it is with --api`;
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `${base.origin} did not answer within ${TIMEOUT_MS / 1000} s: look at its log and its /readyz`;
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return `${base.origin} cannot be reached (${why}): check --api or AZIMUTH_API`;
}

function parseBody(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
