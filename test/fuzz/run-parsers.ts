// The part of `npm run fuzz` without sockets: threads share out the turns, and what they found is put together.

import { Worker } from 'node:worker_threads';
import type { Fault, Result, Slowest, Stretch, WorkerSettings } from './fuzz-worker.ts';
import type { Progress } from './progress.ts';

export type ParserReport = {
  readonly messages: number;
  readonly seconds: number;
  readonly threads: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly Fault[];
  readonly slowest: Slowest;
  /** Of the whole process: once every thread is warm, at the end, and the most that was seen. */
  readonly rssBytes: { readonly start: number; readonly end: number; readonly most: number };
};

const STRETCH = 20_000;
/** A stretch takes a second or two. */
const HANG_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 5000;
const MAX_FAULTS = 100;

/** @param from the first turn. Rejects when a message hangs, or a thread ends. */
export async function runParsers(
  { seed, from, count, threads }: { seed: number; from: number; count: number; threads: number },
  progress: Progress,
): Promise<ParserReport> {
  const began = performance.now();
  const outcomes: Record<string, number> = {};
  const faults: Fault[] = [];
  let slowest: Slowest = { microseconds: 0, turn: from, target: '' };
  let done = 0;
  let next = from;
  const rss = { start: 0, end: 0, most: 0 };

  const add = (result: Result): void => {
    done += result.count;
    for (const [key, value] of Object.entries(result.outcomes)) outcomes[key] = (outcomes[key] ?? 0) + value;
    for (const fault of result.faults) {
      progress.fault(`seed ${seed}, turn ${fault.turn}, ${fault.target}: ${fault.message}`, fault.turn, fault.hex);
      if (faults.length < MAX_FAULTS) faults.push(fault);
    }
    if (result.slowest.microseconds > slowest.microseconds) slowest = result.slowest;
    const now = process.memoryUsage.rss();
    if (rss.start === 0 && done >= 2 * threads * STRETCH) rss.start = now;
    rss.most = Math.max(rss.most, now);
    progress.tell(done, count);
  };
  const take = (): Stretch | undefined => {
    if (next >= from + count) return undefined;
    const stretch = { from: next, count: Math.min(STRETCH, from + count - next) };
    next += stretch.count;
    return stretch;
  };
  await Promise.all(Array.from({ length: threads }, () => runThread(seed, take, add)));
  rss.end = process.memoryUsage.rss();
  return {
    messages: done,
    seconds: (performance.now() - began) / 1000,
    threads,
    outcomes,
    faults,
    slowest,
    rssBytes: rss,
  };
}

function runThread(seed: number, take: () => Stretch | undefined, add: (result: Result) => void): Promise<void> {
  const turn = new Float64Array(new SharedArrayBuffer(8));
  const settings: WorkerSettings = { seed, turn };
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), { workerData: settings });
  return new Promise<void>((resolve, reject) => {
    let heardAtMs = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - heardAtMs < HANG_LIMIT_MS) return;
      reject(new Error(`seed ${seed}, turn ${turn[0]}: it does not come to an end`));
      void worker.terminate();
    }, LOOK_EVERY_MS);
    worker.on('message', (result: Result | undefined) => {
      heardAtMs = performance.now();
      if (result !== undefined) add(result);
      const stretch = take();
      if (stretch === undefined) void worker.terminate();
      else worker.postMessage(stretch);
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      clearInterval(watch);
      resolve();
    });
  });
}
