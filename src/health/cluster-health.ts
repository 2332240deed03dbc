// From verdicts and operators' words to what may be answered: a class per endpoint, and per cluster the address families
// in which it has enough endpoints that are up. Families are judged apart: a cluster whose AAAA endpoints are all down
// still serves A, and is no candidate for AAAA.

import type { Cluster, Endpoint, EndpointTarget, HealthyWhen, MinHealthy } from '../model/cluster.ts';
import type { Configuration } from '../model/configuration.ts';
import { FAMILY_BITS } from '../model/family-bits.ts';
import { collectOverrides, type Directive, findDirective, findNextExpiryMs } from './override-precedence.ts';
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
};

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
  const regions = new Map(configuration.regions.map((region) => [region.id, region]));
  const targets = Map.groupBy(listTargets(configuration), ({ cluster, endpoint }) => `${cluster}/${endpoint}`);
  const inForce = collectOverrides(configuration.overrides, nowMs);
  const perCluster = configuration.clusters.map((cluster) =>
    cluster.endpoints.map((endpoint) => {
      const judged = judgeTargets(targets.get(`${cluster.id}/${endpoint.id}`) ?? [], verdictOf);
      const region = regions.get(cluster.region);
      const directive = findDirective(inForce, { region, cluster: cluster.id, endpoint: endpoint.id });
      return judgeEndpoint(cluster, endpoint, judged, directive);
    }),
  );
  const clusters = configuration.clusters.map((cluster, index) => judgeCluster(cluster, perCluster[index] ?? []));
  const endpoints = perCluster.flat();
  return {
    endpointClass: Uint8Array.from(endpoints, (endpoint) => endpoint.class),
    clusterServing: Uint8Array.from(clusters, servingBits),
    endpoints,
    clusters,
    nextExpiryMs: findNextExpiryMs(configuration.overrides, nowMs),
  };
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

/** An endpoint's judgement in one sentence, for explain and status. */
export function describeEndpoint({ verdict, targets, directive }: EndpointJudgement): string {
  const seen = verdict === 'unmonitored' ? 'nothing checks it' : describeVerdict(verdict, targets);
  return directive === undefined ? seen : `${directive.reason} (${seen})`;
}

/** Where several monitors look, those that say down, or that are not judged yet, are named. */
function describeVerdict(verdict: VerdictState, targets: readonly TargetJudgement[]): string {
  if (targets.length === 1) return VERDICT_TEXTS[verdict];
  const named = (['down', 'unknown'] as const).flatMap((state) => {
    const monitors = targets.filter((target) => target.verdict === state).map(({ monitor }) => monitor);
    return monitors.length === 0 ? [] : [`${monitors.join(', ')} ${state === 'down' ? 'down' : 'not judged yet'}`];
  });
  return named.length === 0
    ? VERDICT_TEXTS[verdict]
    : `${VERDICT_TEXTS[verdict]}; of its monitors: ${named.join(', ')}`;
}

const VERDICT_TEXTS: Readonly<Record<VerdictState, string>> = {
  up: 'the vantages say up',
  down: 'the vantages say down',
  unknown: 'no quorum of vantages has judged it yet, which counts as up',
};

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

function judgeCluster(cluster: Cluster, endpoints: readonly EndpointJudgement[]): ClusterJudgement {
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

function servingBits({ families }: ClusterJudgement): number {
  return families.reduce((bits, { family, serving }) => (serving ? bits | FAMILY_BITS[family] : bits), 0);
}
