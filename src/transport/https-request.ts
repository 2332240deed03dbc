// What a request of DNS over HTTPS asks for, whatever version of HTTP it came in: a message in its path (GET), a message in
// its body (POST), or something that we do not serve (RFC 8484 section 4.1).

import { MAX_MESSAGE_BYTES } from './answer-message.ts';

export type HttpRequest = {
  readonly method: string | undefined;
  /** Path and query, as they came. */
  readonly target: string | undefined;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
};

export type HttpRefusal = {
  readonly kind: 'refused';
  readonly status: 400 | 404 | 405 | 413 | 415 | 503;
  /** For people who look with a browser or curl. */
  readonly reason: string;
};

export type ReadRequest =
  | { readonly kind: 'message'; readonly message: Uint8Array }
  /** The message is the body, which is still to come. */
  | { readonly kind: 'body' }
  | HttpRefusal;

export const MEDIA_TYPE = 'application/dns-message';
/** For 405 (RFC 9110 section 15.5.6). */
export const ALLOWED_METHODS = 'GET, POST';

export const TOO_LARGE = refuse(413, `a DNS message has at most ${MAX_MESSAGE_BYTES} bytes`);
export const TOO_MUCH = refuse(503, 'too much is under way on this connection: wait for answers');
export const NO_QUERY = refuse(400, 'this is no DNS query');

/** `path`: where we serve, the setting dns.https.path. */
export function readRequest(
  { method, target = '', contentType, contentLength }: HttpRequest,
  path: string,
): ReadRequest {
  const mark = target.indexOf('?');
  if ((mark < 0 ? target : target.slice(0, mark)) !== path) return refuse(404, `DNS is served at ${path}`);
  if (method === 'GET') return readVariable(mark < 0 ? '' : target.slice(mark + 1));
  if (method !== 'POST') return refuse(405, `use ${ALLOWED_METHODS}`);
  if (mediaTypeOf(contentType) !== MEDIA_TYPE) return refuse(415, `send ${MEDIA_TYPE}`);
  return Number(contentLength ?? 0) > MAX_MESSAGE_BYTES ? TOO_LARGE : { kind: 'body' };
}

const VARIABLE = 'dns=';

/** RFC 8484 section 6: base64url, without padding, in the variable "dns". */
function readVariable(query: string): ReadRequest {
  const values = query.split('&', MAX_VARIABLES).filter((variable) => variable.startsWith(VARIABLE));
  const [value] = values;
  if (value === undefined || values.length > 1) return refuse(400, 'give one message, as ?dns=');
  const text = value.slice(VARIABLE.length);
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) {
    return refuse(400, 'the message must be in base64url (RFC 4648 section 5), without padding');
  }
  const message = Buffer.from(text, 'base64url');
  return message.length > MAX_MESSAGE_BYTES ? TOO_LARGE : { kind: 'message', message };
}

/** Others may stand beside ours, and are ignored. */
const MAX_VARIABLES = 16;

function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

function refuse(status: HttpRefusal['status'], reason: string): HttpRefusal {
  return { kind: 'refused', status, reason };
}
