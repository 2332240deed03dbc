// What the parents of signed zones were last seen to have. Kept in memory: what follows from it is committed, by key.

import type { ParentSight } from '../dnssec/key-goals.ts';
import { isSigningKeys, type Keyring } from '../dnssec/keyring.ts';
import { readParent } from '../dnssec/show-keys.ts';
import type { AskParent, ParentAnswer } from '../keys/ask-parent.ts';
import { digestKey } from '../keys/sign.ts';
import { parseNameText } from '../wire/name.ts';

export type DatedAnswer = ParentAnswer & { readonly atMs: number };

export type ParentWatch = {
  readonly intervalMs: number;
  /** While something is awaited there. */
  readonly waitingIntervalMs: number;
  answer(zone: string): DatedAnswer | undefined;
  /** Asks for those whose last answer is older than the interval. */
  refresh(zones: readonly string[], waiting: ReadonlySet<string>): Promise<void>;
  /** Asks now. */
  ask(zones: readonly string[]): Promise<void>;
};

const MAX_WAITING_INTERVAL_MS = 300_000;
const MAX_ASKED_AT_ONCE = 8;
/** Key steps wait for it; those who were not asked by then are the first next time. */
const MAX_REFRESH_MS = 15_000;
/** Whoever gets so many failures in a row has no resolver, and need not hear it for each zone. */
const MAX_FAILURES = 16;

/** @param ask undefined: parents are not asked, and operators say what they have. */
export function createParentWatch(ask: AskParent | undefined, intervalMs: number, nowMs: () => number): ParentWatch {
  const answers = new Map<string, DatedAnswer>();
  const waitingIntervalMs = Math.min(intervalMs, MAX_WAITING_INTERVAL_MS);

  /** Whether there was an answer. */
  async function askOne(zone: string): Promise<boolean> {
    const name = parseNameText(zone);
    if (ask === undefined || !(name instanceof Uint8Array)) return false;
    const answer = await ask(name);
    answers.set(zone, { ...answer, atMs: nowMs() });
    return answer.ok;
  }

  async function askAll(zones: readonly string[]): Promise<void> {
    const rest = zones.toReversed();
    const startedMs = performance.now();
    let failures = 0;
    const work = async () => {
      while (performance.now() - startedMs < MAX_REFRESH_MS && failures < MAX_FAILURES) {
        const zone = rest.pop();
        if (zone === undefined) return;
        failures = (await askOne(zone)) ? 0 : failures + 1;
      }
    };
    await Promise.all(Array.from({ length: MAX_ASKED_AT_ONCE }, work));
  }

  return {
    intervalMs,
    waitingIntervalMs,
    answer(zone) {
      const answer = answers.get(zone);
      // What is much older than the next question says nothing of now.
      return answer !== undefined && ageOf(answer, nowMs()) <= 2 * intervalMs ? answer : undefined;
    },
    async refresh(zones, waiting) {
      const known = new Set(zones);
      for (const zone of answers.keys()) if (!known.has(zone)) answers.delete(zone);
      const due = zones.filter((zone) => {
        const answer = answers.get(zone);
        const isSoon = waiting.has(zone) || answer?.ok === false;
        return answer === undefined || ageOf(answer, nowMs()) >= (isSoon ? waitingIntervalMs : intervalMs);
      });
      const askedAtMs = (zone: string) => answers.get(zone)?.atMs ?? 0;
      await askAll(due.toSorted((a, b) => askedAtMs(a) - askedAtMs(b)));
    },
    ask: askAll,
  };
}

/** One of the future is by a clock that was ahead: nobody knows how old it is. */
function ageOf({ atMs }: DatedAnswer, nowMs: number): number {
  return atMs > nowMs ? Number.POSITIVE_INFINITY : nowMs - atMs;
}

/** What the parent has, or an operator's word where it cannot be asked. */
export function sightOf(answer: ParentAnswer | undefined, keyring: Keyring): ParentSight | undefined {
  const owner = parseNameText(keyring.zone);
  if (answer?.ok === true && owner instanceof Uint8Array) {
    return readParent(answer.ds, answer.ttlSeconds, keyring, owner, digestKey);
  }
  if (keyring.confirmed === undefined) return undefined;
  const ids = new Set(keyring.keys.filter(isSigningKeys).map(({ id }) => id));
  return { keyIds: new Set(keyring.confirmed.filter((id) => ids.has(id))), foreign: 0, ttlSeconds: 0 };
}
