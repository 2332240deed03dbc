// Starts checks when they are due, at most so many at a time. Those that must wait stand in the order in which they fell
// due, each at most once: the queue is fair and never longer than the number of targets. What is patient has a queue of its
// own and half of the places: targets that are down and silent take a place for their whole timeout each, and many of them
// would keep everything else from being looked at.

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

/**
 * @param run must not reject; when it settles it has planned the next check, if there is to be one
 * @param isPatient asked when a check falls due
 */
export function createCheckPool(
  options: CheckPoolOptions,
  clock: Clock,
  run: (id: string) => Promise<void>,
  isPatient: (id: string) => boolean = () => false,
): CheckPool {
  const due = createDueQueue();
  const waiting = new Set<string>();
  const patient = new Set<string>();
  const patientLimit = Math.floor(options.concurrency / 2);
  let patientCount = 0;
  /** How many checks of each are running. */
  const running = new Map<string, number>();
  let runningCount = 0;
  let timer: { readonly at: number; readonly timer: Timer } | undefined;
  let isClosed = false;

  return {
    plan(id, dueMs) {
      waiting.delete(id);
      patient.delete(id);
      due.set(id, dueMs);
      arm();
    },
    hasten(id, dueMs) {
      if (running.has(id) || waiting.has(id) || patient.has(id)) return;
      const before = due.dueOf(id);
      if (before === undefined || before <= dueMs) return;
      due.set(id, dueMs);
      arm();
    },
    drop(id) {
      due.remove(id);
      waiting.delete(id);
      patient.delete(id);
    },
    isRunning: (id) => running.has(id),
    runningCount: () => runningCount,
    waitingCount: () => waiting.size + patient.size,
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
    for (let id = due.takeDue(nowMs); id !== undefined; id = due.takeDue(nowMs)) {
      const queue = patientLimit > 0 && isPatient(id) ? patient : waiting;
      queue.add(id);
    }
    startWaiting();
    arm();
  }

  function startWaiting(): void {
    while (!isClosed && runningCount < options.concurrency) {
      const queue = patient.size > 0 && patientCount < patientLimit ? patient : waiting;
      const [id] = queue;
      if (id === undefined) return;
      queue.delete(id);
      start(id, queue === patient ? 1 : 0);
    }
  }

  function start(id: string, patientPlaces: 0 | 1): void {
    patientCount += patientPlaces;
    countRunning(id, 1);
    void run(id).finally(() => {
      patientCount -= patientPlaces;
      countRunning(id, -1);
      startWaiting();
    });
  }

  function countRunning(id: string, change: 1 | -1): void {
    runningCount += change;
    const count = (running.get(id) ?? 0) + change;
    if (count > 0) running.set(id, count);
    else running.delete(id);
  }
}
