// Several probe workers over one store in simulated time, a world of targets for them to check, and a node that follows
// their votes to verdicts, as the dns role does.

import { forgetSlots, NO_SIGHTINGS, noteVersions, type Sightings, seeSlots } from '../../../src/health/liveness.ts';
import { slotKey } from '../../../src/health/merge-slots.ts';
import type { Slot } from '../../../src/health/slot.ts';
import type { Target } from '../../../src/health/target.ts';
import { decideVerdicts, NO_VERDICTS, type VerdictState, type Verdicts } from '../../../src/health/verdict.ts';
import type { Observation } from '../../../src/health/vote.ts';
import type { Anchor } from '../../../src/model/anchor.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { Vantage } from '../../../src/model/vantage.ts';
import type { ProbeLogger } from '../../../src/probe/logger.ts';
import type { RunCheck } from '../../../src/probe/run-check.ts';
import { ProbeWorker } from '../../../src/probe/worker.ts';
import { type SimulatedTime, simulateTime } from '../../support/simulated-time.ts';
import { createSlotBoard, type SlotBoard } from './slot-board.ts';

export const HEARTBEAT_MS = 1000;

/** `unable`: for a reason of each target's own. */
export type Condition = 'healthy' | 'slow' | 'refusing' | 'silent' | 'forbidden' | 'unable';

export type SimulatedWorker = {
  readonly vantage: string;
  readonly worker: ProbeWorker;
  /** When it began to check which target, in order. */
  readonly checks: { readonly target: string; readonly atMs: number }[];
  /** What it told the log, in order. */
  readonly log: { readonly level: 'info' | 'warn'; readonly message: string; readonly fields: object }[];
  /** As SIGKILL: no timer fires any more, nothing is said. */
  kill(): void;
};

export type World = {
  readonly time: SimulatedTime;
  readonly board: SlotBoard;
  /** What checks find, by target id; what is not in it is healthy. */
  readonly conditions: Map<string, Condition>;
  /** What one vantage sees instead. */
  readonly illusions: Map<string, Condition>;
  addWorker(
    vantage: string,
    name: string,
    targets: readonly Target[],
    vantages: readonly Vantage[],
    anchors?: readonly Anchor[],
  ): SimulatedWorker;
  /** The node's verdict, as of the latest change. */
  verdictOf(target: string): VerdictState | undefined;
  /** Lets time pass until the node says so, at most `limitMs`; returns the milliseconds that it took. */
  passUntil(condition: () => boolean, limitMs: number): Promise<number>;
};

const LATENCY_MS = 5;
const SLOW_MS = 1500;

export function createWorld(targets: readonly Target[], vantages: readonly Vantage[]): World {
  const time = simulateTime(1_000_000);
  const board = createSlotBoard();
  const conditions = new Map<string, Condition>();
  const illusions = new Map<string, Condition>();
  const slots = new Map<string, Slot>();
  let sightings: Sightings = NO_SIGHTINGS;
  let verdicts: Verdicts = NO_VERDICTS;

  board.follow(({ advanced, removed }) => {
    for (const slot of advanced) slots.set(slotKey(slot), slot);
    for (const id of removed) slots.delete(slotKey(id));
    sightings = forgetSlots(noteVersions(sightings, advanced, time.nowMs()), removed);
    judge();
  });

  function judge(): void {
    const seen = seeSlots(slots.values(), sightings, time.nowMs(), HEARTBEAT_MS);
    verdicts = decideVerdicts({ targets, vantages, slots: seen, previous: verdicts, nowMs: time.nowMs() });
  }

  return {
    time,
    board,
    conditions,
    illusions,
    addWorker(vantage, name, ownTargets, ownVantages, anchors = []) {
      const checks: { readonly target: string; readonly atMs: number }[] = [];
      const log: SimulatedWorker['log'] = [];
      const logger: ProbeLogger = {
        info: (fields, message) => void log.push({ level: 'info', message, fields }),
        warn: (fields, message) => void log.push({ level: 'warn', message, fields }),
      };
      const life = mortalClock(time.clock);
      const runCheck: RunCheck = async (target) => {
        if (target.cluster !== '') checks.push({ target: target.id, atMs: time.nowMs() });
        const condition = illusions.get(vantage) ?? conditions.get(target.id) ?? 'healthy';
        return observeSimulated(life.clock, target, condition);
      };
      const options = { vantage, worker: name, heartbeatMs: HEARTBEAT_MS, concurrency: 64, anchors };
      const dependencies = { health: board, followSlots: board.follow, clock: life.clock, random: () => 0.5, runCheck };
      const worker = new ProbeWorker(options, { ...dependencies, logger });
      worker.setTargets(ownTargets, ownVantages);
      worker.start();
      return { vantage, worker, checks, log, kill: life.kill };
    },
    verdictOf(target) {
      judge();
      return verdicts.get(target)?.verdict;
    },
    async passUntil(condition, limitMs) {
      const startMs = time.nowMs();
      while (!condition() && time.nowMs() - startMs < limitMs) {
        await time.pass(10);
        judge();
      }
      return time.nowMs() - startMs;
    },
  };
}

async function observeSimulated(clock: Clock, target: Target, condition: Condition): Promise<Observation> {
  const durationMs = condition === 'silent' ? target.timing.timeoutMs : condition === 'slow' ? SLOW_MS : LATENCY_MS;
  await new Promise<void>((resolve) => clock.schedule(durationMs, resolve));
  // Event loops run the timers that are due before they read what has come: it matters after a pause.
  await new Promise<void>((resolve) => clock.schedule(0, resolve));
  switch (condition) {
    case 'healthy':
    case 'slow':
      return { ok: true, reason: 'connected', durationMs };
    case 'refusing':
      return { ok: false, reason: 'connection refused', durationMs };
    case 'silent':
      return { ok: false, reason: 'timed out while connecting', durationMs };
    case 'forbidden':
      return { ok: false, reason: 'not allowed', durationMs, inconclusive: true };
    case 'unable':
      return { ok: false, reason: `nothing to look at ${target.id} with`, durationMs, inconclusive: true };
  }
}

function mortalClock(clock: Clock): { readonly clock: Clock; kill(): void } {
  let isDead = false;
  return {
    clock: { ...clock, schedule: (delayMs, run) => clock.schedule(delayMs, () => isDead || run()) },
    kill() {
      isDead = true;
    },
  };
}
