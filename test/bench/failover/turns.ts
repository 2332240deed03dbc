// Which write of a slot decided: the one by which enough vantages say down of a target. Pure: deltas in, targets out.

import type { SlotDelta, Vote } from '../../../src/health/slot.ts';

export type Words = Map<string, Map<string, Vote>>;

/** Notes what the delta says, and answers the targets that it decides: `needed` vantages say down from now on, and did not before. */
export function noteWords(words: Words, { vantage, changed }: SlotDelta, needed: number): readonly string[] {
  const decided: string[] = [];
  for (const { target, vote } of changed) {
    const ofTarget = words.get(target) ?? new Map<string, Vote>();
    words.set(target, ofTarget);
    const before = countDown(ofTarget);
    ofTarget.set(vantage, vote);
    if (before < needed && countDown(ofTarget) >= needed) decided.push(target);
  }
  return decided;
}

function countDown(words: ReadonlyMap<string, Vote>): number {
  return [...words.values()].filter((vote) => vote === 'down').length;
}
