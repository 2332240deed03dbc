// From verdicts and operators' words to what may be answered: a class per endpoint, and per cluster the address families
// in which it has enough endpoints that are up. Families are judged apart: a cluster whose AAAA endpoints are all down
// still serves A, and is no candidate for AAAA.

import type { Cluster, Endpoint, EndpointTarget, HealthyWhen, MinHealthy } from '../model/cluster.ts';
import type { Configuration } from '../model/configuration.ts';
import { FAMILY_BITS } from '../model/family-bits.ts';
import type { Region } from '../model/region.ts';
import {
  collectOverrides,
  type Directive,
  findDirective,
  findNextExpiryMs,
  type OverridesInForce,
} from './override-precedence.ts';
import { listTargets, type Target } from './target.ts';
import type { VerdictState } from './verdict.ts';

/** Never answered, not even as a last resort. */
export const ENDPOINT_FORCED_DOWN = 0;
/** Answered only as a last resort. */
export const ENDPOINT_DOWN = 1;
/** Not given to clients; before a down one as a last resort. */
export const ENDPOINT_DRAINING = 2;
export const ENDPOINT_UP = 3;

export type EndpointClass =
  | typeof ENDPOINT_FORCED_DOWN
  | typeof ENDPOINT_DOWN
  | typeof ENDPOINT_DRAINING
  | typeof ENDPOINT_UP;

export type Family = EndpointTarget['family'];

/** Why an endpoint is in its class. */
export type EndpointJudgement = {
  readonly cluster: string;
  readonly endpoint: string;
  readonly family: Family;
  readonly class: EndpointClass;
  /** What each monitor of its cluster checks of it, in the cluster's order; none: nothing checks it. */
  readonly targets: readonly TargetJudgement[];
  /** What the vantages say, all monitors together; `unmonitored` where nothing checks it. */
  readonly verdict: VerdictState | 'unmonitored';
  /** The operator's word, if one holds. */
  readonly directive?: Directive;
  /** The removal brake holds it as it was until then (removal-brake.ts); wall clock, milliseconds since 1970. */
  readonly heldUntilMs?: number;
  /** Answered although it is down, since too few of its cluster are up and nobody else can serve (panic.ts). */
  readonly isPanicked?: true;
  /** Of its weight, 0..1; absent: all of it (slow-start.ts). */
  readonly factor?: number;
};

/** One cluster with its endpoints. */
export type ClusterPart = { readonly cluster: ClusterJudgement; readonly endpoints: readonly EndpointJudgement[] };

export type TargetJudgement = {
  /** Its id: see target.ts. */
  readonly target: string;
  readonly monitor: string;
  readonly verdict: VerdictState;
};

export type FamilyJudgement = {
  readonly family: Family;
  readonly total: number;
  readonly up: number;
  /** How many must be up. */
  readonly needed: number;
  readonly serving: boolean;
};

export type ClusterJudgement = {
  readonly cluster: string;
  /** Those that it has endpoints of, in the order A, AAAA, CNAME. */
  readonly families: readonly FamilyJudgement[];
};

export type HealthJudgement = {
  /** EndpointClass of every endpoint: the clusters in the configuration's order, each with its endpoints in order. */
  readonly endpointClass: Uint8Array;
  /** FAMILY_BITS in which each cluster serves, in the configuration's order. */
  readonly clusterServing: Uint8Array;
  /** One per entry of `endpointClass`. */
  readonly endpoints: readonly EndpointJudgement[];
  /** One per entry of `clusterServing`. */
  readonly clusters: readonly ClusterJudgement[];
  /** Per cluster the share (0..1) of its clients that it takes while it comes back; absent: all of them do. */
  readonly clusterRamps?: Float32Array;
  /** Wall-clock ms at which an override expires and all must be judged anew; undefined: none will. */
  readonly nextExpiryMs: number | undefined;
};

/**
 * Judges every endpoint and cluster.
 * @param verdictOf the verdict on a target id (see target.ts); undefined counts as `unknown`, which is served as up
 * @param nowMs wall clock, milliseconds since 1970: overrides expire by it
 */
export function judgeClusters(
  configuration: Configuration,
  verdictOf: (targetId: string) => VerdictState | undefined,
  nowMs: number,
): HealthJudgement {
  const plan = planJudging(configuration, listTargets(configuration));
  const inForce = collectOverrides(configuration.overrides, nowMs);
  const parts = configuration.clusters.map((cluster) => judgePart(plan, cluster, verdictOf, inForce));
  return { ...joinParts(parts), nextExpiryMs: findNextExpiryMs(configuration.overrides, nowMs) };
}

/** What of a configuration judging its clusters goes by. */
export type JudgingPlan = {
  readonly regions: ReadonlyMap<string, Region>;
  /** By `cluster/endpoint`. */
  readonly targets: ReadonlyMap<string, readonly Target[]>;
};

export function planJudging({ regions }: Configuration, targets: readonly Target[]): JudgingPlan {
  return {
    regions: new Map(regions.map((region) => [region.id, region])),
    targets: Map.groupBy(targets, ({ cluster, endpoint }) => `${cluster}/${endpoint}`),
  };
}

