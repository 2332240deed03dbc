// The decision: which endpoints a client is told, from its preference list (rank, compiled ahead), and from health, load
// and operators' words (pick, now). Pure: the same snapshot, state, preference list and chance decide the same, so that
// whatever explains, rehearses or replays decisions calls this very function and cannot differ from what is served.
//
//   tiers of the preference list, best first:
//     1  shed    up, and the dice say that the tier's room is enough       → chosen
//     2  room    up, with any room at all                                  → chosen
//     3  full    up, whatever the load: nobody has room                    → chosen
//     4  last resort, as the service says                                  → chosen, or refused

import { ENDPOINT_DOWN, ENDPOINT_DRAINING, ENDPOINT_UP } from '../health/cluster-health.ts';
import { addCandidate, type Candidates, createCandidates } from '../load/candidates.ts';
import { type Chance, throwDice } from '../load/chance.ts';
import { choose, PICK_ALL } from '../load/choose.ts';
import { connectionsOf, roomOf } from '../load/room.ts';
import { MAX_ANSWERS } from '../model/service.ts';
import { FAMILY_CNAME, LAST_RESORT_CLUSTER, LAST_RESORT_REFUSE, NONE, type Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import type { RankMap } from '../steering/run-map.ts';
import { TIER_START } from '../steering/run-map.ts';
import type { Trace } from './trace.ts';

/** Why these endpoints: counted, and shown by `explain`. */
export const REASON_PREFERRED = 0;
export const REASON_FAILOVER = 1;
export const REASON_SPILL = 2;
export const REASON_LAST_RESORT = 3;
export const REASON_REFUSED = 4;
export const REASONS = ['preferred', 'failover', 'spill', 'last-resort', 'refused'] as const;

/** What a decision works in and what it leaves: one per thread, reused. */
export type Decision = {
  readonly chance: Chance;
  /** Endpoints to answer with, none when refused. */
  readonly endpoints: Uint32Array;
  endpointCount: number;
  /** The cluster of the first endpoint, as index and as position in the service; NONE when refused. */
  cluster: number;
  position: number;
  /** One of REASON_*. */
  reason: number;
  readonly candidates: Candidates;
  readonly inner: Candidates;
  readonly chosen: Uint32Array;
  trace: Trace | undefined;
};

export function createDecision(): Decision {
  return {
    chance: { bits: 0, turn: 0 },
    endpoints: new Uint32Array(MAX_ANSWERS),
    endpointCount: 0,
    cluster: NONE,
    position: NONE,
    reason: REASON_REFUSED,
    candidates: createCandidates(),
    inner: createCandidates(),
    chosen: new Uint32Array(MAX_ANSWERS),
    trace: undefined,
  };
}

/** How the passes over the tiers treat load. */
const PASS_SHED = 0;
const PASS_ROOM = 1;
const PASS_FULL = 2;
const PASSES = 3;

/**
 * Decides for preference list `list` of `rankMap` and any of `families` (FAMILY_* bits); the outcome is in `decision`.
 * `decision.chance` must be set before.
 */
export function decide(
  snapshot: Snapshot,
  state: State,
  service: number,
  rankMap: RankMap,
  list: number,
  families: number,
  decision: Decision,
): void {
  decision.endpointCount = 0;
  decision.cluster = NONE;
  decision.position = NONE;
  for (let pass = PASS_SHED; pass < PASSES; pass++) {
    if (pickFromTiers(snapshot, state, service, rankMap, list, families, ENDPOINT_UP, pass, decision)) return;
  }
  decideLastResort(snapshot, state, service, rankMap, list, families, decision);
}

/** Nothing is up. What then is answered was decided by the operator, per service; a forced-down endpoint never is. */
function decideLastResort(
  snapshot: Snapshot,
  state: State,
  service: number,
  rankMap: RankMap,
  list: number,
  families: number,
  decision: Decision,
): void {
  const { services } = snapshot;
  const rule = services.lastResorts[service];
  decision.reason = REASON_LAST_RESORT;
  if (rule !== LAST_RESORT_REFUSE) {
    if (rule === LAST_RESORT_CLUSTER) {
      const position = services.lastResortPositions[service] ?? NONE;
      if (pickFromOne(snapshot, state, service, position, families, decision)) return;
    }
    // Fail open: what is draining still works, so it comes before what is down.
    for (let lowest = ENDPOINT_DRAINING; lowest >= ENDPOINT_DOWN; lowest--) {
      if (pickFromTiers(snapshot, state, service, rankMap, list, families, lowest, PASS_FULL, decision)) return;
    }
  }
  decision.reason = REASON_REFUSED;
  decision.trace?.push({ step: 'refused' });
}

function pickFromOne(
  snapshot: Snapshot,
  state: State,
  service: number,
  position: number,
  families: number,
  decision: Decision,
): boolean {
  for (let lowest = ENDPOINT_UP; lowest >= ENDPOINT_DOWN; lowest--) {
    decision.candidates.count = 0;
    gatherCluster(snapshot, state, service, position, families, lowest, decision);
    if (decision.candidates.count > 0) {
      takeFromTier(snapshot, state, service, families, lowest, decision);
      return true;
    }
  }
  return false;
}

/** Goes through the tiers in order; true when one of them gave endpoints. */
function pickFromTiers(
  snapshot: Snapshot,
  state: State,
  service: number,
  rankMap: RankMap,
  list: number,
  families: number,
  lowest: number,
  pass: number,
  decision: Decision,
): boolean {
  const { offsets, entries } = rankMap.lists;
  const end = offsets[list + 1] ?? 0;
  decision.trace?.push({ step: 'pass', pass, lowest });
  let healthSkipped = false;
  let loadSkipped = false;
  for (let at = offsets[list] ?? 0; at < end; ) {
    const tierStart = at;
    decision.candidates.count = 0;
    let canEverServe = false;
    do {
      const position = (entries[at] ?? 0) & ~TIER_START;
      if (gatherCluster(snapshot, state, service, position, families, lowest, decision)) canEverServe = true;
      at++;
    } while (at < end && ((entries[at] ?? 0) & TIER_START) === 0);

    if (decision.candidates.count === 0) {
      if (canEverServe) healthSkipped = true;
      continue;
    }
    if (!hasRoom(decision, pass)) {
      decision.trace?.push({ step: 'shed', tier: tierStart - (offsets[list] ?? 0), pass });
      loadSkipped = true;
      continue;
    }
    if (lowest === ENDPOINT_UP) {
      decision.reason = loadSkipped ? REASON_SPILL : healthSkipped ? REASON_FAILOVER : REASON_PREFERRED;
    }
    takeFromTier(snapshot, state, service, families, lowest, decision);
    return true;
  }
  return false;
}

/**
 * Adds the cluster at `position` to the candidates if it can serve one of `families` with endpoints of class `lowest` or
 * better. Returns whether it has such endpoints at all, in whatever state.
 */
function gatherCluster(
  snapshot: Snapshot,
  state: State,
  service: number,
  position: number,
  families: number,
  lowest: number,
  decision: Decision,
): boolean {
  const { services, clusters } = snapshot;
  const cluster = services.clusters[(services.clusterStarts[service] ?? 0) + position] ?? NONE;
  if (((clusters.families[cluster] ?? 0) & families) === 0) {
    decision.trace?.push({ step: 'skip', cluster, because: 'family' });
    return false;
  }
  const serves = lowest < ENDPOINT_UP || ((state.clusterServing[cluster] ?? 0) & families) !== 0;
  const weight = serves ? servingWeight(snapshot, state, cluster, families, lowest) : -1;
  if (weight < 0) {
    decision.trace?.push({ step: 'skip', cluster, because: 'health' });
    return true;
  }
  const room = roomOf(state.clusterLoads, cluster, services.shedLows[service] ?? 1, services.shedHighs[service] ?? 1);
  decision.trace?.push({ step: 'consider', cluster, weight, room });
  addCandidate(decision.candidates, position, weight, room, connectionsOf(state.clusterLoads, cluster));
  return true;
}

/** The weight that the cluster has now; -1 when no endpoint of it may be used. */
function servingWeight(snapshot: Snapshot, state: State, cluster: number, families: number, lowest: number): number {
  const { clusters, endpoints } = snapshot;
  const end = clusters.endpointStarts[cluster + 1] ?? 0;
  let sum = -1;
  for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
    if (((endpoints.families[endpoint] ?? 0) & families) === 0) continue;
    if ((state.endpointClasses[endpoint] ?? 0) < lowest) continue;
    sum = Math.max(sum, 0) + (endpoints.weights[endpoint] ?? 0);
  }
  const stated = clusters.weights[cluster] ?? NONE;
  return sum < 0 || stated === NONE ? sum : stated;
}

