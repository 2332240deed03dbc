// Lost updates are refused (RFC 9110 section 13): whoever writes says what they have read. Entity tags are strong: a
// revision's id where many things are shown together, a hash of the content for one item.

import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatCanonicalJson } from '../model/objects.ts';
import { formatRevisionId, type RevisionId } from '../model/revision.ts';
import { refuse } from './api-error.ts';

/** 128 bits are far more than it takes to tell versions of one item apart. */
const TAG_BYTES = 16;

export function tagRevision(id: RevisionId): string {
  return `"${formatRevisionId(id)}"`;
}

/** The same for equal content, whatever the order of its keys. */
export function tagContent(content: unknown): string {
  const hash = createHash('sha256').update(formatCanonicalJson(content)).digest();
  return `"${hash.subarray(0, TAG_BYTES).toString('base64url')}"`;
}

/** @param etag of what is there now; undefined: nothing is. */
export function checkPrecondition({ headers }: FastifyRequest, etag: string | undefined): void {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match === undefined && noneMatch === undefined) {
    const how = etag === undefined ? 'If-None-Match: * to create it' : `If-Match: ${etag} or If-Match: *`;
    throw refuse('PRECONDITION_REQUIRED', `State what you expect to be there, so that nothing is lost: send ${how}.`);
  }
  if (match !== undefined && !isListed(match, etag)) {
    const found = etag === undefined ? 'It is not there (any more).' : `It is now ${etag}.`;
    throw refuse('PRECONDITION_FAILED', `${found} Read it again, and repeat the change if it still makes sense.`);
  }
  if (noneMatch !== undefined && isListed(noneMatch, etag)) {
    throw refuse('PRECONDITION_FAILED', `It is there already, as ${etag}; to replace it, send If-Match.`);
  }
}

/** Sends the body with its tag, or 304 to whoever has it (RFC 9110 section 13.1.2). */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  body: () => unknown,
): FastifyReply {
  reply.header('etag', etag);
  const noneMatch = request.headers['if-none-match'];
  if (noneMatch !== undefined && isListed(noneMatch.replaceAll('W/', ''), etag)) return reply.status(304).send();
  return reply.send(body());
}

/** Strong comparison: a weak tag (`W/"…"`) is equal to none. */
function isListed(header: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  const listed = header.split(',').map((tag) => tag.trim());
  return listed.includes('*') || listed.includes(etag);
}
