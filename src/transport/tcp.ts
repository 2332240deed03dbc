// DNS over TCP (RFC 7766). Who may connect is stream-listener.ts; what happens on a connection, stream-connection.ts.

import { TCP } from '../answer/answer-query.ts';
import type { Desk } from '../answer/desk.ts';
import type { TableLimits } from './connection-table.ts';
import type { Listener } from './listener.ts';
import { StreamConnection, type StreamLimits } from './stream-connection.ts';
import { type ListenOptions, listenStream } from './stream-listener.ts';

export type TcpLimits = TableLimits & StreamLimits;
export type TcpOptions = ListenOptions & { readonly limits: TcpLimits };

/** Rejects with advice when the address cannot be bound. */
export function listenTcp(options: TcpOptions, desk: Desk): Promise<Listener> {
  const { limits } = options;
  return listenStream(
    options,
    TCP,
    desk,
    ({ socket, client, onMessages }) =>
      new StreamConnection(socket, { limits, protocol: TCP, client, onMessages }, desk),
  );
}
