// The small HTTP server of roles that have no API of their own (dns, probe): it serves the telemetry routes, and nothing
// else. Closing is ordered: no new connections, requests under way are answered, idle connections end.

import { fastify } from 'fastify';
import { formatListenAddress, type ListenAddress } from '../model/listen-address.ts';
import { addTelemetryRoutes, type TelemetrySources } from './telemetry-routes.ts';

/** A scrape sends a few hundred bytes, at once. */
const MAX_BODY_BYTES = 1024;
const REQUEST_TIMEOUT_MS = 10_000;

export type TelemetryServer = {
  /** Where it listens in fact: the port is the kernel's choice if 0 was asked for. */
  readonly address: ListenAddress;
  close(): Promise<void>;
};

/** Starts listening. Rejects, with advice, when the address cannot be had. */
export async function startTelemetryServer(
  options: TelemetrySources & { readonly listen: ListenAddress },
): Promise<TelemetryServer> {
  const { listen } = options;
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    logger: false,
  });
  addTelemetryRoutes(server, options);
  try {
    await server.listen({ host: listen.host, port: listen.port });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const advice = 'Free it, or set telemetry.listen (AZIMUTH_TELEMETRY_LISTEN) to another address';
    throw new Error(`Cannot serve telemetry at ${formatListenAddress(listen)} (${why}). ${advice}.`, { cause });
  }
  const bound = server.addresses()[0];
  const port = typeof bound === 'object' ? bound.port : listen.port;
  return { address: { host: listen.host, port }, close: () => server.close() };
}
