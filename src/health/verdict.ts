// From votes to verdicts: what a quorum of the configured vantages says of each target.
//
// Each vantage has one word per target: up, down, or none (see ballot.ts). A verdict turns to the side that has the quorum
// (see quorum.ts). Otherwise it holds. With three configured vantages (. = no word):
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
// Most vantages gone means too few words for the quorum: verdicts freeze as they are, and say so. A vantage that is set aside
// (see standing.ts) has no word; once half of the vantages or more are, nobody rules, whatever the quorum.

import type { Vantage } from '../model/vantage.ts';
import { type Ballot, chooseBallot, collectBallots, sameVotes, type VantageVote, wordOf } from './ballot.ts';
import type { SeenSlot } from './liveness.ts';
import { describeCount, type Electorate, formElectorate, weighWords } from './quorum.ts';
import type { Target } from './target.ts';

/** `unknown`: no quorum has ever spoken. It is served as up, since never yet healthy is not a failure. */
export type VerdictState = 'up' | 'down' | 'unknown';

export type Verdict = {
  readonly target: string;
  readonly verdict: VerdictState;
  /** When this node came to it, in the clock of `nowMs`. */
  readonly sinceMs: number;
  /** Why it is so, for people: what the count is, and whether it holds without a quorum. */
  readonly reason: string;
  /** True: too few vantages speak for it to turn, whatever they say. */
  readonly isFrozen: boolean;
  /** The evidence, at most one per configured vantage, in the configuration's order. */
  readonly votes: readonly VantageVote[];
};

/** What outlives a node: what was judged, not by whom. */
export type KeptVerdict = Pick<Verdict, 'target' | 'verdict' | 'sinceMs'>;

export function restoreVerdict({ target, verdict, sinceMs }: KeptVerdict): Verdict {
  return { target, verdict, sinceMs, reason: 'judged before this node started: it holds', isFrozen: true, votes: [] };
}

/** By target id. */
export type Verdicts = ReadonlyMap<string, Verdict>;

export const NO_VERDICTS: Verdicts = new Map();

/** What all targets are judged by. */
export type Bench = {
  /** The configured ones: the quorum counts over these, alive or not. */
  readonly vantages: readonly Vantage[];
  readonly electorate: Electorate;
  /** Ids of vantages that are set aside. */
  readonly aside: ReadonlySet<string>;
  /** Wall clock, milliseconds since 1970: only ever shown to people. */
  readonly nowMs: number;
};

export function formBench(vantages: readonly Vantage[], nowMs: number, aside: ReadonlySet<string> = NOBODY): Bench {
  return { vantages, electorate: formElectorate(vantages), aside, nowMs };
}

export const NOBODY: ReadonlySet<string> = new Set();

export type VerdictInput = {
  readonly targets: readonly Target[];
  readonly vantages: readonly Vantage[];
  readonly slots: readonly SeenSlot[];
  readonly previous: Verdicts;
  readonly nowMs: number;
  readonly aside?: ReadonlySet<string>;
};

/**
 * The verdict on every target. Verdicts that did not change, evidence included, are the same objects as in `previous`,
 * and when none did, so is the map. Nodes judge anew only those on which a ballot changed (see ballot-box.ts); what they
 * come to is this.
 */
export function decideVerdicts({ targets, vantages, slots, previous, nowMs, aside }: VerdictInput): Verdicts {
  const bench = formBench(vantages, nowMs, aside);
  const ballots = collectBallots(
    targets.map(({ id }) => id),
    slots,
  );
  const verdicts = new Map<string, Verdict>();
  let changed = targets.length !== previous.size;
  for (const target of targets) {
    const before = previous.get(target.id);
    const verdict = decideVerdict(target, ballots.get(target.id) ?? [], before, bench);
    if (verdict !== before) changed = true;
    verdicts.set(target.id, verdict);
  }
  return changed ? verdicts : previous;
}

/** The verdict on one target; `previous` itself where nothing changed. */
export function decideVerdict(
  target: Target,
  ballots: Iterable<Ballot>,
  previous: Verdict | undefined,
  { vantages, electorate, aside, nowMs }: Bench,
): Verdict {
  const cast = [...ballots];
  const words = vantages.map(({ id }) => {
    const ballot = chooseBallot(target.id, id, cast);
    return ballot && castVote(ballot, previous, aside, nowMs);
  });
  const { quorum } = target.timing;
  const weighed = weighWords(quorum, electorate, (place) => wordOf(words[place]));
  const isSuspended = isSuspendedBy(aside, vantages);
  const isFrozen = isSuspended || !weighed.isQuorate;
  const before = previous?.verdict ?? 'unknown';
  const verdict = (isSuspended ? undefined : weighed.side) ?? before;
  const count = describeCount(quorum, weighed.count);
  const holding = isSuspended ? 'most vantages are set aside, so it holds' : 'it holds';
  const reason = isSuspended || weighed.side === undefined ? `${count}: ${holding}` : count;
  const votes = words.filter((vote) => vote !== undefined);
  if (previous === undefined || verdict !== before) {
    return { target: target.id, verdict, sinceMs: nowMs, reason, isFrozen, votes };
  }
  const isSame = previous.isFrozen === isFrozen && previous.reason === reason && sameVotes(previous.votes, votes);
  return isSame ? previous : { ...previous, reason, isFrozen, votes };
}

/** Half of the vantages or more set aside: who is left may be the one that is wrong. */
export function isSuspendedBy(aside: ReadonlySet<string>, vantages: readonly Vantage[]): boolean {
  return aside.size > 0 && aside.size * 2 >= vantages.length;
}

/**
 * Whether nothing suggests that the verdict may turn soon: every fresh word agrees with it and none is in doubt. Stale,
 * silent and set-aside vantages are no sign of a change.
 */
export function isStable(verdict: Verdict): boolean {
  return verdict.votes.every((vote) => !vote.fresh || vote.aside === true || vote.vote === verdict.verdict);
}

function castVote(
  { vantage, worker, alive, vote: { vote, reason, share } }: Ballot,
  previous: Verdict | undefined,
  aside: ReadonlySet<string>,
  nowMs: number,
): VantageVote {
  const before = previous?.votes.find((each) => each.vantage === vantage);
  const sinceMs = before?.vote === vote ? before.sinceMs : nowMs;
  const isAside = aside.has(vantage);
  return {
    vantage,
    worker,
    vote,
    reason,
    ...(share !== undefined && { share }),
    fresh: alive,
    sinceMs,
    ...(isAside && { aside: true }),
  };
}
