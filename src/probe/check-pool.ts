// Starts checks when they are due, at most so many at a time. Those that must wait stand in the order in which they fell due,
// each at most once: the queues are fair and never longer than the number of targets. There are three, for a target that keeps
// silent has its place for the whole timeout, and very many of them would keep all others from being looked at:
//
//   prompt   its last check was answered, if only by a refusal, or there was none      first, in all places
//   silent   its last check was not answered, and it may soon be voted down            then, in all places
//   down     voted down already                                                        last, in half of the places
//
// So whatever is quick goes first, and when thousands fall silent at once each is looked at once before any is looked at again.
// An eighth of the places is kept for each of the lower two, or they would wait for ever where there is too much to do.

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
  /** Whether a further check would take a place that nothing else waits for, what is down apart. */
  hasRoom(): boolean;
  runningCount(): number;
  /** Checks that are due but wait for others to finish. */
  waitingCount(): number;
  /** Starts nothing any more. */
  close(): void;
};

export type CheckPoolOptions = { readonly concurrency: number };

export type Urgency = 'prompt' | 'silent' | 'down';

/** Of the places: what is kept for each lower queue, and what is down has at most. With fewer than eight there is one queue. */
const KEPT_SHARE = 1 / 8;
const DOWN_SHARE = 1 / 2;

/** So many begin in one turn of the event loop, so that answers to those before are read in between. */
export const STARTS_PER_TURN = 64;

/**
 * @param run must not reject; when it settles it has planned the next check, if there is to be one
 * @param findUrgency asked when a check falls due
 */
export function createCheckPool(
  options: CheckPoolOptions,
  clock: Clock,
  run: (id: string) => Promise<void>,
  findUrgency: (id: string) => Urgency = () => 'prompt',
): CheckPool {
  const due = createDueQueue();
  const waiting: Readonly<Record<Urgency, Set<string>>> = { prompt: new Set(), silent: new Set(), down: new Set() };
  const places: Record<Urgency, number> = { prompt: 0, silent: 0, down: 0 };
  const kept = Math.floor(options.concurrency * KEPT_SHARE);
  const downLimit = Math.floor(options.concurrency * DOWN_SHARE);
  /** How many checks of each are running. */
  const running = new Map<string, number>();
  let runningCount = 0;
  let nextTurn: Timer | undefined;
  let timer: { readonly at: number; readonly timer: Timer } | undefined;
  let isClosed = false;

  return {
    plan(id, dueMs) {
      leaveQueues(id);
      due.set(id, dueMs);
      arm();
    },
    hasten(id, dueMs) {
      if (running.has(id) || waiting.prompt.has(id) || waiting.silent.has(id) || waiting.down.has(id)) return;
      const before = due.dueOf(id);
      if (before === undefined || before <= dueMs) return;
      due.set(id, dueMs);
      arm();
    },
    drop(id) {
      due.remove(id);
      leaveQueues(id);
    },
    isRunning: (id) => running.has(id),
    hasRoom: () => runningCount < options.concurrency && waiting.prompt.size === 0 && waiting.silent.size === 0,
    runningCount: () => runningCount,
    waitingCount: () => waiting.prompt.size + waiting.silent.size + waiting.down.size,
    close() {
      isClosed = true;
      timer?.timer.cancel();
      nextTurn?.cancel();
    },
  };

  function leaveQueues(id: string): void {
    waiting.prompt.delete(id);
    waiting.silent.delete(id);
    waiting.down.delete(id);
  }

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
      waiting[kept > 0 ? findUrgency(id) : 'prompt'].add(id);
    }
    startWaiting();
    arm();
  }

  function startWaiting(): void {
    if (nextTurn !== undefined) return;
    for (let starts = 0; !isClosed && runningCount < options.concurrency; starts++) {
      const urgency = chooseQueue();
      if (urgency === undefined) return;
      if (starts === STARTS_PER_TURN) {
        nextTurn = clock.schedule(0, () => {
          nextTurn = undefined;
          startWaiting();
        });
        return;
      }
      const [id] = waiting[urgency];
      if (id === undefined) return;
      waiting[urgency].delete(id);
      start(id, urgency);
    }
  }

  function chooseQueue(): Urgency | undefined {
    const { prompt, silent, down } = waiting;
    if (down.size > 0 && places.down < kept) return 'down';
    if (silent.size > 0 && places.silent < kept) return 'silent';
    if (prompt.size > 0) return 'prompt';
    if (silent.size > 0) return 'silent';
    return down.size > 0 && places.down < downLimit ? 'down' : undefined;
  }

  function start(id: string, urgency: Urgency): void {
    places[urgency]++;
    countRunning(id, 1);
    void run(id).finally(() => {
      places[urgency]--;
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
