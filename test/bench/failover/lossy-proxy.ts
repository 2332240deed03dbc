// A proxy before Redis that loses every message of every subscription, and passes on everything else.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { dropMessages } from './resp3.ts';

export type LossyProxy = {
  readonly url: string;
  /** Messages lost so far. */
  countLost(): number;
  close(): Promise<void>;
};

export async function startLossyProxy(redisPort: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  const filters: { readonly counts: { readonly lost: number } }[] = [];
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port: redisPort, noDelay: true });
    const filter = dropMessages();
    filters.push(filter);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (piece) => void upstream.write(piece));
    upstream.on('data', (piece) => {
      const kept = filter.push(piece);
      if (kept.length > 0) client.write(kept);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${port}`,
    countLost: () => filters.reduce((sum, { counts }) => sum + counts.lost, 0),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
