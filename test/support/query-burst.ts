// Many queries at once over one socket, and how many of them were answered.

import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { composeQuery, type DnsServer } from './dns-ask.ts';

export type QueryBurst = {
  /** Resolves when the kernel has all of them; each has another id. */
  send(count: number): Promise<void>;
  /** Different ids among the answers so far. */
  answered(): number;
  close(): void;
};

export async function openUdpBurst({ host, port }: DnsServer, name: string, subnet: string): Promise<QueryBurst> {
  const socket = createSocket('udp4');
  const ids = new Set<number>();
  socket.on('message', (message) => ids.add(message.readUInt16BE(0)));
  // The port is closed by the time of a late query: the count says so.
  socket.on('error', () => undefined);
  socket.connect(port, host);
  await once(socket, 'connect');
  const sendOne = (id: number) =>
    new Promise<void>((resolve, reject) => {
      socket.send(composeQuery(id, { name, subnet }), (error) => (error ? reject(error) : resolve()));
    });
  return {
    send: async (count) => void (await Promise.all(Array.from({ length: count }, (_, id) => sendOne(id)))),
    answered: () => ids.size,
    close: () => void socket.close(),
  };
}

/** Pipelined (RFC 7766 section 6.2.1.1) over a connection that has been answered on before. */
export async function openTcpBurst({ host, port }: DnsServer, name: string, subnet: string): Promise<QueryBurst> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  const ids = new Set<number>();
  const introduction = 65_535;
  let waiting: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const id = waiting.readUInt16BE(2);
      if (id !== introduction) ids.add(id);
      waiting = waiting.subarray(2 + waiting.readUInt16BE(0));
    }
  });
  socket.on('error', () => undefined);
  const write = (bytes: Buffer) => new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  const frame = (id: number) => {
    const query = composeQuery(id, { name, subnet });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    return Buffer.concat([length, query]);
  };
  await write(frame(introduction));
  await once(socket, 'data');
  return {
    send: (count) => write(Buffer.concat(Array.from({ length: count }, (_, id) => frame(id)))),
    answered: () => ids.size,
    close: () => void socket.destroy(),
  };
}
