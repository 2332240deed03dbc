// Starts checks when they are due, at most so many at a time. Those that must wait stand in the order in which they fell
// due, each at most once: the queue is fair and never longer than the number of targets.

import type { Clock, Timer } from '../model/clock.ts';
import { createDueQueue } from './due-queue.ts';

export type CheckPool = {
  /** Checks `id` at `dueMs` (monotonic), instead of whenever it was due before; a running check goes on beside it. */
  plan(id: string, dueMs: number): void;
  /** As `plan`, unless the check is due sooner anyway. Nothing while it runs: what it will see is as fresh. */
  hasten(id: string, dueMs: number): void;
  /** No further check of `id`; a running one goes on. */
  drop(id: string): void;
  isRunning(id: string): boolean;
  runningCount(): number;
  /** Checks that are due but wait for others to finish. */
  waitingCount(): number;
  /** Starts nothing any more. */
  close(): void;
};

export type CheckPoolOptions = { readonly concurrency: number };

/** `run` must not reject; when it settles it has planned the next check, if there is to be one. */
export function createCheckPool(
  options: CheckPoolOptions,
  clock: Clock,
  run: (id: string) => Promise<void>,
): CheckPool {
  const due = createDueQueue();
  const waiting = new Set<string>();
  /** How many checks of each are running. */
  const running = new Map<string, number>();
  let runningCount = 0;
  let timer: { readonly at: number; readonly timer: Timer } | undefined;
  let isClosed = false;

  return {
    plan(id, dueMs) {
      waiting.delete(id);
      due.set(id, dueMs);
      arm();
    },
    hasten(id, dueMs) {
      if (running.has(id) || waiting.has(id)) return;
      const before = due.dueOf(id);
      if (before === undefined || before <= dueMs) return;
      due.set(id, dueMs);
      arm();
    },
    drop(id) {
      due.remove(id);
      waiting.delete(id);
    },
    isRunning: (id) => running.has(id),
    runningCount: () => runningCount,
    waitingCount: () => waiting.size,
    close() {
      isClosed = true;
      timer?.timer.cancel();
    },
  };

  /** One timer, for whatever is due next. */
  function arm(): void {
    const at = due.nextDueMs();
    if (isClosed || at === undefined || (timer !== undefined && timer.at <= at)) return;
    timer?.timer.cancel();
    timer = { at, timer: clock.schedule(at - clock.monotonicMs(), wake) };
  }

  function wake(): void {
    timer = undefined;
    const nowMs = clock.monotonicMs();
    for (let id = due.takeDue(nowMs); id !== undefined; id = due.takeDue(nowMs)) waiting.add(id);
    startWaiting();
    arm();
  }

  function startWaiting(): void {
    for (const id of waiting) {
      if (isClosed || runningCount >= options.concurrency) return;
      waiting.delete(id);
      countRunning(id, 1);
      void run(id).finally(() => {
        countRunning(id, -1);
        startWaiting();
      });
    }
  }

  function countRunning(id: string, change: 1 | -1): void {
    runningCount += change;
    const count = (running.get(id) ?? 0) + change;
    if (count > 0) running.set(id, count);
    else running.delete(id);
  }
}
