// DNS over TCP (RFC 7766): who may connect, and closing. What happens on a connection is stream-connection.ts.

import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { TCP } from '../answer/answer-query.ts';
import { countDropped, DROPPED_OVERLOAD } from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { clientOf } from './client-address.ts';
import { ConnectionTable } from './connection-table.ts';
import { bindError, CLOSE_LIMIT_MS, type Listener, waitUntilQuiet } from './listener.ts';
import { StreamConnection, type StreamLimits } from './stream-connection.ts';

export type TcpOptions = StreamLimits & {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly maxConnections: number;
};

/** Rejects with advice when the address cannot be bound. */
export async function listenTcp(options: TcpOptions, desk: Desk): Promise<Listener> {
  const connections = new ConnectionTable<Socket>(options.maxConnections, () =>
    countDropped(desk.counters, DROPPED_OVERLOAD, 1),
  );
  let received = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    const onMessages = () => {
      received++;
      connections.touch(socket);
    };
    new StreamConnection(
      socket,
      { limits: options, protocol: TCP, client: clientOf(socket.remoteAddress), onMessages },
      desk,
    );
  });
  const { host, port, reusePort } = options;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(bindError('tcp', host, port, cause));
    server.once('error', fail);
    server.listen({ host, port, reusePort, ipv6Only: isIPv6(host), exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  // Such as too many open files: the connection is lost, the server is not.
  server.on('error', () => countDropped(desk.counters, DROPPED_OVERLOAD, 1));
  return {
    protocol: 'tcp',
    host,
    port: boundPort(server),
    close: () => closeServer(server, connections, () => received),
  };
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Takes no more connections, answers what has been sent on those that are open, then ends them. */
async function closeServer(server: Server, connections: Iterable<Socket>, countReceived: () => number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await waitUntilQuiet(countReceived, () => [...connections].some((socket) => socket.writableLength > 0));
  for (const socket of connections) socket.end();
  const limit = setTimeout(() => {
    for (const socket of connections) socket.destroy();
  }, CLOSE_LIMIT_MS);
  await closed;
  clearTimeout(limit);
}
