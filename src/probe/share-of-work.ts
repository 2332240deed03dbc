// This worker's share of its vantage's targets: which of them it checks. No one leads; all workers decide by the same three
// rules from what they see of each other, so that a target always has a worker and soon has one alone (docs/decisions/0034):
//
//   1. the owner checks: the worker that rendezvous prefers (health/rendezvous.ts);
//   2. whoever has a vote goes on until one that is preferred to it has voted as well;
//   3. what nobody has had a vote on for a while is checked by the next in line too, one more each heartbeat.
//
//   a worker begins ─► takes each of its targets at that target's own point of the interval ─► votes ─► the one before hands over
//   a worker is gone ─► those next in line take its targets at once
//
// Workers that have just begun do not count for those that have been there for some time: one that never stays for long takes
// nothing from anybody. Those that began together count for each other from the first. Decided from what is handed in; it owns no timer and makes no check.

import { comparePreference, makeWeighable, type Weighable } from '../health/rendezvous.ts';
import type { Target } from '../health/target.ts';
import { type Colleague, isVote, type Peers, SETTLED_AFTER_HEARTBEATS, type VotesByTarget } from './peers.ts';

export type ShareOptions = { readonly worker: string; readonly heartbeatMs: number };

export type ShareDependencies = {
  readonly peers: Pick<Peers, 'listColleagues' | 'votesOf'>;
  /** Whether this worker has a vote on the target, other than an abstention. */
  readonly hasVote: (target: string) => boolean;
};

/** What changed, by target id. */
export type Division = {
  /** Others are at it still: each is to be checked at the next point of its phase. */
  readonly taken: readonly string[];
  /** Nobody checks it: to be checked soon. May have been taken before. */
  readonly orphans: readonly string[];
  readonly handedOver: readonly string[];
};

export type ShareOfWork = {
  /** These are all targets from now on. What this worker checks of them, it goes on checking. */
  setTargets(targets: Iterable<Target>): void;
  /** Sees who is there now. Until the first time this worker checks nothing. */
  meetColleagues(nowMs: number): void;
  /** @param mayStandIn whether it may check what others should have voted on: not while it has trouble itself */
  divide(nowMs: number, mayStandIn: boolean): Division;
  isOurs(target: string): boolean;
  countOurs(): number;
};

type Claim = {
  readonly target: Weighable;
  patienceMs: number;
  isOurs: boolean;
  /** Taken while others are at it, and not voted on yet. */
  isPending: boolean;
  /** How many of those that count are preferred to this worker; 0: it is the owner. */
  place: number;
  /** Where the owner stands among those that count; -1: this worker. */
  owner: number;
  /** The votes in which that of the owner was last found: it needs no look while they are the same. */
  foundIn: VotesByTarget | undefined;
  /** Since when nobody that counts has a vote on it (monotonic). */
  unvotedSinceMs: number | undefined;
};

