// A ballot: one vote with the slot that it came in; and the word of a vantage, chosen from the ballots of its workers.
//
// Several workers of a vantage share its targets; should more than one have voted on a target (during a hand-over), the word
// is that of the live worker that rendezvous prefers, so that every node picks the same one. `suspect` counts as up, for the
// worker has not turned yet; `abstain`, silence and stale slots count as nothing.

import type { SeenSlot } from './liveness.ts';
import type { Side } from './quorum.ts';
import { rankWorkers } from './rendezvous.ts';
import type { TargetVote, Vote } from './slot.ts';

export type Ballot = {
  readonly vantage: string;
  readonly worker: string;
  readonly alive: boolean;
  readonly vote: TargetVote;
};

/** The word of one vantage on one target, with who spoke. */
export type VantageVote = {
  readonly vantage: string;
  readonly worker: string;
  readonly vote: Vote;
  readonly reason: string;
  /** False: the slot is stale, the vote is shown but does not count. */
  readonly fresh: boolean;
  /** When this node first saw this vote of this vantage, wall clock, milliseconds since 1970. */
  readonly sinceMs: number;
  /** True: the vantage is set aside, the vote is shown but does not count. */
  readonly aside?: true;
  /** Percent of its weight that the endpoint asks for; absent: all of it. */
  readonly share?: number;
};

/** By target id; only those in `targets`. */
export function collectBallots(targets: Iterable<string>, slots: Iterable<SeenSlot>): Map<string, Ballot[]> {
  const ballots = new Map<string, Ballot[]>(Array.from(targets, (target) => [target, []]));
  for (const { slot, alive } of slots) {
    for (const vote of slot.votes) {
      ballots.get(vote.target)?.push({ vantage: slot.vantage, worker: slot.worker, alive, vote });
    }
  }
  return ballots;
}

/** Among the ballots of one vantage: live before stale, a vote before an abstention, then as rendezvous prefers. */
export function chooseBallot(target: string, vantage: string, ballots: readonly Ballot[]): Ballot | undefined {
  const candidates = keepBest(ballots.filter((ballot) => ballot.vantage === vantage));
  return candidates.length > 1 ? preferBallot(target, candidates) : candidates[0];
}

/** What counts of a vote: nothing where it is stale, set aside or an abstention. */
export function wordOf(vote: VantageVote | undefined): Side | undefined {
  return vote === undefined || vote.aside === true ? undefined : rawWordOf(vote);
}

/** The same, whether the vantage is set aside or not: by this it is judged itself. */
export function rawWordOf({ fresh, vote }: VantageVote): Side | undefined {
  if (!fresh || vote === 'abstain') return undefined;
  return vote === 'down' ? 'down' : 'up';
}

export function sameVotes(a: readonly VantageVote[], b: readonly VantageVote[]): boolean {
  return a.length === b.length && a.every((vote, index) => sameVote(vote, b[index]));
}

function sameVote(a: VantageVote, b: VantageVote | undefined): boolean {
  return (
    b !== undefined &&
    a.vantage === b.vantage &&
    a.worker === b.worker &&
    a.vote === b.vote &&
    a.reason === b.reason &&
    a.fresh === b.fresh &&
    a.sinceMs === b.sinceMs &&
    a.aside === b.aside &&
    a.share === b.share
  );
}

function preferBallot(target: string, ballots: readonly Ballot[]): Ballot | undefined {
  const ranked = rankWorkers(
    target,
    ballots.map((ballot) => ballot.worker),
  );
  return ballots.find((ballot) => ballot.worker === ranked[0]);
}

function keepBest(ballots: readonly Ballot[]): readonly Ballot[] {
  if (ballots.length < 2) return ballots;
  const alive = ballots.filter((ballot) => ballot.alive);
  const speaking = alive.filter((ballot) => ballot.vote.vote !== 'abstain');
  if (speaking.length > 0) return speaking;
  return alive.length > 0 ? alive : ballots;
}
