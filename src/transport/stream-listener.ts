// What TCP, TLS and HTTPS have in common: a server that accepts connections within limits, counts what becomes of them, and
// ends them gracefully. What is spoken on a connection is the business of whoever listens.

import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import {
  CONNECTION_ACCEPTED,
  CONNECTION_EVICTED,
  CONNECTION_FAILED,
  CONNECTION_REFUSED,
  countConnection,
  countDropped,
  DROPPED_OVERLOAD,
  PROTOCOLS,
} from '../answer/counters.ts';
import type { Client, Desk } from '../answer/desk.ts';
import { clientOf } from './client-address.ts';
import { ConnectionTable, type TableLimits } from './connection-table.ts';
import { bindError, CLOSE_LIMIT_MS, type Listener, waitUntilQuiet } from './listener.ts';
import type { StreamLimits } from './stream-connection.ts';
import { takeProxyHeader } from './take-proxy-header.ts';
import { isTrusted, type TrustedPeers } from './trusted-peers.ts';

export type ListenOptions = {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly limits: TableLimits & Pick<StreamLimits, 'firstByteTimeoutMs'>;
  /** Those whose connections begin with a PROXY header; undefined where there are none. */
  readonly trusted?: TrustedPeers | undefined;
  /** By protocol, how many connections this thread has open: memory that others read. */
  readonly openConnections?: Int32Array | undefined;
};

/** A connection that was accepted, as it is handed to what serves it. */
export type Accepted = {
  readonly socket: Socket;
  readonly client: Client;
  /** To be called when whole messages have been answered: what is of use is not idle. */
  readonly onMessages: () => void;
};

/** What serves a connection, as the listener needs it to close. */
export type Served = {
  /** Whether answers wait to be taken. */
  readonly isPending: () => boolean;
  /** Ends it once what has been answered is sent. */
  readonly end: () => void;
};

type Connection = { readonly socket: Socket; served: Served | undefined; readonly destroy: () => void };

/** `protocol`: one of the constants of answer-query.ts. Rejects with advice when the address cannot be bound. */
export async function listenStream(
  options: ListenOptions,
  protocol: number,
  desk: Desk,
  serve: (accepted: Accepted) => Served,
): Promise<Listener> {
  const { host, port, limits, openConnections, trusted } = options;
  const name = PROTOCOLS[protocol] ?? 'tcp';
  const count = (event: number) => countConnection(desk.counters, protocol, event);
  const table = new ConnectionTable<Connection>(limits, () => count(CONNECTION_EVICTED));
  let received = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const connection: Connection = { socket, served: undefined, destroy: () => socket.destroy() };
    const client = clientOf(socket.remoteAddress);
    const isProxied = trusted !== undefined && isTrusted(trusted, client);
    // For one that is refused nobody makes room: a network that has its share would drive out all others.
    if (isProxied || table.hasShareLeft(client)) table.add(connection);
    count(CONNECTION_ACCEPTED);
    if (openConnections !== undefined) Atomics.add(openConnections, protocol, 1);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      table.delete(connection);
      if (openConnections !== undefined) Atomics.sub(openConnections, protocol, 1);
    });
    const onMessages = () => {
      received++;
      table.touch(connection);
    };
    const begin = () => {
      if (table.assign(connection, client)) {
        connection.served = serve({ socket, client, onMessages });
      } else {
        count(CONNECTION_REFUSED);
        socket.destroy();
      }
      // Its place is free at once: those that come in the same moment are not to look for another.
      if (socket.destroyed) table.delete(connection);
    };
    if (!isProxied) {
      begin();
      return;
    }
    takeProxyHeader(socket, client, limits.firstByteTimeoutMs, (isRead) => {
      if (isRead) {
        begin();
        return;
      }
      count(CONNECTION_FAILED);
      socket.destroy();
    });
  });
  await bind(server, options, name);
  // Such as too many open files: the connection is lost, the server is not.
  server.on('error', () => countDropped(desk.counters, DROPPED_OVERLOAD, 1));
  return {
    protocol: name,
    host,
    port: boundPort(server) ?? port,
    close: () => closeServer(server, table, () => received),
  };
}

function bind(server: Server, { host, port, reusePort }: ListenOptions, name: Listener['protocol']): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(bindError(name, host, port, cause));
    server.once('error', fail);
    server.listen({ host, port, reusePort, ipv6Only: isIPv6(host), exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function boundPort(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}

/** Takes no more connections, answers what has been sent on those that are open, then ends them. */
async function closeServer(
  server: Server,
  connections: Iterable<Connection>,
  countReceived: () => number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await waitUntilQuiet(countReceived, () => [...connections].some(({ served }) => served?.isPending() === true));
  for (const { socket, served } of connections) {
    if (served === undefined) socket.destroy();
    else served.end();
  }
  const limit = setTimeout(() => {
    for (const { socket } of connections) socket.destroy();
  }, CLOSE_LIMIT_MS);
  await closed;
  clearTimeout(limit);
}
