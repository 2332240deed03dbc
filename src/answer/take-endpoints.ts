// From a tier's candidates to endpoints: the service's algorithm chooses the cluster, the cluster's own its endpoints.

import { addCandidate } from '../load/candidates.ts';
import { choose, PICK_ALL, PICK_LEAST_CONNECTIONS, PICK_WEIGHTED } from '../load/choose.ts';
import { connectionsOf, roomOf } from '../load/room.ts';
import { MAX_ANSWERS } from '../model/limits.ts';
import { FAMILY_CNAME, NONE } from '../snapshot/snapshot.ts';
import type { Decision } from './decision.ts';
import { mayUse } from './gather-cluster.ts';

/** Chooses one of the candidate clusters, or all of them, and fills the answer with endpoints of class `lowest` or better. */
export function takeFromTier(decision: Decision, lowest: number): void {
  const { service, clusterCandidates, chance, clusterTurns, chosenClusters } = decision;
  const { services, clusters } = decision.snapshot;
  const pick = services.picks[service] ?? 0;
  const wantedClusters = pick === PICK_ALL ? MAX_ANSWERS : 1;
  const stated = services.answerCounts[service] ?? 0;
  const chosenCount = choose(pick, clusterCandidates, chance, clusterTurns, wantedClusters, chosenClusters, 0);
  for (let index = 0; index < chosenCount; index++) {
    const slot = chosenClusters[index] ?? 0;
    const cluster = services.clusters[slot] ?? NONE;
    const isName = ((clusters.families[cluster] ?? 0) & FAMILY_CNAME) !== 0;
    // A CNAME stands alone (RFC 1034 section 3.6.2): it is the answer, or it is left out.
    if (isName && index > 0) continue;
    const balance = clusters.balances[cluster] ?? 0;
    const limit = stated > 0 ? stated : pick === PICK_ALL || balance === PICK_ALL ? MAX_ANSWERS : 1;
    const share = Math.ceil((limit - decision.endpointCount) / (chosenCount - index));
    takeEndpoints(decision, cluster, lowest, isName ? 1 : share);
    if (index === 0) {
      decision.cluster = cluster;
      decision.position = slot - (services.clusterStarts[service] ?? 0);
    }
    if (isName) break;
  }
}

function takeEndpoints(decision: Decision, cluster: number, lowest: number, wanted: number): void {
  const { snapshot, state, service, endpointCandidates, chance, endpointTurns } = decision;
  const { services, clusters, endpoints } = snapshot;
  const low = services.shedLows[service] ?? 1;
  const high = services.shedHighs[service] ?? 1;
  const loads = state.endpointLoads;
  const balance = clusters.balances[cluster] ?? 0;
  const isWeighted = balance === PICK_WEIGHTED || balance === PICK_LEAST_CONNECTIONS;
  const isCounted = balance === PICK_LEAST_CONNECTIONS;
  const end = clusters.endpointStarts[cluster + 1] ?? 0;
  endpointCandidates.count = 0;
  for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
    if (!mayUse(decision, endpoint, lowest)) continue;
    const factor = state.endpointFactors[endpoint] ?? 1;
    const room = roomOf(loads, endpoint, low, high);
    addCandidate(
      endpointCandidates,
      endpoint,
      (endpoints.weights[endpoint] ?? 0) * factor,
      // Who goes by turns does not ask for weights: a turn is let pass as often as the share is small.
      isWeighted ? room : room * factor,
      isCounted ? connectionsOf(loads, endpoint) : 0,
    );
  }
  const at = decision.endpointCount;
  const count = choose(balance, endpointCandidates, chance, endpointTurns, wanted, decision.endpoints, at);
  for (let index = at; index < at + count; index++) {
    decision.trace?.push({ step: 'choose', cluster, endpoint: decision.endpoints[index] ?? NONE });
  }
  decision.endpointCount = at + count;
}
