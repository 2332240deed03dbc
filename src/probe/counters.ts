// What the worker counts, for /metrics and status. Plain numbers that only grow, read by whoever exposes them.

import type { Observation } from '../health/vote.ts';
import type { Check } from '../model/monitor.ts';

export type CheckCounters = {
  succeeded: number;
  failed: number;
  /** Not allowed, or not able, to look. */
  inconclusive: number;
  /** Failures that were not believed, since the event loop was held up. */
  heldUp: number;
  /** Failures that were not believed, since the worker's anchors failed too. */
  cutOff: number;
  /** Time from the start to the end of all checks together. */
  durationMs: number;
};

export type ProbeCounters = {
  readonly checks: Readonly<Record<Check['type'], CheckCounters>>;
  /** Checks brought forward because another vantage saw something else. */
  rechecks: number;
  /** Checks that were not answered in the time that their target usually takes: suspicions before any failure. */
  late: number;
  /** Votes that turned, suspicions included. */
  turns: number;
  slotsStored: number;
  /** Writes that failed, or ran out of time: dropped, never queued. */
  slotsDropped: number;
  /** Writes that the store refused, since a newer epoch of this worker was there. */
  slotsRefused: number;
  epochsAllocated: number;
  epochsFailed: number;
};

export function createProbeCounters(): ProbeCounters {
  const none = (): CheckCounters => ({ succeeded: 0, failed: 0, inconclusive: 0, heldUp: 0, cutOff: 0, durationMs: 0 });
  return {
    checks: {
      http: none(),
      https: none(),
      tcp: none(),
      tls: none(),
      dns: none(),
      grpc: none(),
      icmp: none(),
      agent: none(),
    },
    rechecks: 0,
    late: 0,
    turns: 0,
    slotsStored: 0,
    slotsDropped: 0,
    slotsRefused: 0,
    epochsAllocated: 0,
    epochsFailed: 0,
  };
}

/** Of one that was believed. */
export function countObservation(counters: CheckCounters, { ok, inconclusive, durationMs }: Observation): void {
  counters.durationMs += durationMs;
  if (ok) counters.succeeded++;
  else if (inconclusive === true) counters.inconclusive++;
  else counters.failed++;
}
