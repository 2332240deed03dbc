// The decision: which endpoints a client is told, from its preference list (rank, compiled ahead), and from health, load
// and operators' words (pick, now). Pure: the same snapshot, state, preference list and chance decide the same, so that
// whatever explains, rehearses or replays decisions calls this very function and cannot differ from what is served.
//
//   tiers of the preference list, best first:
//     1  shed    up, and the dice say that the tier's room is enough       → chosen
//     2  room    up, with any room at all                                  → chosen
//     3  full    up, whatever the load: nobody has room                    → chosen
//     4  last resort, as the service says                                  → chosen, or refused
//
// A cluster counts as up in 1 to 3 while enough of its endpoints are; the last resort no longer asks how many.

import { ENDPOINT_DOWN, ENDPOINT_UP } from '../health/cluster-health.ts';
import { addCandidate, type Candidates, createCandidates } from '../load/candidates.ts';
import { type Chance, throwDice } from '../load/chance.ts';
import { choose, PICK_ALL } from '../load/choose.ts';
import { connectionsOf, roomOf } from '../load/room.ts';
import { createTurns, type Turns } from '../load/turns.ts';
import { MAX_ANSWERS } from '../model/limits.ts';
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
/** No cluster that this client may be sent to has the type: a fence can leave none. Not refused, for nothing is amiss. */
export const REASON_NO_DATA = 5;
export const REASONS = ['preferred', 'failover', 'spill', 'last-resort', 'refused', 'no-data'] as const;

/** What a decision works in and what it leaves: one per thread, reused. */
export type Decision = {
  readonly chance: Chance;
  /** By position among all services' clusters: whose turn it is among the clusters of a tier. */
  clusterTurns: Turns;
  /** By endpoint. */
  endpointTurns: Turns;
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
    chance: { bits: 0 },
    clusterTurns: createTurns(0),
    endpointTurns: createTurns(0),
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

/** The lowest class that counts, above those of endpoints: up, in a cluster where enough of them are. */
const ENOUGH_UP = ENDPOINT_UP + 1;

/**
 * Decides for preference list `list` of `rankMap` and any of `families` (FAMILY_* bits); the outcome is in `decision`,
 * whose chance and turns must be set before.
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
    if (pickFromTiers(snapshot, state, service, rankMap, list, families, ENOUGH_UP, pass, decision)) return;
  }
  decideLastResort(snapshot, state, service, rankMap, list, families, decision);
}

/** Nowhere is enough up. What then is answered was decided by the operator, per service; a forced-down endpoint never is. */
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
    // Fail open: the few that are up, wherever; then what is draining, which still works; then what is down.
    for (let lowest = ENDPOINT_UP; lowest >= ENDPOINT_DOWN; lowest--) {
      if (pickFromTiers(snapshot, state, service, rankMap, list, families, lowest, PASS_FULL, decision)) return;
    }
  }
  decision.reason = mayServe(snapshot, service, rankMap, list, families) ? REASON_REFUSED : REASON_NO_DATA;
  decision.trace?.push({ step: decision.reason === REASON_REFUSED ? 'refused' : 'no-data' });
}

