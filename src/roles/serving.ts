// What a node serves now: one revision, its snapshot, and the state beside it. Replaced whole by the next one.

import type { ClusterJudgement, HealthJudgement } from '../health/cluster-health.ts';
import { isStable, type Verdicts } from '../health/verdict.ts';
import { clusterLoadOf, endpointLoadsOf, type FreshReports, type Load } from '../load/apply-reports.ts';
import { handedOutOf, settleHandedOut } from '../load/handed-out.ts';
import type { LoadTable } from '../load/load-table.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Revision } from '../model/revision.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import type { Ranking } from '../steering/ranking.ts';

export type Serving = {
  readonly revision: Revision;
  readonly configuration: Configuration;
  readonly snapshot: Snapshot;
  /** What the snapshot's rankings were compiled from, by the same index. */
  readonly rankings: readonly Ranking[];
  readonly state: State;
  /** Of shared memory that the snapshot before did not have: as much of that one is garbage soon. */
  readonly newBytes: number;
};

/**
 * Writes what may be answered, and the TTLs that follow from it: a service whose endpoints all are as they should be may
 * be remembered for long, one where something is wrong or in doubt only for short, since it is about to change.
 */
export function applyHealth(
  { configuration, snapshot, state }: Serving,
  judgement: HealthJudgement,
  verdicts: Verdicts,
): void {
  state.endpointClasses.set(judgement.endpointClass);
  state.clusterServing.set(judgement.clusterServing);
  const { endpoints, clusterRamps } = judgement;
  for (let index = 0; index < endpoints.length; index++) state.endpointFactors[index] = endpoints[index]?.factor ?? 1;
  for (let index = 0; index < state.clusterRamps.length; index++)
    state.clusterRamps[index] = clusterRamps?.[index] ?? 1;
  const settled = new Map<string, boolean>();
  let first = 0;
  for (const [index, cluster] of configuration.clusters.entries()) {
    const isSettled = state.clusterRamps[index] === 1 && isSteady(judgement, index, first, verdicts);
    settled.set(cluster.id, isSettled);
    first += cluster.endpoints.length;
  }
  for (const [index, service] of configuration.services.entries()) {
    const { ttlMins, ttlMaxs } = snapshot.services;
    const steady = service.clusters.every((cluster) => settled.get(cluster));
    state.serviceTtls[index] = (steady ? ttlMaxs : ttlMins)[index] ?? 0;
  }
}

/** By what it was judged to be: it is judged anew whenever the evidence on one of its targets is another. */
const steadiness = new WeakMap<ClusterJudgement, boolean>();

/** Whether all monitors of a cluster, whose endpoints begin at `first`, say that it is up, and none is about to say otherwise. */
function isSteady({ clusters, endpoints }: HealthJudgement, index: number, first: number, verdicts: Verdicts): boolean {
  const judged = clusters[index];
  if (judged === undefined) return false;
  const known = steadiness.get(judged);
  if (known !== undefined) return known;
  let isAllSteady = true;
  for (let at = first; endpoints[at]?.cluster === judged.cluster; at++) {
    // One of several monitors that is down may need but another one to take the endpoint out.
    for (const { target, verdict } of endpoints[at]?.targets ?? []) {
      const evidence = verdicts.get(target);
      if (verdict !== 'up' || (evidence !== undefined && !isStable(evidence))) isAllSteady = false;
    }
  }
  steadiness.set(judged, isAllSteady);
  return isAllSteady;
}

/** Writes the loads that are known. `renewed`: subjects with a new report, for which counting answers begins anew. */
export function applyLoads(
  { configuration, state }: Serving,
  reports: FreshReports,
  renewed: ReadonlySet<string>,
): void {
  let first = 0;
  for (const [index, cluster] of configuration.clusters.entries()) {
    const endpoints = endpointLoadsOf(cluster, reports);
    for (const [position, load] of endpoints.entries()) {
      const subject = `${cluster.id}/${cluster.endpoints[position]?.id}`;
      writeLoad(state.endpointLoads, first + position, load, renewed.has(subject));
    }
    writeLoad(state.clusterLoads, index, clusterLoadOf(cluster, reports), renewed.has(cluster.id));
    // Who does not report for itself has what its endpoints have, of answers handed out too: they report one by one.
    if (!reports.has(cluster.id)) {
      settleHandedOut(state.clusterLoads, index, sumHandedOut(state.endpointLoads, first, first + endpoints.length));
    }
    first += endpoints.length;
  }
}

function sumHandedOut(table: LoadTable, start: number, end: number): number {
  let sum = 0;
  for (let index = start; index < end; index++) sum += handedOutOf(table, index);
  return sum;
}

/** What was handed out by one snapshot is still on its way when the next one takes its place. */
export function carryHandedOut(from: Serving, to: Serving): void {
  carryCounts(from.snapshot.clusters.ids, from.state.clusterLoads, to.snapshot.clusters.ids, to.state.clusterLoads);
  carryCounts(from.snapshot.endpoints.ids, from.state.endpointLoads, to.snapshot.endpoints.ids, to.state.endpointLoads);
}

function carryCounts(fromIds: readonly string[], from: LoadTable, toIds: readonly string[], to: LoadTable): void {
  const counts = new Map(fromIds.map((id, index) => [id, handedOutOf(from, index)]));
  for (const [index, id] of toIds.entries()) settleHandedOut(to, index, counts.get(id) ?? 0);
}

/** Answers fade out of the counts as they fade out of resolvers' caches: by this share a second. */
const FADE_PER_SECOND = Math.exp(-1 / 30);

export function fadeHandedOut({ state }: Serving, seconds: number): void {
  const factor = FADE_PER_SECOND ** seconds;
  for (const table of [state.clusterLoads, state.endpointLoads]) {
    for (let index = 0; index < table.settled.length; index++) {
      settleHandedOut(table, index, handedOutOf(table, index) * factor);
    }
  }
}

function writeLoad(table: LoadTable, index: number, load: Load, renewed: boolean): void {
  table.connections[index] = load.connections;
  table.capacities[index] = load.capacity;
  table.answerCosts[index] = load.answerCost;
  if (renewed) settleHandedOut(table, index, 0);
}
