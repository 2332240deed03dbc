// Serves a worker's own slot over HTTPS to whoever shows a certificate of the authority that was set, and nothing else:
//
//   GET /version    JSON { vantage, worker, epoch, sequence }: what nodes ask for every second
//   GET /slot       the slot, packed as in the store; asked for when a version is newer than what is known
//
// Everybody who is not one of our nodes is turned away in the handshake. Those that are may still be broken: connections,
// headers and times are bounded, and a body is never read.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { packSlot } from '../../health/pack-slot.ts';
import type { Slot } from '../../health/slot.ts';
import { formatListenAddress, type ListenAddress } from '../../model/listen-address.ts';
import { describeCause } from '../store-error.ts';

export type SlotServerOptions = {
  readonly listen: ListenAddress;
  readonly tls: () => SlotServerTls;
  /** Where the files are changed for others that cannot be used. The ones before stay in force. */
  readonly onWarning: (message: string) => void;
};

/** Our certificate and key, and whose certificates are let in. */
export type SlotServerTls = Pick<SecureContextOptions, 'cert' | 'key' | 'ca'>;

export type SlotServer = { readonly address: ListenAddress; close(): Promise<void> };

/** A fleet of nodes keeps one connection each. */
const CONNECTION_LIMIT = 256;
const HEADER_LIMIT_BYTES = 4096;
const HEADER_TIMEOUT_MS = 2000;
const REQUEST_TIMEOUT_MS = 10_000;
/** Nodes ask every second. */
const IDLE_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 2000;
/** How often the files of the certificate are looked at. */
const RELOAD_INTERVAL_MS = 30_000;

/** @throws Error with advice when the address cannot be had, or the certificate not be used. */
export async function startSlotServer(
  { listen, tls, onWarning }: SlotServerOptions,
  readLatest: () => Slot | undefined,
): Promise<SlotServer> {
  let inForce = tls();
  const server = createServer({
    ...inForce,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxHeaderSize: HEADER_LIMIT_BYTES,
    headersTimeout: HEADER_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    connectionsCheckingInterval: HEADER_TIMEOUT_MS,
  });
  server.maxConnections = CONNECTION_LIMIT;
  // One that sends nothing, or takes nothing, is as idle as one that has been answered.
  server.setTimeout(IDLE_TIMEOUT_MS, (socket) => socket.destroy());
  const pack = createPacker();
  server.on('request', (request, response) => answer(request, response, readLatest(), pack));
  const timer = setInterval(() => {
    try {
      const fresh = tls();
      if (fresh.cert === inForce.cert && fresh.key === inForce.key && fresh.ca === inForce.ca) return;
      server.setSecureContext({ ...fresh, minVersion: 'TLSv1.3' });
      inForce = fresh;
    } catch (cause) {
      onWarning(describeCause(cause));
    }
  }, RELOAD_INTERVAL_MS).unref();
  try {
    await listenAt(server, listen);
  } catch (cause) {
    clearInterval(timer);
    const advice = 'free it, or set probe.serve.listen (AZIMUTH_PROBE_SERVE_LISTEN) to another address';
    throw new Error(`cannot serve the slot at ${formatListenAddress(listen)} (${describeCause(cause)}): ${advice}`, {
      cause,
    });
  }
  const bound = server.address();
  return {
    address: { host: listen.host, port: typeof bound === 'object' && bound !== null ? bound.port : listen.port },
    async close() {
      clearInterval(timer);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  slot: Slot | undefined,
  pack: (slot: Slot) => Uint8Array,
): void {
  const isKnown = request.url === '/version' || request.url === '/slot';
  // A body would have to be read before the connection can be used again.
  const isBare = request.method === 'GET' && request.headers['transfer-encoding'] === undefined;
  if (!isKnown || !isBare || slot === undefined) {
    const status = !isKnown ? 404 : !isBare ? 405 : 503;
    response.writeHead(status, { connection: isBare ? 'keep-alive' : 'close', 'content-length': 0 }).end();
    return;
  }
  const { vantage, worker, epoch, sequence } = slot;
  const isVersion = request.url === '/version';
  const body = isVersion ? JSON.stringify({ vantage, worker, epoch, sequence }) : pack(slot);
  const type = isVersion ? 'application/json' : 'application/octet-stream';
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** Many nodes ask for the same slot: it is packed once. */
function createPacker(): (slot: Slot) => Uint8Array {
  let packed: { readonly slot: Slot; readonly bytes: Uint8Array } | undefined;
  return (slot) => {
    if (packed?.slot !== slot) packed = { slot, bytes: packSlot(slot) };
    return packed.bytes;
  };
}

function listenAt(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