/** Whether any cluster of the list has endpoints of `families`, in whatever state. */
function mayServe(
  { services, clusters }: Snapshot,
  service: number,
  { lists }: RankMap,
  list: number,
  families: number,
): boolean {
  const start = services.clusterStarts[service] ?? 0;
  const end = lists.offsets[list + 1] ?? 0;
  for (let at = lists.offsets[list] ?? 0; at < end; at++) {
    const cluster = services.clusters[start + ((lists.entries[at] ?? 0) & ~TIER_START)] ?? NONE;
    if (((clusters.families[cluster] ?? 0) & families) !== 0) return true;
  }
  return false;
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
    if (lowest === ENOUGH_UP) {
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
  const slot = (services.clusterStarts[service] ?? 0) + position;
  const cluster = services.clusters[slot] ?? NONE;
  if (((clusters.families[cluster] ?? 0) & families) === 0) {
    decision.trace?.push({ step: 'skip', cluster, because: 'family' });
    return false;
  }
  const serves = lowest < ENOUGH_UP || ((state.clusterServing[cluster] ?? 0) & families) !== 0;
  const weight = serves ? servingWeight(snapshot, state, cluster, families, lowest) : -1;
  if (weight < 0) {
    decision.trace?.push({ step: 'skip', cluster, because: 'health' });
    return true;
  }
  const room = roomOf(state.clusterLoads, cluster, services.shedLows[service] ?? 1, services.shedHighs[service] ?? 1);
  decision.trace?.push({ step: 'consider', cluster, weight, room });
  addCandidate(decision.candidates, slot, weight, room, connectionsOf(state.clusterLoads, cluster));
  return true;
}

/** The weight that the cluster has now; -1 when no endpoint of it may be used. */
function servingWeight(snapshot: Snapshot, state: State, cluster: number, families: number, lowest: number): number {
  const { clusters, endpoints } = snapshot;
  const end = clusters.endpointStarts[cluster + 1] ?? 0;
  let sum = -1;
  for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
    if (((endpoints.families[endpoint] ?? 0) & families) === 0) continue;
    if ((state.endpointClasses[endpoint] ?? 0) < Math.min(lowest, ENDPOINT_UP)) continue;
    sum = Math.max(sum, 0) + (endpoints.weights[endpoint] ?? 0);
  }
  const stated = clusters.weights[cluster] ?? NONE;
  return sum < 0 || stated === NONE ? sum : stated;
}

/**
 * Whether the tier takes this client: while one of its clusters has room it keeps its own, then it sheds in proportion. The
 * room of a cluster without weight counts only where all are without: as long as others have some, it gets nobody.
 */
function hasRoom({ candidates, chance }: Decision, pass: number): boolean {
  if (pass === PASS_FULL) return true;
  let most = 0;
  let mostIdle = 0;
  let isWeighted = false;
  for (let index = 0; index < candidates.count; index++) {
    const room = candidates.rooms[index] ?? 0;
    if ((candidates.weights[index] ?? 0) > 0) {
      isWeighted = true;
      most = Math.max(most, room);
    } else mostIdle = Math.max(mostIdle, room);
  }
  if (!isWeighted) most = mostIdle;
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
  const { candidates, chance, clusterTurns, chosen } = decision;
  const chosenCount = choose(pick, candidates, chance, clusterTurns, wantedClusters, chosen, 0);
  for (let index = 0; index < chosenCount; index++) {
    const slot = chosen[index] ?? 0;
    const cluster = services.clusters[slot] ?? NONE;
    const isName = ((clusters.families[cluster] ?? 0) & FAMILY_CNAME) !== 0;
    // A CNAME stands alone (RFC 1034 section 3.6.2): it is the answer, or it is left out.
    if (isName && index > 0) continue;
    const balance = clusters.balances[cluster] ?? 0;
    const limit = stated > 0 ? stated : pick === PICK_ALL || balance === PICK_ALL ? MAX_ANSWERS : 1;
    const share = Math.ceil((limit - decision.endpointCount) / (chosenCount - index));
    takeEndpoints(snapshot, state, service, cluster, families, lowest, isName ? 1 : share, decision);
    if (index === 0) {
      decision.cluster = cluster;
      decision.position = slot - (services.clusterStarts[service] ?? 0);
    }
    if (isName) break;
  }
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
    if ((state.endpointClasses[endpoint] ?? 0) < Math.min(lowest, ENDPOINT_UP)) continue;
    const room = roomOf(state.endpointLoads, endpoint, low, high);
    addCandidate(inner, endpoint, endpoints.weights[endpoint] ?? 0, room, connectionsOf(state.endpointLoads, endpoint));
  }
  const balance = clusters.balances[cluster] ?? 0;
  const { chance, endpointTurns } = decision;
  const count = choose(balance, inner, chance, endpointTurns, wanted, decision.endpoints, decision.endpointCount);
  for (let index = 0; index < count; index++) {
    const endpoint = decision.endpoints[decision.endpointCount + index] ?? 0;
    decision.trace?.push({ step: 'choose', cluster, endpoint });
  }
  decision.endpointCount += count;
}