/** Whether the tier takes this client: while one of its clusters has room it keeps its own, then it sheds in proportion. */
function hasRoom({ candidates, chance }: Decision, pass: number): boolean {
  if (pass === PASS_FULL) return true;
  let most = 0;
  for (let index = 0; index < candidates.count; index++) most = Math.max(most, candidates.rooms[index] ?? 0);
  if (pass === PASS_ROOM || most >= 1) return most > 0;
  return throwDice(chance) < most;
}

/** Chooses the cluster, or all of them, and fills the answer with its endpoints. */
function takeFromTier(
  snapshot: Snapshot,
  state: State,
  service: number,
  families: number,
  lowest: number,
  decision: Decision,
): void {
  const { services, clusters } = snapshot;
  const pick = services.picks[service] ?? 0;
  const wantedClusters = pick === PICK_ALL ? MAX_ANSWERS : 1;
  const stated = services.answerCounts[service] ?? 0;
  // The endpoints' turn moves on once the clusters have all had theirs, or two of each would always meet the same.
  const clusterCount = Math.max(1, decision.candidates.count);
  const chosenCount = choose(pick, decision.candidates, decision.chance, wantedClusters, decision.chosen, 0);
  const turn = decision.chance.turn;
  if (pick !== PICK_ALL) decision.chance.turn = Math.floor(turn / clusterCount);
  for (let index = 0; index < chosenCount; index++) {
    const position = decision.chosen[index] ?? 0;
    const cluster = services.clusters[(services.clusterStarts[service] ?? 0) + position] ?? NONE;
    const isName = ((clusters.families[cluster] ?? 0) & FAMILY_CNAME) !== 0;
    // A CNAME stands alone (RFC 1034 section 3.6.2): it is the answer, or it is left out.
    if (isName && index > 0) continue;
    const balance = clusters.balances[cluster] ?? 0;
    const limit = stated > 0 ? stated : pick === PICK_ALL || balance === PICK_ALL ? MAX_ANSWERS : 1;
    const share = Math.ceil((limit - decision.endpointCount) / (chosenCount - index));
    takeEndpoints(snapshot, state, service, cluster, families, lowest, isName ? 1 : share, decision);
    if (index === 0) {
      decision.cluster = cluster;
      decision.position = position;
    }
    if (isName) break;
  }
  decision.chance.turn = turn;
}

function takeEndpoints(
  snapshot: Snapshot,
  state: State,
  service: number,
  cluster: number,
  families: number,
  lowest: number,
  wanted: number,
  decision: Decision,
): void {
  const { services, clusters, endpoints } = snapshot;
  const { inner } = decision;
  const low = services.shedLows[service] ?? 1;
  const high = services.shedHighs[service] ?? 1;
  const end = clusters.endpointStarts[cluster + 1] ?? 0;
  inner.count = 0;
  for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
    if (((endpoints.families[endpoint] ?? 0) & families) === 0) continue;
    if ((state.endpointClasses[endpoint] ?? 0) < lowest) continue;
    const room = roomOf(state.endpointLoads, endpoint, low, high);
    addCandidate(inner, endpoint, endpoints.weights[endpoint] ?? 0, room, connectionsOf(state.endpointLoads, endpoint));
  }
  const balance = clusters.balances[cluster] ?? 0;
  const count = choose(balance, inner, decision.chance, wanted, decision.endpoints, decision.endpointCount);
  for (let index = 0; index < count; index++) {
    const endpoint = decision.endpoints[decision.endpointCount + index] ?? 0;
    decision.trace?.push({ step: 'choose', cluster, endpoint });
  }
  decision.endpointCount += count;
}
