// Runs the load generator (load.c) against a port of this machine.

import type { Processes } from '../../support/processes.ts';
import { pinLoad } from '../pin.ts';
import { buildLoad } from './build-load.ts';

export type Pace =
  /** So many queries are always under way: as fast as the server can. */
  | { readonly kind: 'peak'; readonly outstanding: number }
  /** A query at fixed intervals, whatever the server does. `asleep`: leaves the processor alone between them. */
  | { readonly kind: 'rate' | 'rate-asleep'; readonly perSecond: number };

export type LoadPlan = {
  readonly protocol: 'udp' | 'tcp';
  readonly port: number;
  /** Messages, each behind its length in two bytes. */
  readonly file: string;
  readonly seconds: number;
  readonly pace: Pace;
  /** What a right answer is like. */
  readonly expected: { readonly rcode: number; readonly answers: number };
  /** On a processor of its own; default true. */
  readonly isPinned?: boolean;
};

/** In µs. */
export type Latency = {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
};

export type LoadFigures = {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  /** Answers with another RCODE than expected, too few records, or cut short. */
  readonly wrong: number;
  readonly seconds: number;
  /** From when a query should have been sent, at a fixed rate; from when it was, otherwise. */
  readonly latencyUs: Latency;
  /** Part of it that is the load generator's own: from when a query should have been sent to when it was. 0 without a rate. */
  readonly latenessUs: Latency;
};

export type RunningLoad = {
  readonly pid: number;
  readonly figures: Promise<LoadFigures>;
  /** Ends it now, with the figures so far. */
  stop(): void;
};

/** The load generator waits this long for the last answers. */
const DRAIN_MS = 1000;
const GRACE_MS = 5000;

export async function startLoad(processes: Processes, plan: LoadPlan): Promise<RunningLoad> {
  const { protocol, port, file, seconds, pace, expected, isPinned = true } = plan;
  const amount = pace.kind === 'peak' ? pace.outstanding : pace.perSecond;
  const args = [protocol, port, file, seconds, pace.kind, Math.round(amount), expected.rcode, expected.answers];
  const running = processes.run(await buildLoad(), args.map(String), {
    name: 'load',
    prefix: isPinned ? pinLoad() : [],
  });
  const figures = running.waitFor(/\{.*\}/, seconds * 1000 + DRAIN_MS + GRACE_MS).then(([line]) => {
    const parsed: LoadFigures = JSON.parse(line);
    return parsed;
  });
  return { pid: running.pid, figures, stop: () => running.signal('SIGTERM') };
}

export async function runLoad(processes: Processes, plan: LoadPlan): Promise<LoadFigures> {
  return (await startLoad(processes, plan)).figures;
}
