// What a steered name is in a transfer: its last-resort set. A secondary knows neither who asks nor who is healthy, so that it
// gets what Azimuth itself would answer if it knew nothing either (docs/decisions/0022).
//
//   last resort {cluster: C}   the endpoints of C
//   fail-open, refuse          the endpoints of all clusters, in turns: the first of each cluster, the second of each …
//
// At most MAX_ANSWERS addresses of a family, or else one CNAME. That of `refuse` too, for the other choice is a secondary that
// denies a name which exists.

import { MAX_ANSWERS } from '../model/limits.ts';
import { FAMILY_A, FAMILY_AAAA, FAMILY_CNAME, LAST_RESORT_CLUSTER, NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { TYPE_A, TYPE_AAAA, TYPE_CNAME } from '../wire/record-types.ts';
import { packData, type TransferSet } from './transfer-set.ts';

/** A set of each family that it has addresses of; without any, its first CNAME. */
export function listLastResort(snapshot: Snapshot, service: number): readonly TransferSet[] {
  const endpoints = inTurns(snapshot, clustersOf(snapshot, service));
  const ttlSeconds = snapshot.services.ttlMins[service] ?? 0;
  const sets = [
    packSet(snapshot, endpoints, FAMILY_A, TYPE_A, MAX_ANSWERS, ttlSeconds),
    packSet(snapshot, endpoints, FAMILY_AAAA, TYPE_AAAA, MAX_ANSWERS, ttlSeconds),
  ].filter(({ count }) => count > 0);
  if (sets.length > 0) return sets;
  const alias = packSet(snapshot, endpoints, FAMILY_CNAME, TYPE_CNAME, 1, ttlSeconds);
  return alias.count > 0 ? [alias] : [];
}

function clustersOf({ services }: Snapshot, service: number): readonly number[] {
  const first = services.clusterStarts[service] ?? 0;
  if (services.lastResorts[service] === LAST_RESORT_CLUSTER) {
    return [services.clusters[first + (services.lastResortPositions[service] ?? 0)] ?? NONE];
  }
  return [...services.clusters.subarray(first, services.clusterStarts[service + 1] ?? first)];
}

function inTurns({ clusters }: Snapshot, ids: readonly number[]): number[] {
  const ranges = ids.map((id) => [clusters.endpointStarts[id] ?? 0, clusters.endpointStarts[id + 1] ?? 0] as const);
  const longest = Math.max(0, ...ranges.map(([start, end]) => end - start));
  const endpoints: number[] = [];
  for (let turn = 0; turn < longest; turn++) {
    for (const [start, end] of ranges) if (start + turn < end) endpoints.push(start + turn);
  }
  return endpoints;
}

/** The first `most` of the family that differ: two clusters may hold the same address. */
function packSet(
  { endpoints }: Snapshot,
  chosen: readonly number[],
  family: number,
  type: number,
  most: number,
  ttlSeconds: number,
): TransferSet {
  const records = new Map<string, Uint8Array>();
  for (const endpoint of chosen) {
    if (records.size === most) break;
    if (endpoints.families[endpoint] !== family) continue;
    const start = endpoints.dataStarts[endpoint] ?? 0;
    const data = endpoints.data.subarray(start, start + (endpoints.dataLengths[endpoint] ?? 0));
    records.set(data.join(), data);
  }
  return packData(type, ttlSeconds, [...records.values()]);
}