export function createShareOfWork({ worker, heartbeatMs }: ShareOptions, dependencies: ShareDependencies): ShareOfWork {
  const { peers, hasVote } = dependencies;
  const self = makeWeighable(worker);
  let claims = new Map<string, Claim>();
  /** The colleagues that count, by name. */
  let colleagues: readonly Weighable[] = [];
  /** When those began. */
  let beginnings: ReadonlyMap<string, number> = new Map();
  let metAtMs: number | undefined;

  return {
    setTargets(targets) {
      const next = new Map<string, Claim>();
      for (const { id, timing } of targets) {
        const claim = claims.get(id) ?? rankClaim(beginClaim(id));
        // Whoever is able to has looked by then.
        claim.patienceMs = heartbeatMs + timing.intervalMs;
        next.set(id, claim);
      }
      claims = next;
    },
    meetColleagues(nowMs) {
      metAtMs ??= nowMs;
      const isNew = nowMs - metAtMs < SETTLED_AFTER_HEARTBEATS * heartbeatMs;
      const counting = peers.listColleagues(nowMs).filter((colleague) => isNew || counts(colleague));
      beginnings = new Map(counting.map((colleague) => [colleague.worker, colleague.begunAtMs]));
      const names = [...beginnings.keys()].sort();
      if (names.length === colleagues.length && names.every((name, index) => name === colleagues[index]?.name)) return;
      colleagues = names.map(makeWeighable);
      for (const claim of claims.values()) rankClaim(claim);
    },
    divide(nowMs, mayStandIn) {
      const taken: string[] = [];
      const orphans: string[] = [];
      const handedOver: string[] = [];
      const division = { taken, orphans, handedOver };
      if (metAtMs === undefined) return division;
      const votes = colleagues.map(({ name }) => peers.votesOf(name));
      for (const claim of claims.values()) {
        const id = claim.target.name;
        const wasOurs = claim.isOurs;
        claim.isOurs = decide(claim, votes, nowMs, mayStandIn);
        if (claim.isOurs === wasOurs && !claim.isPending) continue;
        if (!claim.isOurs) {
          if (wasOurs) handedOver.push(id);
          claim.isPending = false;
        } else if (hasVote(id)) claim.isPending = false;
        else if (!votes.some((byTarget) => hasVoteOn(byTarget, id))) {
          claim.isPending = false;
          orphans.push(id);
        } else if (!wasOurs) {
          claim.isPending = true;
          taken.push(id);
        }
      }
      return division;
    },
    isOurs: (target) => claims.get(target)?.isOurs === true,
    countOurs: () => [...claims.values()].filter(({ isOurs }) => isOurs).length,
  };

  /** For one that is settled. Whoever counted goes on to, unless it began anew. */
  function counts({ worker: name, isSettled, begunAtMs }: Colleague): boolean {
    return isSettled || beginnings.get(name) === begunAtMs;
  }

  function rankClaim(claim: Claim): Claim {
    let first = self;
    claim.place = 0;
    claim.owner = -1;
    for (const [index, colleague] of colleagues.entries()) {
      if (comparePreference(claim.target, colleague, self) <= 0) continue;
      claim.place++;
      if (comparePreference(claim.target, colleague, first) <= 0) continue;
      first = colleague;
      claim.owner = index;
    }
    return claim;
  }

  /** Whether this worker checks it from now on. Of nearly all targets one look at the owner's votes tells, where they changed. */
  function decide(claim: Claim, votes: readonly VotesByTarget[], nowMs: number, mayStandIn: boolean): boolean {
    if (claim.place === 0) return true;
    const ownersVotes = votes[claim.owner];
    if (claim.foundIn !== undefined && claim.foundIn === ownersVotes) return false;
    const id = claim.target.name;
    const { unvotedSinceMs = nowMs } = claim;
    claim.unvotedSinceMs = undefined;
    claim.foundIn = hasVoteOn(ownersVotes, id) ? ownersVotes : undefined;
    if (claim.foundIn !== undefined) return false;
    const voters = colleagues.filter((_, index) => hasVoteOn(votes[index], id));
    if (hasVote(id)) return !voters.some((voter) => comparePreference(claim.target, voter, self) > 0);
    if (voters.length > 0) return false;
    claim.unvotedSinceMs = unvotedSinceMs;
    const waitedMs = nowMs - unvotedSinceMs;
    return (mayStandIn || claim.isOurs) && waitedMs >= claim.patienceMs + (claim.place - 1) * heartbeatMs;
  }
}

function beginClaim(id: string): Claim {
  return {
    target: makeWeighable(id),
    patienceMs: 0,
    isOurs: false,
    isPending: false,
    place: 0,
    owner: -1,
    foundIn: undefined,
    unvotedSinceMs: undefined,
  };
}

function hasVoteOn(votes: VotesByTarget | undefined, target: string): boolean {
  return isVote(votes?.get(target)?.vote);
}
