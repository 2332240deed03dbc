// Whether a cluster is a candidate now: has it what is asked for, is enough of it up, what weight and room does it have.

import { ENDPOINT_UP } from '../health/cluster-health.ts';
import { addCandidate } from '../load/candidates.ts';
import { PICK_LEAST_CONNECTIONS } from '../load/choose.ts';
import { connectionsOf, roomOf } from '../load/room.ts';
import { NONE } from '../snapshot/snapshot.ts';
import type { Decision } from './decision.ts';

/** The lowest class that counts, above those of endpoints: up, in a cluster where enough of them are. */
export const ENOUGH_UP = ENDPOINT_UP + 1;

/**
 * Adds the cluster at `position` to the candidates if it can serve one of the families with endpoints of class `lowest` or
 * better. Returns whether it has such endpoints at all, in whatever state.
 */
export function gatherCluster(decision: Decision, position: number, lowest: number): boolean {
  const { snapshot, state, service, families } = decision;
  const { services, clusters } = snapshot;
  const slot = (services.clusterStarts[service] ?? 0) + position;
  const cluster = services.clusters[slot] ?? NONE;
  if (((clusters.families[cluster] ?? 0) & families) === 0) {
    decision.trace?.push({ step: 'skip', cluster, because: 'family' });
    return false;
  }
  const serves = lowest < ENOUGH_UP || ((state.clusterServing[cluster] ?? 0) & families) !== 0;
  const weight = serves ? servingWeight(decision, cluster, lowest) : -1;
  if (weight < 0) {
    decision.trace?.push({ step: 'skip', cluster, because: 'health' });
    return true;
  }
  const loadRoom = roomOf(
    state.clusterLoads,
    cluster,
    services.shedLows[service] ?? 1,
    services.shedHighs[service] ?? 1,
  );
  // A cluster that is coming back takes a share of its clients: the others go where they went until now.
  const ramped = loadRoom * (state.clusterRamps[cluster] ?? 1);
  const room = weight === 0 && isGivenUp(decision, cluster, lowest) ? 0 : ramped;
  decision.trace?.push({ step: 'consider', cluster, weight, room });
  const isCounted = services.picks[service] === PICK_LEAST_CONNECTIONS;
  const connections = isCounted ? connectionsOf(state.clusterLoads, cluster) : 0;
  addCandidate(decision.clusterCandidates, slot, weight, room, connections);
  return true;
}

/** The weight that the cluster has now; -1 when no endpoint of it may be used. */
function servingWeight(decision: Decision, cluster: number, lowest: number): number {
  const { clusters, endpoints } = decision.snapshot;
  const { endpointFactors, clusterRamps } = decision.state;
  const end = clusters.endpointStarts[cluster + 1] ?? 0;
  let sum = -1;
  let whole = 0;
  for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
    if (!mayUse(decision, endpoint, lowest)) continue;
    const weight = endpoints.weights[endpoint] ?? 0;
    whole += weight;
    sum = Math.max(sum, 0) + weight * (endpointFactors[endpoint] ?? 1);
  }
  const stated = clusters.weights[cluster] ?? NONE;
  if (stated !== NONE && sum >= 0) sum = whole > 0 ? (stated * sum) / whole : stated;
  // What all of them have in common is in the room of the cluster already.
  const ramp = clusterRamps[cluster] ?? 1;
  return ramp < 1 && sum > 0 ? Math.min(sum / ramp, stated === NONE ? whole : stated) : sum;
}

/** Whether all that have a weight ask for no clients now: those go elsewhere, as long as another cluster has room. */
function isGivenUp(decision: Decision, cluster: number, lowest: number): boolean {
  const { clusters, endpoints } = decision.snapshot;
  const end = clusters.endpointStarts[cluster + 1] ?? 0;
  let isWeighted = false;
  for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
    if (!mayUse(decision, endpoint, lowest) || (endpoints.weights[endpoint] ?? 0) === 0) continue;
    if ((decision.state.endpointFactors[endpoint] ?? 1) > 0) return false;
    isWeighted = true;
  }
  return isWeighted;
}

/** Whether the endpoint answers what was asked, and is of class `lowest` or better. */
export function mayUse({ snapshot, state, families }: Decision, endpoint: number, lowest: number): boolean {
  if (((snapshot.endpoints.families[endpoint] ?? 0) & families) === 0) return false;
  return (state.endpointClasses[endpoint] ?? 0) >= Math.min(lowest, ENDPOINT_UP);
}
