// Healthy targets whose checks are lost at random, in simulated time: the real workers of several vantages over one store, and
// the real verdicts of a node that follows them. Whatever goes down is a false failover.

import { forgetSlots, NO_SIGHTINGS, noteVersions, type Sightings, seeSlots } from '../../../src/health/liveness.ts';
import { slotKey } from '../../../src/health/merge-slots.ts';
import type { Slot } from '../../../src/health/slot.ts';
import { describeTarget, planChecks, type Target } from '../../../src/health/target.ts';
import { decideVerdicts, NO_VERDICTS, type Verdict, type Verdicts } from '../../../src/health/verdict.ts';
import type { MonitorTiming } from '../../../src/model/monitor.ts';
import type { RunCheck } from '../../../src/probe/run-check.ts';
import { ProbeWorker } from '../../../src/probe/worker.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { cluster, endpoint } from '../../unit/health/fixtures.ts';
import { createSlotBoard } from '../../unit/probe/slot-board.ts';
import { seededRandom } from './seeded-random.ts';
import { VANTAGES } from './stage-document.ts';

export type LossyRun = {
  readonly seed: number;
  readonly timing: MonitorTiming;
  readonly targets: number;
  readonly lossShare: number;
  readonly hours: number;
  /** After every simulated minute: how many have passed. */
  readonly onMinute?: (minutes: number) => void;
};

export type LossyFigures = {
  readonly checks: number;
  readonly lost: number;
  /** Turns of one worker's vote to `suspect`, and to `down`. */
  readonly suspicions: number;
  readonly downVotes: number;
  /** Verdicts that turned to down: false failovers, with when and on whose word. */
  readonly falseDowns: readonly { readonly atMs: number; readonly target: string; readonly votes: string }[];
};

const HEARTBEAT_MS = 1000;
const LATENCY_MS = 5;
const CONCURRENCY = 256;
const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const SILENT_LOGGER = { info: () => undefined, warn: () => undefined };

export async function runLossyWorld(run: LossyRun): Promise<LossyFigures> {
  const vantages = VANTAGES.map((id) => ({ id }));
  const targets = createTargets(run.targets, run.timing);
  const time = simulateTime(1_000_000_000);
  const random = seededRandom(run.seed);
  const board = createSlotBoard();
  const slots = new Map<string, Slot>();
  const figures = {
    checks: 0,
    lost: 0,
    suspicions: 0,
    downVotes: 0,
    falseDowns: [] as LossyFigures['falseDowns'][number][],
  };
  let sightings: Sightings = NO_SIGHTINGS;
  let verdicts: Verdicts = NO_VERDICTS;

  board.follow(({ advanced, removed }) => {
    const turned = advanced.some((slot) => countTurns(slots.get(slotKey(slot)), slot, figures) > 0);
    for (const slot of advanced) slots.set(slotKey(slot), slot);
    for (const id of removed) slots.delete(slotKey(id));
    sightings = forgetSlots(noteVersions(sightings, advanced, time.nowMs()), removed);
    if (turned) judge();
  });

  const runCheck: RunCheck = async (target) => {
    figures.checks++;
    const isLost = random() < run.lossShare;
    if (isLost) figures.lost++;
    const durationMs = isLost ? target.timing.timeoutMs : LATENCY_MS;
    await new Promise<void>((resolve) => time.clock.schedule(durationMs, resolve));
    return isLost ? { ok: false, reason: 'timed out', durationMs } : { ok: true, reason: 'status 200', durationMs };
  };
  const workers = vantages.map(({ id }) => {
    const worker = new ProbeWorker(
      { vantage: id, worker: 'a', heartbeatMs: HEARTBEAT_MS, concurrency: CONCURRENCY },
      { health: board, followSlots: board.follow, clock: time.clock, random, logger: SILENT_LOGGER, runCheck },
    );
    worker.setTargets(targets, vantages);
    worker.start();
    return worker;
  });
  for (let minute = 1; minute <= run.hours * HOUR_MINUTES; minute++) {
    await time.pass(MINUTE_MS);
    board.deltas.length = 0;
    run.onMinute?.(minute);
  }
  await Promise.all(workers.map((worker) => worker.stop()));
  return figures;

  function judge(): void {
    const seen = seeSlots(slots.values(), sightings, time.nowMs(), HEARTBEAT_MS);
    const next = decideVerdicts({ targets, vantages, slots: seen, previous: verdicts, nowMs: time.nowMs() });
    for (const [id, verdict] of next) {
      if (verdict.verdict !== 'down' || verdicts.get(id)?.verdict === 'down') continue;
      figures.falseDowns.push({ atMs: time.nowMs(), target: id, votes: describeVotes(verdict) });
    }
    verdicts = next;
  }
}

function createTargets(count: number, timing: MonitorTiming): readonly Target[] {
  const plan = planChecks({ ...timing, check: { type: 'tcp', port: 80 } });
  return Array.from({ length: count }, (_, index) =>
    describeTarget(cluster(`c${index}`, []), endpoint('a', `192.0.2.${index % 256}`), plan),
  );
}

/** How many votes are not what they were, with those that matter counted. */
function countTurns(before: Slot | undefined, after: Slot, figures: { suspicions: number; downVotes: number }): number {
  if (before?.votes === after.votes) return 0;
  const known = new Map(before?.votes.map(({ target, vote }) => [target, vote]));
  let turns = 0;
  for (const { target, vote } of after.votes) {
    if (known.get(target) === vote) continue;
    turns++;
    if (vote === 'suspect') figures.suspicions++;
    if (vote === 'down') figures.downVotes++;
  }
  return turns;
}

function describeVotes({ votes }: Verdict): string {
  return votes.map(({ vantage, vote }) => `${vantage} ${vote}`).join(', ');
}
