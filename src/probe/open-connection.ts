// A new connection for one check: over TCP to the pinned address, with a TLS handshake where the check asks for one, and the
// certificate judged before anything is said. Nothing is written to whom the check does not trust.

import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsOptions } from '../model/monitors/tls-options.ts';
import { judgeExpiry } from './judge-expiry.ts';
import { nameError } from './name-error.ts';
import type { Witness } from './observe.ts';
import type { TlsContexts } from './tls-contexts.ts';

export type ConnectionPlace = { readonly address: string; readonly port: number };

export type TlsDemand = {
  readonly options: TlsOptions;
  /** Asked for (SNI), and what the certificate must be for. */
  readonly serverName: string;
  readonly verifyCertificate: boolean;
  /** Offered by ALPN. */
  readonly protocols?: string[];
};

/**
 * What may come over one connection before it is closed, in bytes: a chain of certificates, headers and the first bytes of
 * a body are well below. Looked at every READ_GUARD_MS, since what is skipped (interim responses, chunk extensions,
 * HTTP/2 frames without use) is seen by nobody else.
 */
export const MAX_READ_BYTES = 512 * 1024;
const READ_GUARD_MS = 50;

/** Begins to connect; `ready` once, when there is somebody to talk to. Answers what ends the connection. */
export function openConnection(
  { address, port }: ConnectionPlace,
  tls: TlsDemand | undefined,
  { contexts, witness }: { readonly contexts: TlsContexts; readonly witness: Witness },
  ready: (socket: Socket) => void,
): () => void {
  witness.enter('connecting');
  if (tls === undefined) {
    const socket = connect({ host: address, port });
    socket.once('connect', () => ready(socket));
    return watch(socket, socket, witness);
  }
  const made = contexts.get(tls.options);
  if (!made.ok) {
    witness.abstain(made.reason);
    return () => undefined;
  }
  const { serverName, verifyCertificate, options, protocols } = tls;
  const raw = connect({ host: address, port });
  raw.once('connect', () => witness.enter('shaking hands over TLS'));
  const socket = connectTls({
    socket: raw,
    secureContext: made.context,
    // RFC 6066 section 3: literal addresses are no server names.
    servername: isIP(serverName) === 0 ? serverName : '',
    // Judged here, by judgeTrust, before anything is written.
    rejectUnauthorized: false,
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
    ...(protocols !== undefined && { ALPNProtocols: protocols }),
  });
  socket.once('secureConnect', () => {
    const fault = verifyCertificate ? judgeTrust(socket, serverName, options) : undefined;
    if (fault !== undefined) return witness.fail(fault);
    const expiry = judgeExpiry(socket.getPeerX509Certificate(), options, Date.now());
    if (expiry.status === 'fail') return witness.fail(expiry.reason);
    if (expiry.status === 'warn') witness.warn(expiry.reason);
    ready(socket);
  });
  return watch(socket, raw, witness);
}

function watch(socket: Socket, raw: Socket, witness: Witness): () => void {
  socket.on('error', witness.failWith);
  if (raw !== socket) raw.on('error', witness.failWith);
  const guard = setInterval(() => {
    if (raw.bytesRead > MAX_READ_BYTES) witness.fail('sends far more than an answer');
  }, READ_GUARD_MS);
  return () => {
    clearInterval(guard);
    socket.destroy();
    raw.destroy();
  };
}

/** Why the certificate is not to be trusted; undefined when it is. */
function judgeTrust(socket: TLSSocket, serverName: string, { failBeforeMs }: TlsOptions): string | undefined {
  // Node declares an Error, and hands over the code.
  const code: unknown = socket.authorizationError;
  if (code === null || code === undefined) return undefined;
  const mayHaveEnded = code === 'CERT_HAS_EXPIRED' && failBeforeMs === 'off';
  if (!mayHaveEnded) return nameError({ code });
  // OpenSSL stops at the end of its life, before the name was looked at.
  const fault = checkServerIdentity(serverName, socket.getPeerCertificate());
  return fault && nameError(fault);
}
