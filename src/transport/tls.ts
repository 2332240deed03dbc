// DNS over TLS (RFC 7858): what TCP is, behind a handshake. Queries from strangers are answered as over TCP; that the
// server is who it claims to be is for clients to check (RFC 8310).

import { TLS } from '../answer/answer-query.ts';
import type { Desk } from '../answer/desk.ts';
import type { Certificate } from './certificate.ts';
import type { Listener } from './listener.ts';
import { StreamConnection } from './stream-connection.ts';
import { listenStream } from './stream-listener.ts';
import type { TcpOptions } from './tcp.ts';
import { createHandshaker } from './tls-handshake.ts';

export type TlsOptions = TcpOptions & {
  readonly certificate: Certificate;
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakesPerSecond: number;
};

/** The registered name of DNS over TLS (RFC 7858 section 6). */
const ALPN = ['dot'];

/** Rejects with advice when the address cannot be bound. */
export async function listenTls(options: TlsOptions, desk: Desk): Promise<Listener> {
  const { limits } = options;
  const { serve, setCertificate } = createHandshaker(
    { ...options, alpn: ALPN, protocol: TLS },
    desk,
    (socket, { client, onMessages }) =>
      new StreamConnection(socket, { limits, protocol: TLS, client, onMessages }, desk),
  );
  const listener = await listenStream(options, TLS, desk, serve);
  return { ...listener, setCertificate };
}
