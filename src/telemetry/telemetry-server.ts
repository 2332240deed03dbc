// The small HTTP server of roles that have no API of their own (dns, probe): it serves the telemetry routes, and nothing
// else, on Node's own server: a framework for three pages would take a tenth of the time in which a node starts. Closing is
// ordered: no new connections, requests under way are answered, idle connections end.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { formatListenAddress, type ListenAddress } from '../model/listen-address.ts';
import { pathOfTarget } from '../model/request-target.ts';
import { createHttpServer } from '../native/http.ts';
import { watchSilentConnections } from '../native/silent-connections.ts';
import { TELEMETRY_ROUTES, type TelemetryReply, type TelemetrySources } from './telemetry-routes.ts';

/** A scrape sends a few hundred bytes, at once. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How often it is looked at who has not, as a share of that: Node's own half a minute would be three times the limit. */
const TIMEOUT_CHECK_SHARE = 1 / 5;
/** Beyond it new connections are closed at once: whoever opens more is no monitor, and each page waits for its reader in memory. */
export const MAX_TELEMETRY_CONNECTIONS = 100;

const METHODS: readonly string[] = ['GET', 'HEAD'];

export type TelemetryServer = {
  /** Where it listens in fact: the port is the kernel's choice if 0 was asked for. */
  readonly address: ListenAddress;
  close(): Promise<void>;
};

/** Starts listening. Rejects, with advice, when the address cannot be had. */
export async function startTelemetryServer(
  options: TelemetrySources & { readonly listen: ListenAddress; readonly requestTimeoutMs?: number },
): Promise<TelemetryServer> {
  const { listen, requestTimeoutMs: requestTimeout = REQUEST_TIMEOUT_MS } = options;
  const timing = { requestTimeout, connectionsCheckingInterval: requestTimeout * TIMEOUT_CHECK_SHARE };
  /** Connections on which an answer is under way. */
  const asking = new WeakSet<Socket>();
  const server = createHttpServer(timing, (request, response) => {
    const { socket } = request;
    // A packet holds a thousand short questions, and each may be answered with a megabyte: no monitor asks so.
    if (asking.has(socket)) return void socket.destroy();
    asking.add(socket);
    response.once('finish', () => asking.delete(socket));
    void reply(request, response, options, () => server.listening);
  });
  server.maxConnections = MAX_TELEMETRY_CONNECTIONS;
  // Whoever does not take its answer has its place no longer than who does not ask.
  server.setTimeout(requestTimeout, (socket) => socket.destroy());
  const endSilent = watchSilentConnections(server);
  server.listen({ host: listen.host, port: listen.port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const advice = 'Free it, or set telemetry.listen (AZIMUTH_TELEMETRY_LISTEN) to another address';
    throw new Error(`Cannot serve telemetry at ${formatListenAddress(listen)} (${why}). ${advice}.`, { cause });
  }
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
  return {
    address: { host: listen.host, port },
    async close() {
      const closed = once(server, 'close');
      server.close();
      endSilent();
      await closed;
    },
  };
}

/** Never rejects. Whoever sends a body with its question has its connection ended with the answer, the body unread. */
async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  sources: TelemetrySources,
  isOpen: () => boolean,
): Promise<void> {
  const { status, type, body } = await findReply(request, sources);
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  if (hasBody || !isOpen()) response.setHeader('connection', 'close');
  // RFC 9110, section 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
  if (status === 405) response.setHeader('allow', METHODS.join(', '));
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function findReply({ method, url = '' }: IncomingMessage, sources: TelemetrySources): Promise<TelemetryReply> {
  const route = TELEMETRY_ROUTES.get(pathOfTarget(url).split('?', 1)[0] ?? '');
  if (route === undefined) return textReply(404, `here are ${[...TELEMETRY_ROUTES.keys()].join(', ')}`);
  if (!METHODS.includes(method ?? '')) return textReply(405, `only ${METHODS.join(' and ')}`);
  try {
    return await route(sources);
  } catch (error) {
    return textReply(500, error instanceof Error ? error.message : String(error));
  }
}

function textReply(status: number, body: string): TelemetryReply {
  return { status, type: 'text/plain', body };
}
