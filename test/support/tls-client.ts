// A client of DNS over TLS for tests, with Node's own TLS.

import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type Certificate, TICKET_KEYS_BYTES } from '../../src/transport/certificate.ts';
import { followStream, type TcpClient } from './dns-client.ts';
import { makeSelfSigned } from './make-certificate.ts';

/** For localhost. */
export function makeCertificate(ticketKeys = new Uint8Array(TICKET_KEYS_BYTES)): Certificate {
  const { certificate, key } = makeSelfSigned(['localhost', '127.0.0.1']);
  return { chain: certificate, key, ticketKeys };
}

export type TlsClient = TcpClient & {
  readonly tls: TLSSocket;
  /** Tickets of TLS 1.3, as they come: with one the session can be resumed. */
  readonly tickets: readonly Buffer[];
};

/** Rejects when the handshake fails. */
export async function connectTls(port: number, options: ConnectionOptions): Promise<TlsClient> {
  const tls = connect({ port, host: '127.0.0.1', servername: 'localhost', ALPNProtocols: ['dot'], ...options });
  const tickets: Buffer[] = [];
  tls.on('session', (ticket) => void tickets.push(ticket));
  try {
    await once(tls, 'secureConnect');
  } catch (error) {
    tls.destroy();
    throw error;
  }
  tls.setNoDelay();
  return { ...followStream(tls), tls, tickets };
}
