// DNS over HTTPS (RFC 8484): the handshake, and behind it HTTP.

import { HTTPS } from '../answer/answer-query.ts';
import type { Desk } from '../answer/desk.ts';
import { createHttpsServer } from './https-connection.ts';
import type { Listener } from './listener.ts';
import { listenStream } from './stream-listener.ts';
import type { TlsOptions } from './tls.ts';
import { createHandshaker } from './tls-handshake.ts';

export type HttpsListenOptions = TlsOptions & { readonly path: string };

const ALPN = ['h2', 'http/1.1'];

/** Rejects with advice when the address cannot be bound. */
export async function listenHttps(options: HttpsListenOptions, desk: Desk): Promise<Listener> {
  const { serve, setCertificate } = createHandshaker(
    { ...options, alpn: ALPN, protocol: HTTPS },
    desk,
    createHttpsServer(options, desk),
  );
  const listener = await listenStream(options, HTTPS, desk, serve);
  return { ...listener, setCertificate };
}
