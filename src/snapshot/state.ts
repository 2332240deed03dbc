// State: what changes by the second, laid out by the indices of one snapshot, in shared memory. The control thread
// writes it, answer threads read it; every entry stands on its own, so that a reader never needs two of them to agree.

import { ENDPOINT_UP } from '../health/cluster-health.ts';
import type { LoadTable } from '../load/load-table.ts';
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8 } from './shared-array.ts';
import type { Snapshot } from './snapshot.ts';

export type State = {
  /** ENDPOINT_* of health/cluster-health.ts, per endpoint. */
  readonly endpointClasses: Uint8Array;
  /** Per cluster the families (FAMILY_* bits) in which it has enough endpoints that are up. */
  readonly clusterServing: Uint8Array;
  /** Per endpoint the share of its weight that it has now, 0..1: it is coming back, or asks for less. */
  readonly endpointFactors: Float32Array;
  /** Per cluster the share of its clients that it takes, 0..1: less than 1 while all of it is coming back. */
  readonly clusterRamps: Float32Array;
  readonly clusterLoads: LoadTable;
  readonly endpointLoads: LoadTable;
  /** Seconds, between the service's bounds. */
  readonly serviceTtls: Int32Array;
  /** One entry: 1 while nobody checks what is to be checked, so that the last verdicts hold; otherwise 0. */
  readonly staleness: Uint8Array;
};

/** A state in which everything is up and nothing is loaded, for so many answer threads. */
export function createState(snapshot: Snapshot, threads = 1): State {
  const clusterCount = snapshot.clusters.ids.length;
  const endpointCount = snapshot.endpoints.ids.length;
  const state: State = {
    endpointClasses: sharedUint8(endpointCount),
    clusterServing: sharedUint8(clusterCount),
    endpointFactors: sharedFloat32(endpointCount).fill(1),
    clusterRamps: sharedFloat32(clusterCount).fill(1),
    clusterLoads: createLoadTable(clusterCount, threads),
    endpointLoads: createLoadTable(endpointCount, threads),
    serviceTtls: sharedInt32(snapshot.services.ids.length),
    staleness: sharedUint8(1),
  };
  state.endpointClasses.fill(ENDPOINT_UP);
  state.clusterServing.set(snapshot.clusters.families);
  state.serviceTtls.set(snapshot.services.ttlMaxs);
  return state;
}

/** The state as it is now, in memory of its own: for deciding without anybody noticing. */
export function copyState(state: State): State {
  return {
    endpointClasses: state.endpointClasses.slice(),
    clusterServing: state.clusterServing.slice(),
    endpointFactors: state.endpointFactors.slice(),
    clusterRamps: state.clusterRamps.slice(),
    clusterLoads: copyLoadTable(state.clusterLoads),
    endpointLoads: copyLoadTable(state.endpointLoads),
    serviceTtls: state.serviceTtls.slice(),
    staleness: state.staleness.slice(),
  };
}

function copyLoadTable({ connections, capacities, answerCosts, handedOut, settled }: LoadTable): LoadTable {
  return {
    connections: connections.slice(),
    capacities: capacities.slice(),
    answerCosts: answerCosts.slice(),
    handedOut: handedOut.slice(),
    settled: settled.slice(),
  };
}

function createLoadTable(length: number, threads: number): LoadTable {
  return {
    connections: sharedFloat32(length),
    capacities: sharedFloat32(length),
    // As while nobody reports: answers that were handed out count.
    answerCosts: sharedFloat32(length).fill(1),
    handedOut: sharedFloat64(length * threads),
    settled: sharedFloat64(length),
  };
}