export function judgePart(
  { regions, targets }: JudgingPlan,
  cluster: Cluster,
  verdictOf: (targetId: string) => VerdictState | undefined,
  inForce: OverridesInForce,
): ClusterPart {
  const endpoints = cluster.endpoints.map((endpoint) => {
    const judged = judgeTargets(targets.get(`${cluster.id}/${endpoint.id}`) ?? [], verdictOf);
    const region = regions.get(cluster.region);
    const directive = findDirective(inForce, { region, cluster: cluster.id, endpoint: endpoint.id });
    return judgeEndpoint(cluster, endpoint, judged, directive);
  });
  return { cluster: judgeCluster(cluster, endpoints), endpoints };
}

export function joinParts(parts: readonly ClusterPart[]): Omit<HealthJudgement, 'nextExpiryMs' | 'clusterRamps'> {
  const endpoints = parts.flatMap((part) => part.endpoints);
  const clusters = parts.map(({ cluster }) => cluster);
  return {
    endpointClass: Uint8Array.from(endpoints, (endpoint) => endpoint.class),
    clusterServing: Uint8Array.from(clusters, servingBits),
    endpoints,
    clusters,
  };
}

/** As `joinParts` of all, where only the parts at these indices are others than before. */
export function replaceParts(
  before: ReturnType<typeof joinParts>,
  parts: readonly ClusterPart[],
  indices: Iterable<number>,
  firstEndpoints: readonly number[],
): ReturnType<typeof joinParts> {
  const endpoints = before.endpoints.slice();
  const clusters = before.clusters.slice();
  const endpointClass = before.endpointClass.slice();
  const clusterServing = before.clusterServing.slice();
  for (const index of indices) {
    const part = parts[index];
    if (part === undefined) continue;
    clusters[index] = part.cluster;
    clusterServing[index] = servingBits(part.cluster);
    for (const [place, endpoint] of part.endpoints.entries()) {
      const at = (firstEndpoints[index] ?? 0) + place;
      endpoints[at] = endpoint;
      endpointClass[at] = endpoint.class;
    }
  }
  return { endpointClass, clusterServing, endpoints, clusters };
}

/** How many of `total` endpoints of one family must be up: at least 1, at most all of them; shares are rounded up. */
export function countNeeded(minHealthy: MinHealthy, total: number): number {
  // A hair is taken off before rounding up: 0.07 × 100 is 7.000000000000001 in doubles, and means 7.
  const wanted = 'count' in minHealthy ? minHealthy.count : Math.ceil(minHealthy.share * total - 1e-9);
  return Math.max(1, Math.min(wanted, total));
}

/**
 * What the monitors of one endpoint say together, an unknown one counting as up. Where the words of those that are up are
 * not enough by themselves it is `unknown`, and where even the unknown ones would not do it is `down`.
 */
export function combineVerdicts(
  verdicts: readonly VerdictState[],
  healthyWhen: HealthyWhen,
): VerdictState | 'unmonitored' {
  if (verdicts.length === 0) return 'unmonitored';
  const wanted = healthyWhen === 'all' ? verdicts.length : healthyWhen === 'any' ? 1 : healthyWhen.atLeast;
  const needed = Math.min(wanted, verdicts.length);
  if (verdicts.filter((verdict) => verdict === 'up').length >= needed) return 'up';
  return verdicts.filter((verdict) => verdict !== 'down').length >= needed ? 'unknown' : 'down';
}

function judgeTargets(
  targets: readonly Target[],
  verdictOf: (targetId: string) => VerdictState | undefined,
): readonly TargetJudgement[] {
  return targets.map(({ id, monitor }) => ({ target: id, monitor, verdict: verdictOf(id) ?? 'unknown' }));
}

function judgeEndpoint(
  cluster: Cluster,
  endpoint: Endpoint,
  targets: readonly TargetJudgement[],
  directive: Directive | undefined,
): EndpointJudgement {
  const verdicts = targets.map(({ verdict }) => verdict);
  const verdict = combineVerdicts(verdicts, cluster.healthyWhen);
  return {
    cluster: cluster.id,
    endpoint: endpoint.id,
    family: endpoint.target.family,
    class: classify(verdict, directive),
    targets,
    verdict,
    ...(directive === undefined ? {} : { directive }),
  };
}

function classify(verdict: EndpointJudgement['verdict'], directive: Directive | undefined): EndpointClass {
  switch (directive?.state) {
    case 'force-down':
      return ENDPOINT_FORCED_DOWN;
    case 'drain':
      // Neither is given to clients; as a last resort one that lives goes before one that does not.
      return verdict === 'down' ? ENDPOINT_DOWN : ENDPOINT_DRAINING;
    case 'force-up':
      return ENDPOINT_UP;
    case undefined:
      return verdict === 'down' ? ENDPOINT_DOWN : ENDPOINT_UP;
  }
}

const FAMILIES: readonly Family[] = ['A', 'AAAA', 'CNAME'];

/** How many of each family are up, and whether that is enough. */
export function judgeCluster(cluster: Cluster, endpoints: readonly EndpointJudgement[]): ClusterJudgement {
  const families = FAMILIES.flatMap((family) => {
    const ofFamily = endpoints.filter((endpoint) => endpoint.family === family);
    const total = ofFamily.length;
    if (total === 0) return [];
    const up = ofFamily.filter((endpoint) => endpoint.class === ENDPOINT_UP).length;
    const needed = countNeeded(cluster.minHealthy, total);
    return { family, total, up, needed, serving: up >= needed };
  });
  return { cluster: cluster.id, families };
}

/** FAMILY_BITS in which it serves. */
export function servingBits({ families }: ClusterJudgement): number {
  return families.reduce((bits, { family, serving }) => (serving ? bits | FAMILY_BITS[family] : bits), 0);
}
