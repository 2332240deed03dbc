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
import { throwDice } from '../load/chance.ts';
import { LAST_RESORT_CLUSTER, LAST_RESORT_REFUSE, NONE, type Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import { type PreferenceLists, TIER_START } from '../steering/run-map.ts';
import {
  type Decision,
  REASON_FAILOVER,
  REASON_LAST_RESORT,
  REASON_NO_DATA,
  REASON_PREFERRED,
  REASON_REFUSED,
  REASON_SPILL,
} from './decision.ts';
import { ENOUGH_UP, gatherCluster } from './gather-cluster.ts';
import { takeFromTier } from './take-endpoints.ts';

/** How the passes over the tiers treat load. */
const PASS_SHED = 0;
const PASS_ROOM = 1;
const PASS_FULL = 2;
const PASSES = 3;

/**
 * Decides for preference list `list` of `lists` and any of `families` (FAMILY_* bits); the outcome is in `decision`, whose
 * chance and turns must be set before.
 */
export function decide(
  decision: Decision,
  snapshot: Snapshot,
  state: State,
  service: number,
  lists: PreferenceLists,
  list: number,
  families: number,
): void {
  decision.snapshot = snapshot;
  decision.state = state;
  decision.service = service;
  decision.lists = lists;
  decision.list = list;
  decision.families = families;
  decision.endpointCount = 0;
  decision.cluster = NONE;
  decision.position = NONE;
  for (let pass = PASS_SHED; pass < PASSES; pass++) {
    if (pickFromTiers(decision, ENOUGH_UP, pass)) return;
  }
  decideLastResort(decision);
}

/** Goes through the tiers in order; true when one of them gave endpoints of class `lowest` or better. */
function pickFromTiers(decision: Decision, lowest: number, pass: number): boolean {
  const { lists, list, clusterCandidates } = decision;
  const { offsets, entries } = lists;
  const start = offsets[list] ?? 0;
  const end = offsets[list + 1] ?? 0;
  decision.trace?.push({ step: 'pass', pass, lowest });
  let healthSkipped = false;
  let loadSkipped = false;
  for (let at = start; at < end; ) {
    const tierStart = at;
    clusterCandidates.count = 0;
    let canEverServe = false;
    do {
      if (gatherCluster(decision, (entries[at] ?? 0) & ~TIER_START, lowest)) canEverServe = true;
      at++;
    } while (at < end && ((entries[at] ?? 0) & TIER_START) === 0);

    if (clusterCandidates.count === 0) {
      if (canEverServe) healthSkipped = true;
      continue;
    }
    if (!hasRoom(decision, pass)) {
      decision.trace?.push({ step: 'shed', tier: tierStart - start, pass });
      loadSkipped = true;
      continue;
    }
    if (lowest === ENOUGH_UP) {
      decision.reason = loadSkipped ? REASON_SPILL : healthSkipped ? REASON_FAILOVER : REASON_PREFERRED;
    }
    takeFromTier(decision, lowest);
    return true;
  }
  return false;
}

/**
 * Whether the tier takes this client: while one of its clusters has room it keeps its own, then it sheds in proportion. The
 * room of a cluster without weight counts only where all are without: as long as others have some, it gets nobody.
 */
function hasRoom({ clusterCandidates: candidates, chance }: Decision, pass: number): boolean {
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

/** Nowhere is enough up. What then is answered was decided by the operator, per service; a forced-down endpoint never is. */
function decideLastResort(decision: Decision): void {
  const { service } = decision;
  const { services } = decision.snapshot;
  const rule = services.lastResorts[service];
  decision.reason = REASON_LAST_RESORT;
  if (rule !== LAST_RESORT_REFUSE) {
    if (rule === LAST_RESORT_CLUSTER && pickFromOne(decision, services.lastResortPositions[service] ?? NONE)) return;
    // Fail open: the few that are up, wherever; then what is draining, which still works; then what is down.
    for (let lowest = ENDPOINT_UP; lowest >= ENDPOINT_DOWN; lowest--) {
      if (pickFromTiers(decision, lowest, PASS_FULL)) return;
    }
  }
  decision.reason = mayServe(decision) ? REASON_REFUSED : REASON_NO_DATA;
  decision.trace?.push({ step: decision.reason === REASON_REFUSED ? 'refused' : 'no-data' });
}

function pickFromOne(decision: Decision, position: number): boolean {
  for (let lowest = ENDPOINT_UP; lowest >= ENDPOINT_DOWN; lowest--) {
    decision.clusterCandidates.count = 0;
    gatherCluster(decision, position, lowest);
    if (decision.clusterCandidates.count > 0) {
      takeFromTier(decision, lowest);
      return true;
    }
  }
  return false;
}

/** Whether any cluster of the list has endpoints of the families that were asked for, in whatever state. */
function mayServe({ snapshot, service, lists, list, families }: Decision): boolean {
  const { services, clusters } = snapshot;
  const start = services.clusterStarts[service] ?? 0;
  const end = lists.offsets[list + 1] ?? 0;
  for (let at = lists.offsets[list] ?? 0; at < end; at++) {
    const cluster = services.clusters[start + ((lists.entries[at] ?? 0) & ~TIER_START)] ?? NONE;
    if (((clusters.families[cluster] ?? 0) & families) !== 0) return true;
  }
  return false;
}
