// Between an accepted connection and what is spoken on it: the TLS handshake, for DNS over TLS and over HTTPS. A peer that
// does not come to its end in time, or at all, is let go and counted.

import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { CONNECTION_FAILED, CONNECTION_REFUSED, countConnection } from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { type Certificate, secureOptionsOf } from './certificate.ts';
import { createHandshakeBudget } from './handshake-budget.ts';
import type { Accepted, Served } from './stream-listener.ts';

export type HandshakeOptions = {
  readonly certificate: Certificate;
  /** What may be spoken behind it (RFC 7301), the preferred first. A client that names none is taken at its word. */
  readonly alpn: readonly string[];
  /** From the connection to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** Further ones are refused. */
  readonly maxHandshakesPerSecond: number;
  readonly protocol: number;
};

export type Handshaker = {
  /** Begins the handshake; `serveSecure` is called when it has come to its end. */
  readonly serve: (accepted: Accepted) => Served;
  /** From the next handshake on. */
  readonly setCertificate: (certificate: Certificate) => void;
};

type Pending = { readonly accepted: Accepted; served: Served | undefined };

export function createHandshaker(
  { certificate, alpn, handshakeTimeoutMs, maxHandshakesPerSecond, protocol }: HandshakeOptions,
  desk: Desk,
  serveSecure: (socket: TLSSocket, accepted: Accepted) => Served,
): Handshaker {
  /** By their peers: the only thing that both the plain socket and its TLS socket tell. */
  const pending = new Map<string, Pending>();
  const budget = createHandshakeBudget(maxHandshakesPerSecond, performance.now());
  // It never listens: connections are handed to it.
  const server = createServer({
    ...secureOptionsOf(certificate),
    ALPNProtocols: [...alpn],
    handshakeTimeout: handshakeTimeoutMs,
  });
  server.on('secureConnection', (socket) => {
    const peer = peerOf(socket);
    const connection = pending.get(peer);
    pending.delete(peer);
    // Gone in the very moment in which it would have begun.
    if (connection === undefined) socket.destroy();
    else connection.served = serveSecure(socket, connection.accepted);
  });
  server.on('tlsClientError', (_error, socket) => {
    // One that we closed ourselves, to make room, has been counted as that, and knows its peer no more.
    if (pending.has(peerOf(socket))) countConnection(desk.counters, protocol, CONNECTION_FAILED);
    socket.destroy();
  });
  return {
    serve(accepted) {
      const { socket } = accepted;
      // Reset before it was accepted: nobody would know it again.
      if (socket.remotePort === undefined) {
        socket.destroy();
        return REFUSED;
      }
      if (!budget.take(performance.now())) {
        countConnection(desk.counters, protocol, CONNECTION_REFUSED);
        socket.destroy();
        return REFUSED;
      }
      const peer = peerOf(socket);
      const connection: Pending = { accepted, served: undefined };
      pending.set(peer, connection);
      socket.on('close', () => {
        if (pending.get(peer) === connection) pending.delete(peer);
      });
      server.emit('connection', socket);
      return {
        isPending: () => connection.served?.isPending() === true,
        end: () => {
          if (connection.served === undefined) socket.destroy();
          else connection.served.end();
        },
      };
    },
    setCertificate: (renewed) => server.setSecureContext(secureOptionsOf(renewed)),
  };
}

const REFUSED: Served = { isPending: () => false, end: () => undefined };

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
