// Errors of sockets, TLS and the HTTP parser in the words that operators read as a vote's reason. The words hold no
// numbers that change from check to check: a changed reason is a change to publish.

/** The failure in a few words. */
export function nameError(error: unknown): string {
  const code = readCode(error);
  if (code === undefined) return error instanceof Error ? error.message : 'unknown error';
  const named = REASONS.get(code);
  if (named !== undefined) return named;
  if (code.startsWith('HPE_')) return `not an HTTP response (${code})`;
  if (code === 'ERR_HTTP2_ERROR') return nameHttp2Error(error);
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? nameTlsError(error) : code;
}

/**
 * Whether the failure is this machine's own: no descriptor, port or memory left, no address of that family, or a local
 * rule against it. It says nothing about the target.
 */
export function isOwnFailure(error: unknown): boolean {
  const code = readCode(error);
  return code !== undefined && OWN_FAILURES.has(code);
}

/** OpenSSL's own words stand only in the message: what a server without TLS says is taken for a record of a strange version. */
function nameTlsError(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return /wrong version number|packet length too long/i.test(message)
    ? 'no TLS on this port'
    : 'the TLS handshake failed';
}

/** nghttp2's own words, likewise. */
function nameHttp2Error(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return /flood/i.test(message) ? 'floods the HTTP/2 session' : 'not HTTP/2';
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['EPIPE', 'connection closed while sending'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['ETIMEDOUT', 'timed out connecting'],
  ['EMFILE', 'this worker has no file descriptor left'],
  ['ENFILE', 'this machine has no file descriptor left'],
  ['ENOBUFS', 'this machine has no buffer left'],
  ['EAGAIN', 'this machine has no buffer left'],
  ['ENOMEM', 'this machine has no memory left'],
  ['EADDRNOTAVAIL', 'this machine has no address or port to connect from'],
  ['EAFNOSUPPORT', 'this machine does not have that address family'],
  ['EPERM', 'this machine does not permit the connection'],
  ['EACCES', 'this machine does not permit the connection'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is for another name'],
  ['CERT_HAS_EXPIRED', 'the certificate has expired'],
  ['CERT_NOT_YET_VALID', 'the certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the certificate chain has a self-signed certificate that is not trusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the certificate chain is incomplete'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the certificate was issued by an authority that is not trusted'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS on this port'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'the server speaks no TLS version that is offered'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'the server speaks no TLS version that is offered'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the server demands a client certificate'],
  ['ERR_HTTP2_TOO_MANY_INVALID_FRAMES', 'floods the HTTP/2 session'],
  ['ERR_HTTP2_STREAM_ERROR', 'the server reset the HTTP/2 stream'],
  ['ERR_HTTP2_STREAM_CANCEL', 'the server ended the HTTP/2 session'],
  ['ERR_HTTP2_SESSION_ERROR', 'the server ended the HTTP/2 session'],
  ['HPE_HEADER_OVERFLOW', 'the response headers are too large'],
]);

const OWN_FAILURES: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'EAGAIN',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EPERM',
  'EACCES',
]);

function readCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
