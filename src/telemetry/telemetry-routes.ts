// /livez, /readyz and /metrics, the same on every role. Alive means that the event loop answers; ready means that the
// role can do its work, and the reasons say what it still lacks. Load balancers and orchestrators read the status code.

import type { FastifyInstance } from 'fastify';
import type { Metrics } from './create-metrics.ts';

export type Readiness = {
  readonly ready: boolean;
  /** Why not, one sentence each; when ready, what is degraded (may be empty). */
  readonly reasons: readonly string[];
};

export type TelemetrySources = {
  readonly metrics: Metrics;
  readonly isReady: () => Readiness;
};

/** Adds the three routes to a server. They never need a token: they hold no secrets, and probes have none. */
export function addTelemetryRoutes(server: FastifyInstance, { metrics, isReady }: TelemetrySources): void {
  server.get('/livez', async (_request, reply) => reply.type('text/plain').send('ok'));
  server.get('/readyz', async (_request, reply) => {
    const readiness = isReady();
    return reply.status(readiness.ready ? 200 : 503).send(readiness);
  });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.expose()));
}
