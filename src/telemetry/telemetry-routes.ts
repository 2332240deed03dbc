// /livez, /readyz and /metrics, the same on every role. Alive means that the event loop answers; ready means that the
// role can do its work, and the reasons say what it still lacks. Load balancers and orchestrators read the status code.
// They never need a token: they hold no secrets, and probes have none.

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

export type TelemetryReply = { readonly status: number; readonly type: string; readonly body: string };

type Route = (sources: TelemetrySources) => TelemetryReply | Promise<TelemetryReply>;

/** By path; each is for GET and HEAD. */
export const TELEMETRY_ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/livez', () => ({ status: 200, type: 'text/plain', body: 'ok' })],
  [
    '/readyz',
    ({ isReady }) => {
      const readiness = isReady();
      const type = 'application/json; charset=utf-8';
      return { status: readiness.ready ? 200 : 503, type, body: JSON.stringify(readiness) };
    },
  ],
  ['/metrics', async ({ metrics }) => ({ status: 200, type: metrics.contentType, body: await metrics.expose() })],
]);
