// Of what a worker abstains, and why: its own words, read from the votes of its slot.

import type { TargetVote } from './slot.ts';

/** Reasons that are told apart: a worker that trusts nothing has one, one that may not ping another. */
export const MAX_ABSTENTION_REASONS = 3;

export type Abstention = {
  /** Of how many votes it has. */
  readonly votes: number;
  readonly abstained: number;
  /** Those of most votes first. */
  readonly reasons: readonly string[];
};

/** Undefined: it abstains from nothing. */
export function findAbstention(votes: readonly TargetVote[]): Abstention | undefined {
  const counts = new Map<string, number>();
  let abstained = 0;
  for (const { vote, reason } of votes) {
    if (vote !== 'abstain') continue;
    abstained++;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (abstained === 0) return undefined;
  const reasons = [...counts].toSorted(([, a], [, b]) => b - a).map(([reason]) => reason);
  return { votes: votes.length, abstained, reasons: reasons.slice(0, MAX_ABSTENTION_REASONS) };
}
