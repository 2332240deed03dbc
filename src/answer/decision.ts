// What a decision is about, what it works in, and what it leaves: one per thread, reused. The steps of deciding (decide.ts,
// gather-cluster.ts, take-endpoints.ts) all work on it.

import { type Candidates, createCandidates } from '../load/candidates.ts';
import type { Chance } from '../load/chance.ts';
import { createTurns, type Turns } from '../load/turns.ts';
import { MAX_ANSWERS } from '../model/limits.ts';
import { NONE, type Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import type { PreferenceLists } from '../steering/run-map.ts';
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

export type Decision = {
  snapshot: Snapshot;
  state: State;
  service: number;
  /** The client's preference list is `lists`' entry `list`. */
  lists: PreferenceLists;
  list: number;
  /** FAMILY_* bits: any of them answers the question. */
  families: number;
  readonly chance: Chance;
  /** By position among all services' clusters: whose turn it is among the clusters of a tier. */
  clusterTurns: Turns;
  /** By endpoint. */
  endpointTurns: Turns;
  /** Clusters of a tier, by their position among all services' clusters; endpoints of a cluster. */
  readonly clusterCandidates: Candidates;
  readonly endpointCandidates: Candidates;
  readonly chosenClusters: Int32Array;
  /** Endpoints to answer with, none when refused. */
  readonly endpoints: Int32Array;
  endpointCount: number;
  /** The cluster of the first endpoint, as index and as position in the service; NONE when refused. */
  cluster: number;
  position: number;
  /** One of REASON_*. */
  reason: number;
  trace: Trace | undefined;
};

const NO_LISTS: PreferenceLists = { offsets: new Uint32Array(1), entries: new Uint16Array(0) };

export function createDecision(snapshot: Snapshot, state: State): Decision {
  return {
    snapshot,
    state,
    service: NONE,
    lists: NO_LISTS,
    list: 0,
    families: 0,
    chance: { bits: 0 },
    clusterTurns: createTurns(0),
    endpointTurns: createTurns(0),
    clusterCandidates: createCandidates(),
    endpointCandidates: createCandidates(),
    chosenClusters: new Int32Array(MAX_ANSWERS),
    endpoints: new Int32Array(MAX_ANSWERS),
    endpointCount: 0,
    cluster: NONE,
    position: NONE,
    reason: REASON_REFUSED,
    trace: undefined,
  };
}
