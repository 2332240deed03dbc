// A round of trials: many backends that fail at random moments, one after the other, and every name watched at every node.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Asker, type AskerCounts, startAsker } from './asker.ts';
import { behaviourBefore, type Fault, SLOW_BEYOND_TIMEOUT_MS } from './behaviours.ts';
import { type LoadFigures, startMachineLoad } from './machine-load.ts';
import { machineMs } from './machine-time.ts';
import type { Stage } from './stage.ts';
import { nameOf, type StageDocument, type Timing } from './stage-document.ts';
import { createWatch, isQuiet, noteAnswer, type Watch } from './watch.ts';

export type TrialRound = {
  /** Of names and clusters: never the same twice on one stage. */
  readonly round: number;
  readonly timing: Timing & { readonly intervalMs: number; readonly timeoutMs: number };
  /** What befalls which backend, in the order in which it does. */
  readonly faults: readonly Fault[];
  /** From one fault to the next, on average. */
  readonly spacingMs: number;
  /** Between two questions for a name whose backend has just failed. */
  readonly closeMs: number;
};

export type TrialResult = { readonly fault: Fault; readonly watch: Watch };

export type RoundResult = {
  readonly trials: readonly TrialResult[];
  readonly counts: AskerCounts;
  readonly load: LoadFigures;
};

/** Between two questions for a name that nothing is expected of: false failovers, and returns to the dead, are seen by it. */
const FAR_MS = 250;
const OVER_CHECK_MS = 20;
/** A name that is still answered wrongly after so long, intervals apart, never turns. */
const LIMIT_INTERVALS = 10;

export async function runRound(stage: Stage, options: TrialRound): Promise<RoundResult> {
  const { round, timing, faults, closeMs } = options;
  await prepare(stage, options);
  const watches = faults.map(() => createWatch(stage.nodes.length));
  const asker = await startAsker({
    nodes: stage.nodes.map(({ server }) => server),
    names: faults.map((_, place) => nameOf(round, place)),
    closeMs,
    farMs: FAR_MS,
    onAnswer: (place, node, isRight, atMs) => {
      const watch = watches[place];
      if (watch !== undefined) noteAnswer(watch, node, isRight, atMs);
    },
  });
  // Every vantage has found its own moment to check by then.
  await sleep(1.5 * timing.intervalMs);
  const endLoad = await startMachineLoad([
    ...stage.roles,
    { name: 'redis', pid: stage.redis.pid ?? 0 },
    { name: 'backends', pid: stage.backends.pid },
    { name: 'bench', pid: process.pid },
  ]);
  const closing = setInterval(() => endTrials(watches, asker), OVER_CHECK_MS);
  await failAll(stage, options, watches, asker);
  const deadline = machineMs() + LIMIT_INTERVALS * timing.intervalMs;
  while (asker.close.size > 0 && machineMs() < deadline) await sleep(OVER_CHECK_MS);
  clearInterval(closing);
  const load = await endLoad();
  const counts = await asker.stop();
  return { trials: faults.map((fault, place) => ({ fault, watch: watches[place] ?? createWatch(0) })), counts, load };
}

async function prepare(stage: Stage, { round, timing, faults }: TrialRound): Promise<void> {
  const { backends } = stage;
  await Promise.all(faults.map((fault, place) => backends.set(place, behaviourBefore(fault))));
  const places = faults.map((fault, place): StageDocument['places'][number] => ({
    port: backends.ports[place] ?? 0,
    monitor: fault === 'agent-down' ? 'agent' : 'http',
  }));
  const { intervalMs: _interval, timeoutMs: _timeout, ...document } = timing;
  await stage.configure({ round, timing: document, places });
}

/** Moments are uniform over the round, so that they meet every phase of the checks alike. */
async function failAll(
  { backends }: Stage,
  { timing, faults, spacingMs }: TrialRound,
  watches: readonly Watch[],
  asker: Asker,
): Promise<void> {
  const beganMs = machineMs();
  const moments = faults.map(() => Math.random() * faults.length * spacingMs).toSorted((a, b) => a - b);
  for (const [place, fault] of faults.entries()) {
    await sleep(Math.max(0, beganMs + (moments[place] ?? 0) - machineMs()));
    asker.close.add(place);
    const slowMs = timing.timeoutMs + SLOW_BEYOND_TIMEOUT_MS;
    void backends.set(place, fault, slowMs).then((atMs) => {
      const watch = watches[place];
      if (watch !== undefined) watch.faultAtMs = atMs;
    });
  }
  // The last one's moment is known by then.
  await sleep(OVER_CHECK_MS);
}

function endTrials(watches: readonly Watch[], { close }: Asker): void {
  for (const place of close) {
    const watch = watches[place];
    if (watch === undefined || watch.faultAtMs === undefined || !isQuiet(watch, machineMs())) continue;
    watch.isOver = true;
    close.delete(place);
  }
}
