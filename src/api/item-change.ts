// What the routes of single items share: reading bodies, checking conditions of writes that may be repeated, and replying.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { isEqual } from '../model/diff-documents.ts';
import type { Item } from '../model/edit-document.ts';
import { formatRevisionId } from '../model/revision.ts';
import { type ApiError, refuse } from './api-error.ts';
import { type Changed, describeChange, REVISION_HEADER } from './change.ts';
import { checkPrecondition, tagContent } from './precondition.ts';

/** Sends the item as it is now, or what a dry run found. */
export function sendChanged(reply: FastifyReply, changed: Changed, item: unknown, status: 200 | 201): FastifyReply {
  reply.header(REVISION_HEADER, formatRevisionId(changed.revision));
  if (changed.dryRun) return reply.status(200).removeHeader('location').send(describeChange(changed));
  return reply.status(status).header('etag', tagContent(item)).send(item);
}

export function sendDeleted(reply: FastifyReply, changed: Changed): FastifyReply {
  reply.header(REVISION_HEADER, formatRevisionId(changed.revision));
  return changed.dryRun ? reply.status(200).send(describeChange(changed)) : reply.status(204).send();
}

/** A PUT whose outcome is there already has been carried out before: it needs no tag that is up to date (RFC 9110 13.1.1). */
export function checkPut(request: FastifyRequest, present: unknown, wanted: unknown): void {
  const isRepeated = present !== undefined && isEqual(present, wanted) && request.headers['if-match'] !== undefined;
  if (!isRepeated) checkPrecondition(request, present === undefined ? undefined : tagContent(present));
}

/** Nor does a DELETE of what is not there. */
export function checkDelete(request: FastifyRequest, present: unknown): void {
  const isRepeated = present === undefined && request.headers['if-match'] !== undefined;
  if (!isRepeated) checkPrecondition(request, present === undefined ? undefined : tagContent(present));
}

export function refuseMissing(noun: string, key: string): ApiError {
  return refuse('NOT_FOUND', `${noun} "${key}" is not there.`);
}

/** The body as an item of its own. */
export function itemOf(value: unknown): Item {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('INVALID', 'The body must be a JSON object.');
  }
  return Object.fromEntries(Object.entries(value));
}

/** Adds to the body what the URL says; what the body says itself stays, to be compared. */
export function fillKey(request: FastifyRequest, known: Item): void {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
  request.body = { ...known, ...body };
}
