// Judges every answer of a fault run by what was true when it was given: which backends lived, which were forced down, and
// for how long. It knows nothing of how the answers are made.
//
//   right   an address whose backend lives, or died less than the detection time ago, and that is the client's preferred
//           one unless that one is down, or came back a moment ago
//   wrong   every other address: a dead or forced-down backend, or a client sent elsewhere without a reason (a false failover)

import { ADDRESS, REGIONS, type RegionId } from '../support/fleet.ts';
import type { Outcome } from './query-load.ts';

export type Client = { readonly subnet: string; readonly prefers: RegionId };

export type Tally = {
  asked: number;
  answered: number;
  lost: number;
  servfail: number;
  wrong: number;
  /** Questions that no node answered. */
  unanswered: number;
  /** For people: what the first few wrong ones were. */
  readonly examples: string[];
};

export type RefereeOptions = {
  readonly clients: readonly Client[];
  readonly nodeNames: readonly string[];
  /** From a death, or a word of an operator, to the last answer that does not know of it. */
  readonly detectionMs: number;
  /** From a return to life to the last answer that does not know of it. */
  readonly returnMs: number;
};

type RegionState = {
  /** Of the last change to being served rightly or not; monotonic. */
  sinceMs: number;
  isUp: boolean;
};

export class Referee {
  readonly #options: RefereeOptions;
  readonly #states = new Map<RegionId, RegionState>(
    REGIONS.map((region) => [region, { sinceMs: Number.NEGATIVE_INFINITY, isUp: true }]),
  );
  /** Of all nodes together, and of each by its index; since the last `begin`. */
  #total: Tally = createTally();
  #perNode: Tally[];
  /** Nodes that are under a fault themselves: what they lose is counted apart. */
  #excused = new Set<number>();
  #lastBadAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: RefereeOptions) {
    this.#options = options;
    this.#perNode = options.nodeNames.map(createTally);
  }

  /** Counts anew. */
  begin(excused: readonly number[]): void {
    this.#total = createTally();
    this.#perNode = this.#options.nodeNames.map(createTally);
    this.#excused = new Set(excused);
  }

  get total(): Readonly<Tally> {
    return this.#total;
  }

  get perNode(): readonly Readonly<Tally>[] {
    return this.#perNode;
  }

  /** Monotonic, of the last answer that was wrong or SERVFAIL, or the last question that a sound node lost. */
  get lastBadAtMs(): number {
    return this.#lastBadAtMs;
  }

  /** From now on it is true that the region's backend serves, or that it does not. */
  noteRegion(region: RegionId, isUp: boolean): void {
    this.#states.set(region, { sinceMs: performance.now(), isUp });
  }

  noteQuestion(isAnswered: boolean): void {
    if (!isAnswered) this.#total.unanswered++;
  }

  noteOutcome(outcome: Outcome): void {
    const { node, client, askedAtMs, answeredAtMs, rcode, address } = outcome;
    const tallies = [this.#total, this.#perNode[node]].filter((tally) => tally !== undefined);
    for (const tally of tallies) tally.asked++;
    if (answeredAtMs === undefined) {
      for (const tally of tallies) tally.lost++;
      if (!this.#excused.has(node)) this.#lastBadAtMs = askedAtMs;
      return;
    }
    for (const tally of tallies) tally.answered++;
    const fault = rcode === 'NOERROR' ? this.#findFault(client, address, askedAtMs, answeredAtMs) : rcode;
    if (fault === undefined) return;
    this.#lastBadAtMs = answeredAtMs;
    for (const tally of tallies) {
      if (rcode === 'NOERROR') tally.wrong++;
      else tally.servfail++;
      if (tally.examples.length < 3) {
        tally.examples.push(`${this.#options.nodeNames[node]} to ${this.#options.clients[client]?.subnet}: ${fault}`);
      }
    }
  }

  #findFault(client: number, address: string, askedAtMs: number, answeredAtMs: number): string | undefined {
    const region = REGIONS.find((id) => ADDRESS[id] === address);
    if (region === undefined) return `the address ${address || 'is missing'}`;
    // With everything down, anything that is configured is better than nothing (fail-open).
    if (REGIONS.every((id) => this.#isKnownDown(id, askedAtMs) || this.#wasDownLately(id, askedAtMs))) return undefined;
    if (this.#isKnownDown(region, askedAtMs)) {
      const { sinceMs = 0 } = this.#states.get(region) ?? {};
      return `${region}, ${Math.round(answeredAtMs - sinceMs)} ms after it went`;
    }
    const prefers = this.#options.clients[client]?.prefers;
    if (prefers === undefined || region === prefers) return undefined;
    const isExcused = !this.#isUp(prefers) || this.#wasDownLately(prefers, askedAtMs);
    return isExcused ? undefined : `${region} although ${prefers} serves`;
  }

  #isUp(region: RegionId): boolean {
    return this.#states.get(region)?.isUp === true;
  }

  #isKnownDown(region: RegionId, atMs: number): boolean {
    const state = this.#states.get(region);
    return state !== undefined && !state.isUp && atMs - state.sinceMs > this.#options.detectionMs;
  }

  #wasDownLately(region: RegionId, atMs: number): boolean {
    const state = this.#states.get(region);
    return state?.isUp === true && atMs - state.sinceMs < this.#options.returnMs;
  }
}

function createTally(): Tally {
  return { asked: 0, answered: 0, lost: 0, servfail: 0, wrong: 0, unanswered: 0, examples: [] };
}
