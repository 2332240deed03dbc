// One thread of `npm run fuzz`: takes stretches of turns, and tells what came of them. Where it is stands in shared memory, so that
// a message on which it hangs can be named from outside.

import { parentPort, workerData } from 'node:worker_threads';
import { createAnswerTargets } from './answer-targets.ts';
import { createPacket } from './mutators.ts';
import { createReaderTargets } from './reader-targets.ts';
import { dealTurns, fillPacket, SHARES, type Target } from './target.ts';

export type Stretch = { readonly from: number; readonly count: number };
export type Fault = { readonly turn: number; readonly target: string; readonly hex: string; readonly message: string };
export type Slowest = { readonly microseconds: number; readonly turn: number; readonly target: string };
export type Result = {
  readonly count: number;
  /** By target and outcome, as `target: outcome`. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly Fault[];
  readonly slowest: Slowest;
};

export type WorkerSettings = { readonly seed: number; readonly turn: Float64Array<SharedArrayBuffer> };

/** Whoever finds more in one stretch need not tell all of it. */
const MAX_FAULTS = 10;
/** What looked slow is done again: the least of several is what the message takes, the rest is the machine. */
const REPEATS = 5;

export function createRun(
  targets: readonly Target[] = dealTargets(),
): (seed: number, stretch: Stretch, onTurn?: (turn: number) => void) => Result {
  const packet = createPacket();
  return (seed, { from, count }, onTurn) => {
    const outcomes: Record<string, number> = {};
    const faults: Fault[] = [];
    let slowest: Slowest = { microseconds: 0, turn: from, target: '' };
    for (let turn = from; turn < from + count; turn++) {
      const target = targets[turn % SHARES];
      if (target === undefined) continue;
      onTurn?.(turn);
      fillPacket(packet, target, seed, turn);
      const bytes = packet.bytes.subarray(0, packet.length);
      const began = performance.now();
      const outcome = runOne(target, bytes, turn, faults);
      if ((performance.now() - began) * 1000 > slowest.microseconds) {
        const microseconds = timeAgain(target, bytes, turn);
        if (microseconds > slowest.microseconds) slowest = { microseconds, turn, target: target.name };
      }
      const key = `${target.name}: ${outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
    }
    return { count, outcomes, faults, slowest };
  };
}

/** By turn: see SHARES. */
export function dealTargets(): readonly Target[] {
  return dealTurns([...createAnswerTargets(), ...createReaderTargets()]);
}

function runOne(target: Target, bytes: Uint8Array, turn: number, faults: Fault[]): string {
  try {
    return target.run(bytes, turn);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const hex = Buffer.from(bytes).toString('hex');
    if (faults.length < MAX_FAULTS) faults.push({ turn, target: target.name, hex, message });
    return 'FAULT';
  }
}

function timeAgain(target: Target, bytes: Uint8Array, turn: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const began = performance.now();
    runOne(target, bytes, turn, []);
    least = Math.min(least, (performance.now() - began) * 1000);
  }
  return least;
}

if (parentPort !== null) {
  const port = parentPort;
  const { seed, turn: shown }: WorkerSettings = workerData;
  const run = createRun();
  port.on('message', (stretch: Stretch) => {
    const result = run(seed, stretch, (turn) => {
      shown[0] = turn;
    });
    shown[0] = -1;
    port.postMessage(result);
  });
  port.postMessage(undefined);
}
