// What is checked, and what could be seen of it from where: each target is in a condition, each vantage's path to it is open
// or cut, and one vantage may lie. Of every vantage and target it is remembered when a check that was well carried out last
// could have found it good, and when bad: that is all that the oracle of verdicts goes by.

import type { Target } from '../../src/health/target.ts';
import type { Observation } from '../../src/health/vote.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';

/** `slow` answers, yet late; `refusing` says so at once; `silent` says nothing. */
export type Condition = 'up' | 'slow' | 'refusing' | 'silent';

/** What one vantage could see of one endpoint. */
type View = { isGood: boolean; changedAtMs: number; changes: number };

export class Targets {
  /** The vantage that turns every result round, if any. */
  liar: string | undefined;
  readonly #queue: EventQueue;
  readonly #random: Random;
  /** By endpoint, `cluster/endpoint`. */
  readonly #conditions = new Map<string, Condition>();
  /** `vantage endpoint`. */
  readonly #cuts = new Set<string>();
  readonly #views = new Map<string, View>();

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  setCondition(endpoint: string, condition: Condition, vantages: readonly string[]): void {
    this.#conditions.set(endpoint, condition);
    for (const vantage of vantages) this.#noteView(vantage, endpoint);
  }

  setCut(vantage: string, endpoint: string, isCut: boolean): void {
    if (isCut) this.#cuts.add(`${vantage} ${endpoint}`);
    else this.#cuts.delete(`${vantage} ${endpoint}`);
    this.#noteView(vantage, endpoint);
  }

  isGood(vantage: string, endpoint: string): boolean {
    return isGood(this.#see(vantage, endpoint));
  }

  /** When it last could be seen so from there: now, if it can. */
  lastSeenMs(vantage: string, endpoint: string, good: boolean): number {
    const view = this.#viewOf(vantage, endpoint);
    if (view.isGood === good) return this.#queue.nowMs;
    return view.changes === 0 ? Number.NEGATIVE_INFINITY : view.changedAtMs;
  }

  /** How often what could be seen of it changed, from all vantages together. */
  changesOf(endpoint: string, vantages: readonly string[]): number {
    return vantages.reduce((sum, vantage) => sum + this.#viewOf(vantage, endpoint).changes, 0);
  }

  /** One check, by one life of a worker. */
  check(process: SimulatedProcess, vantage: string, target: Target): Promise<Observation> {
    const seen = this.#see(vantage, endpointOf(target));
    const { timeoutMs } = target.timing;
    const startedAtMs = this.#queue.nowMs;
    return new Promise((resolve) => {
      const settle = (ok: boolean, reason: string) => {
        timeout.cancel();
        const durationMs = this.#queue.nowMs - startedAtMs;
        const isTurned = this.liar === vantage;
        resolve({ ok: ok !== isTurned, reason: isTurned ? 'a lie' : reason, durationMs });
      };
      const timeout = process.clock.schedule(timeoutMs, () => settle(false, 'timed out while connecting'));
      if (seen === 'silent') return;
      const latencyMs = seen === 'slow' ? timeoutMs * this.#random.between(0.5, 0.8) : this.#random.between(1, 20);
      process.receive(startedAtMs + latencyMs, () => {
        if (isGood(seen)) settle(true, 'connected');
        else settle(false, 'connection refused');
      });
    });
  }

  #see(vantage: string, endpoint: string): Condition {
    return this.#cuts.has(`${vantage} ${endpoint}`) ? 'silent' : (this.#conditions.get(endpoint) ?? 'up');
  }

  #noteView(vantage: string, endpoint: string): void {
    const view = this.#viewOf(vantage, endpoint);
    const good = this.isGood(vantage, endpoint);
    if (view.isGood === good) return;
    view.isGood = good;
    view.changedAtMs = this.#queue.nowMs;
    view.changes++;
  }

  #viewOf(vantage: string, endpoint: string): View {
    const key = `${vantage} ${endpoint}`;
    let view = this.#views.get(key);
    if (view === undefined) {
      view = { isGood: true, changedAtMs: 0, changes: 0 };
      this.#views.set(key, view);
    }
    return view;
  }
}

export function endpointOf({ cluster, endpoint }: Pick<Target, 'cluster' | 'endpoint'>): string {
  return `${cluster}/${endpoint}`;
}

function isGood(condition: Condition): boolean {
  return condition === 'up' || condition === 'slow';
}
