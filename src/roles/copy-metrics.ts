// What the api role exposes of copies of zones that have primaries. Names and meanings: docs/metrics.md.

import type { Metrics } from '../telemetry/create-metrics.ts';
import { COPY_OUTCOMES, type CopyKeeper } from './copy-keeper.ts';

export function addCopyMetrics(
  metrics: Metrics,
  keeper: Pick<CopyKeeper, 'counts' | 'states'>,
  nowMs: () => number,
): void {
  metrics.addCounter({
    name: 'azimuth_copy_fetches_total',
    help: 'Questions to primaries about their zones, by what came of them.',
    labels: ['outcome'],
    collect: (set) => {
      for (const outcome of COPY_OUTCOMES) set(keeper.counts[outcome], { outcome });
    },
  });
  metrics.addGauge({
    name: 'azimuth_copy_age_seconds',
    help: 'For how long no primary has said that the copy of a zone is up to date; absent while there is none.',
    labels: ['zone'],
    collect: (set) => {
      for (const { zone, checkedAtMs } of keeper.states()) {
        if (checkedAtMs !== undefined) set(Math.max(0, nowMs() - checkedAtMs) / 1000, { zone });
      }
    },
  });
  metrics.addGauge({
    name: 'azimuth_copy_usable',
    help: '1 while a zone that has primaries is served, 0 while its copy is missing or has expired.',
    labels: ['zone'],
    collect: (set) => {
      for (const { zone, copy } of keeper.states()) set(copy !== undefined && copy.expired !== true ? 1 : 0, { zone });
    },
  });
}
