// From votes to verdicts: what a quorum of the configured vantages says of each target.
//
// Each vantage has one word per target: up, down, or none. Several workers of a vantage share its targets; should more
// than one have voted on a target (during a hand-over), the word is that of the live worker that rendezvous prefers, so
// that every node picks the same one. `suspect` counts as up, for the worker has not turned yet; `abstain`, silence and
// stale slots count as nothing.
//
// A verdict turns to the side that has (1) at least as many words as the quorum asks and (2) more than the other side.
// Otherwise it holds. With three configured vantages (. = no word):
//
//   words   majority (2)   one (1)   all (3)   atLeast 2
//   u u u   up             up        up        up
//   u u d   up             up        hold      up
//   u d d   down           down      hold      down
//   u d .   hold           hold      hold      hold
//   u . .   hold           up        hold      hold
//   d . .   hold           down      hold      hold
//   d d .   down           down      hold      down
//   . . .   hold           hold      hold      hold
//
// Rule 2 matters only where the quorum is half of the vantages or less: both sides could then have enough, and the
// verdict would turn with every message. A tie holds, so nothing swings while the words stay the same. Most vantages
// gone means too few words for the quorum: verdicts freeze as they are.

import type { Vantage } from '../model/vantage.ts';
import type { SeenSlot } from './liveness.ts';
import { countQuorum } from './quorum.ts';
import { rankWorkers } from './rendezvous.ts';
import type { TargetVote, Vote } from './slot.ts';
import type { Target } from './target.ts';

/** `unknown`: no quorum has ever spoken. It is served as up, since never yet healthy is not a failure. */
export type VerdictState = 'up' | 'down' | 'unknown';

/** The word of one vantage on one target, with who spoke. */
export type VantageVote = {
  readonly vantage: string;
  readonly worker: string;
  readonly vote: Vote;
  readonly reason: string;
  /** As in the TargetVote. */
  readonly share?: number;
  /** False: the slot is stale, the vote is shown but does not count. */
  readonly fresh: boolean;
};

export type Verdict = {
  readonly target: string;
  readonly verdict: VerdictState;
  /** When this node came to it, in the clock of `nowMs`. */
  readonly sinceMs: number;
  /** The evidence, at most one per configured vantage, in the configuration's order. */
  readonly votes: readonly VantageVote[];
};

/** By target id. */
export type Verdicts = ReadonlyMap<string, Verdict>;

export const NO_VERDICTS: Verdicts = new Map();

export type VerdictInput = {
  readonly targets: readonly Target[];
  /** The configured ones: the quorum counts over these, alive or not. */
  readonly vantages: readonly Vantage[];
  readonly slots: readonly SeenSlot[];
  readonly previous: Verdicts;
  /** Wall clock, milliseconds since 1970: only ever shown to people. */
  readonly nowMs: number;
};

/**
 * The verdict on every target. Verdicts that did not change, evidence included, are the same objects as in `previous`,
 * and when none did, so is the map.
 */
export function decideVerdicts(input: VerdictInput): Verdicts {
  const ballots = collectBallots(input);
  const verdicts = new Map<string, Verdict>();
  let changed = input.targets.length !== input.previous.size;
  for (const target of input.targets) {
    const previous = input.previous.get(target.id);
    const verdict = decideVerdict(target, input.vantages, ballots.get(target.id) ?? [], previous, input.nowMs);
    if (verdict !== previous) changed = true;
    verdicts.set(target.id, verdict);
  }
  return changed ? verdicts : input.previous;
}

/**
 * Whether nothing suggests that the verdict may turn soon: every fresh word agrees with it and none is in doubt. Stale
 * and silent vantages are no sign of a change.
 */
export function isStable(verdict: Verdict): boolean {
  return verdict.votes.every((vote) => !vote.fresh || vote.vote === verdict.verdict);
}

/** One vote with the slot that it came in. */
type Ballot = { readonly vantage: string; readonly worker: string; readonly alive: boolean; readonly vote: TargetVote };

function collectBallots({ targets, slots }: VerdictInput): Map<string, Ballot[]> {
  const ballots = new Map<string, Ballot[]>(targets.map((target) => [target.id, []]));
  for (const { slot, alive } of slots) {
    for (const vote of slot.votes) {
      ballots.get(vote.target)?.push({ vantage: slot.vantage, worker: slot.worker, alive, vote });
    }
  }
  return ballots;
}

function decideVerdict(
  target: Target,
  vantages: readonly Vantage[],
  ballots: readonly Ballot[],
  previous: Verdict | undefined,
  nowMs: number,
): Verdict {
  const votes = vantages.flatMap((vantage) => chooseVote(target.id, vantage.id, ballots) ?? []);
  const before = previous?.verdict ?? 'unknown';
  const verdict = applyQuorum(before, votes, countQuorum(target.timing.quorum, vantages.length));
  if (previous !== undefined && verdict === before) {
    return sameVotes(previous.votes, votes) ? previous : { ...previous, votes };
  }
  return { target: target.id, verdict, sinceMs: nowMs, votes };
}

/** The two rules at the head of this file. */
function applyQuorum(before: VerdictState, votes: readonly VantageVote[], needed: number): VerdictState {
  const up = votes.filter(({ fresh, vote }) => fresh && (vote === 'up' || vote === 'suspect')).length;
  const down = votes.filter(({ fresh, vote }) => fresh && vote === 'down').length;
  if (up >= needed && up > down) return 'up';
  if (down >= needed && down > up) return 'down';
  return before;
}

/** Among the ballots of one vantage: live before stale, a vote before an abstention, then as rendezvous prefers. */
function chooseVote(target: string, vantage: string, ballots: readonly Ballot[]): VantageVote | undefined {
  const candidates = keepBest(ballots.filter((ballot) => ballot.vantage === vantage));
  const chosen = candidates.length > 1 ? preferBallot(target, candidates) : candidates[0];
  if (chosen === undefined) return undefined;
  const { vote, reason, share } = chosen.vote;
  return { vantage, worker: chosen.worker, vote, reason, ...(share !== undefined && { share }), fresh: chosen.alive };
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

function sameVotes(a: readonly VantageVote[], b: readonly VantageVote[]): boolean {
  return a.length === b.length && a.every((vote, index) => sameVote(vote, b[index]));
}

function sameVote(a: VantageVote, b: VantageVote | undefined): boolean {
  return (
    b !== undefined &&
    a.vantage === b.vantage &&
    a.worker === b.worker &&
    a.vote === b.vote &&
    a.reason === b.reason &&
    a.share === b.share &&
    a.fresh === b.fresh
  );
}
