// Connections of an HTTP server on which nothing was asked yet. Browsers and balancers open such ahead of need; Node's `close` waits
// for them, and from then on holds nobody to the server's own timeouts: one of them would keep a process from closing in order, and
// all that closes after the server with it.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What was asked has so long to be answered, and whoever stopped in the middle of asking; a process closes within eight seconds. */
const CLOSE_GRACE_MS = 4000;

/** To be called before `server` listens; returns what ends them, to be called when it begins to close. */
export function watchSilentConnections(server: Server): () => void {
  const silent = new Set<Socket>();
  let isEnding = false;
  server.on('connection', (socket: Socket) => {
    if (isEnding) socket.destroy();
    else silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return () => {
    isEnding = true;
    for (const socket of silent) socket.destroy();
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS).unref();
    server.once('close', () => clearTimeout(timer));
  };
}
