// Starts the threads of a node. A thread takes as long to load its code as the rest of the process takes for its own: those that
// a start is going to need are begun before anything else is loaded (commands/run-roles.ts), and wait until they are taken.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

export type ThreadKind = 'answer' | 'compile';

/**
 * Of each kind: what its young objects may take, in megabytes. An answer thread allocates nothing per query: the 48 that V8 would
 * let it have would only fill up, in each of them. A compile thread has enough for a change of many records.
 */
const YOUNG_MEGABYTES: Readonly<Record<ThreadKind, number>> = { answer: 3, compile: 12 };

/** More than this are of no use to most, and each takes some memory; who knows better sets dns.threads. */
const MAX_CHOSEN_THREADS = 8;

/**
 * How many threads answer, where the setting says `asked`; 0 leaves one processor to everything else. One where the system
 * does not spread queries over those who share an address: of the systems that we run on, Linux alone does.
 */
export function countThreads(
  asked: number,
  processors = availableParallelism(),
  canShare = process.platform === 'linux',
): number {
  if (asked > 0) return asked;
  return canShare ? Math.max(1, Math.min(MAX_CHOSEN_THREADS, processors - 1)) : 1;
}

export class ThreadStarter {
  readonly #begun: Readonly<Record<ThreadKind, Set<Worker>>> = { answer: new Set(), compile: new Set() };

  /** Begins threads that are going to be taken. One that dies before that is nobody's: who takes one gets another. */
  begin(kind: ThreadKind, count: number): void {
    const begun = this.#begun[kind];
    for (let index = 0; index < count; index++) {
      const worker = startThread(kind);
      begun.add(worker);
      worker.on('error', () => begun.delete(worker));
      worker.once('exit', () => begun.delete(worker));
    }
  }

  /** The one that would be taken next. */
  begun(kind: ThreadKind): Worker | undefined {
    const [worker] = this.#begun[kind];
    return worker;
  }

  /** One that was begun, or begins now. It is for whoever takes it to end. */
  take(kind: ThreadKind): Worker {
    const worker = this.begun(kind);
    if (worker === undefined) return startThread(kind);
    this.#begun[kind].delete(worker);
    return worker;
  }
}

export function startThread(kind: ThreadKind): Worker {
  return new Worker(new URL(`./${kind}-thread.ts`, import.meta.url), {
    name: kind,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES[kind] },
  });
}
