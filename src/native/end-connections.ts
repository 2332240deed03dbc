// The end of an HTTP server. Node's `close` waits for every connection on which nothing was asked yet, though browsers and balancers
// open such ahead of need, and from then on it holds nobody to the server's own timeouts: one silent connection would keep a
// process from closing in order, and all that closes after the server with it.

import type { Server } from 'node:http';

/** To be called when `server` begins to close: whatever is left of its connections after `graceMs` is ended. */
export function endConnectionsAfter(server: Server, graceMs: number): void {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  server.once('close', () => clearTimeout(timer));
}
