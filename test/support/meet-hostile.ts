// Checks of a server that means harm, several at a time, by a process that does nothing else: what they cost, and what of them
// is left when they are over.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Check } from '../../src/model/monitor.ts';
import { createRunCheck } from '../../src/probe/run-check.ts';
import { LOOPBACK, targetOf } from './checked-servers.ts';

export type Meeting = {
  readonly succeeded: number;
  readonly reasons: readonly string[];
  readonly longestMs: number;
  /** Sockets and connections under way that are still there a moment later. */
  readonly socketsLeft: number;
  /** Most resident memory during the checks, less that before. */
  readonly growthBytes: number;
  readonly cpuMs: number;
};

export type MeetingOptions = { readonly checks: number; readonly timeoutMs: number };

type Request = { readonly check: Check; readonly options: MeetingOptions };

/** Owns the process. One meeting at a time. */
export class MeetingPlace {
  readonly #child = fork(fileURLToPath(import.meta.url));

  async meet(check: Check, options: MeetingOptions): Promise<Meeting> {
    const answer = once(this.#child, 'message');
    const request: Request = { check, options };
    this.#child.send(request);
    const [meeting]: Meeting[] = await answer;
    if (meeting === undefined) throw new Error('the process of the checks says nothing');
    return meeting;
  }

  close(): void {
    this.#child.disconnect();
  }
}

/** A moment in which what is closed is gone. */
const SETTLE_MS = 150;

async function meet(check: Check, { checks, timeoutMs }: MeetingOptions): Promise<Meeting> {
  const run = createRunCheck({ allowNetworks: LOOPBACK });
  const target = targetOf(check, '127.0.0.1', timeoutMs);
  const { signal } = new AbortController();
  // What is loaded and compiled at the first check is not its cost.
  await run({ ...target, port: 1 }, signal);
  const before = { rss: process.memoryUsage.rss(), cpu: process.cpuUsage() };
  let most = before.rss;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 10);
  const observed = await Promise.all(Array.from({ length: checks }, () => run(target, signal)));
  clearInterval(watching);
  most = Math.max(most, process.memoryUsage.rss());
  const { user, system } = process.cpuUsage(before.cpu);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    succeeded: observed.filter(({ ok }) => ok).length,
    reasons: [...new Set(observed.map(({ reason }) => reason))],
    longestMs: Math.round(Math.max(...observed.map(({ durationMs }) => durationMs))),
    socketsLeft: process.getActiveResourcesInfo().filter((name) => /TCP|TLS|HTTP|Timeout/i.test(name)).length,
    growthBytes: most - before.rss,
    cpuMs: Math.round((user + system) / 1000),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.on('message', ({ check, options }: Request) => {
    void meet(check, options).then((meeting) => process.send?.(meeting));
  });
}
