// What is served and seen now, in the shape in which people ask for it: regions with their clusters, clusters with their
// endpoints, each with why it is as it is. A pure function of the cluster's state.

import {
  ENDPOINT_DOWN,
  ENDPOINT_DRAINING,
  ENDPOINT_FORCED_DOWN,
  ENDPOINT_UP,
  type EndpointClass,
  type EndpointJudgement,
} from '../health/cluster-health.ts';
import { describeEndpoint } from '../health/describe-endpoint.ts';
import type { Verdicts } from '../health/verdict.ts';
import { LOAD_REPORT_FRESH_MS } from '../load/apply-reports.ts';
import type { Cluster, Endpoint } from '../model/cluster.ts';
import { formatRevisionId } from '../model/revision.ts';
import type { Service } from '../model/service.ts';
import { describeVantages } from './describe-vantages.ts';
import type { ClusterState, LoadSighting } from './ports.ts';
import { formatMoment } from './route-schema.ts';

export const ENDPOINT_STATES = ['up', 'draining', 'down', 'forced-down'] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

/** `serving`: in every family of its endpoints. `drained`: out, and operators' words alone are why. */
export const CLUSTER_STATES = ['serving', 'degraded', 'drained', 'out'] as const;
export type ClusterCondition = (typeof CLUSTER_STATES)[number];

export type EndpointStatus = {
  readonly cluster: string;
  readonly endpoint: string;
  readonly region: string;
  readonly address: string;
  readonly state: EndpointState;
  readonly verdict: string;
  readonly why: string;
  readonly heldUntil?: string;
  readonly weightShare?: number;
  readonly since?: string;
  readonly votes: readonly VoteStatus[];
  /** One for each monitor of its cluster. */
  readonly targets: readonly TargetStatus[];
  readonly load?: LoadStatus;
};

export type TargetStatus = {
  readonly monitor: string;
  readonly verdict: string;
  readonly since?: string;
  readonly reason?: string;
  readonly frozen?: boolean;
  readonly votes: readonly VoteStatus[];
};

export type VoteStatus = {
  readonly vantage: string;
  readonly worker: string;
  readonly vote: string;
  readonly reason: string;
  readonly fresh: boolean;
  readonly aside?: true;
  readonly since: string;
};

export type LoadStatus = {
  readonly connections?: number;
  readonly capacity?: number;
  readonly utilisation?: number;
  readonly ageSeconds: number;
  readonly fresh: boolean;
};

/** Of what is amiss in the same way, so many are named in the reasons. */
const MAX_NAMED = 5;

/** What keeps an installation from being healthy, beside its verdicts as a whole. */
type Amiss = {
  readonly clusters: readonly ClusterStatus[];
  readonly services: readonly { readonly name: string }[];
  readonly vantages: readonly { readonly id: string }[];
};

export function describeStatus(state: ClusterState, readiness: { ready: boolean; reasons: readonly string[] }) {
  const { configuration, revision, database, isNewestRefused, isFrozen, frozenCount, aside } = state;
  const endpoints = listEndpointStatus(state);
  const clusters = configuration.clusters.map((cluster, index) => {
    const ramp = state.judgement.clusterRamps?.[index] ?? 1;
    return { ...describeCluster(cluster, state, endpoints), ...(ramp < 1 && { clientShare: ramp }) };
  });
  const vantages = describeVantages(state);
  const services = configuration.services.map((service) => describeService(service, clusters));
  const isWatched = configuration.clusters.some(({ monitors }) => monitors.length > 0);
  const amiss = {
    clusters: clusters.filter(({ state: condition }) => condition !== 'serving' && condition !== 'drained'),
    services: services.filter(({ serving }) => !serving),
    vantages: isWatched ? vantages.filter(({ workers }) => !workers.some(({ alive }) => alive)) : [],
  };
  const healthy =
    readiness.ready &&
    !isNewestRefused &&
    !isFrozen &&
    aside.size === 0 &&
    Object.values(amiss).every((items) => items.length === 0);
  return {
    healthy,
    ready: readiness.ready,
    reasons: [...readiness.reasons, ...explainVerdicts(state), ...explainAmiss(amiss)],
    frozen: { most: isFrozen, verdicts: frozenCount },
    revision: formatRevisionId(revision),
    database,
    regions: configuration.regions.map(({ id, name, location, state: operatorState }) => ({
      id,
      name,
      location,
      state: operatorState,
      clusters: clusters.filter(({ region }) => region === id).map(({ region: _, ...cluster }) => cluster),
    })),
    services,
    vantages,
    overrides: configuration.overrides.map(({ expiresAtMs, ...override }) => ({
      ...override,
      ...(expiresAtMs !== undefined && { expiresAt: formatMoment(expiresAtMs) }),
    })),
  };
}

/** So that nobody has to look through everything for what makes it not healthy. */
function explainAmiss({ clusters, services, vantages }: Amiss): readonly string[] {
  return [
    ...sentenceOf(
      'vantages without a live worker whose votes count:',
      vantages.map(({ id }) => id),
    ),
    ...sentenceOf(
      'clusters that do not serve as they should:',
      clusters.map(({ id, state }) => `${id} (${state})`),
    ),
    ...sentenceOf(
      'services without a cluster that serves:',
      services.map(({ name }) => name),
    ),
  ];
}

function sentenceOf(what: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length - MAX_NAMED;
  return [`${what} ${items.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

/** In the order of the configuration. */
export function listEndpointStatus({
  configuration,
  judgement,
  verdicts,
  loads,
}: ClusterState): readonly EndpointStatus[] {
  const loadOf = new Map(loads.map((load) => [load.subject, load]));
  const judgements = new Map(judgement.endpoints.map((each) => [`${each.cluster}/${each.endpoint}`, each]));
  return configuration.clusters.flatMap((cluster) =>
    cluster.endpoints.flatMap((endpoint) => {
      const judged = judgements.get(`${cluster.id}/${endpoint.id}`);
      if (judged === undefined) return [];
      const load = loadOf.get(`${cluster.id}/${endpoint.id}`);
      return {
        ...describeJudgement(cluster, endpoint, judged, verdicts),
        ...describeTargets(judged, verdicts),
        ...(load !== undefined && { load: describeLoad(load) }),
      };
    }),
  );
}

/** What an operator should know of all verdicts together. */
function explainVerdicts({ isFrozen, frozenCount, aside }: ClusterState): readonly string[] {
  return [
    ...(isFrozen ? [`too few vantages speak: ${frozenCount} verdicts are frozen, the last ones hold`] : []),
    ...Array.from(
      aside,
      (id) => `the vantage ${id} is set aside: it calls most targets down of which the others say up`,
    ),
  ];
}

function describeJudgement(
  { id: cluster, region }: Cluster,
  { id, target }: Endpoint,
  judged: EndpointJudgement,
  verdicts: Verdicts,
) {
  return {
    cluster,
    endpoint: id,
    region,
    address: target.family === 'CNAME' ? target.target : target.address,
    state: nameClass(judged.class),
    verdict: judged.verdict,
    why: describeEndpoint(judged, verdicts),
    ...(judged.heldUntilMs !== undefined && { heldUntil: formatMoment(judged.heldUntilMs) }),
    ...(judged.factor !== undefined && { weightShare: judged.factor }),
  };
}

/** What each monitor says of it. Its own `since` is the last turn of any of them; its `votes` are those of all of them. */
function describeTargets({ targets: judged }: EndpointJudgement, verdicts: Verdicts) {
  const targets = judged.map(({ target, monitor, verdict }): TargetStatus => {
    const evidence = verdicts.get(target);
    const isJudged = evidence !== undefined && verdict !== 'unknown';
    return {
      monitor,
      verdict,
      ...(isJudged && { since: formatMoment(evidence.sinceMs) }),
      ...(evidence !== undefined && { reason: evidence.reason, frozen: evidence.isFrozen }),
      votes: (evidence?.votes ?? []).map(({ sinceMs, ...vote }) => ({ ...vote, since: formatMoment(sinceMs) })),
    };
  });
  const since = targets
    .flatMap((target) => target.since ?? [])
    .toSorted()
    .at(-1);
  return { ...(since !== undefined && { since }), votes: targets.flatMap(({ votes }) => votes), targets };
}

function nameClass(endpointClass: EndpointClass): EndpointState {
  switch (endpointClass) {
    case ENDPOINT_FORCED_DOWN:
      return 'forced-down';
    case ENDPOINT_DOWN:
      return 'down';
    case ENDPOINT_DRAINING:
      return 'draining';
    case ENDPOINT_UP:
      return 'up';
  }
}

function describeCluster(cluster: Cluster, { judgement, loads }: ClusterState, all: readonly EndpointStatus[]) {
  const families = judgement.clusters.find((each) => each.cluster === cluster.id)?.families ?? [];
  const judged = judgement.endpoints.filter((each) => each.cluster === cluster.id);
  const load = loads.find(({ subject }) => subject === cluster.id);
  return {
    id: cluster.id,
    region: cluster.region,
    ...(cluster.monitors[0] !== undefined && cluster.monitors.length === 1 && { monitor: cluster.monitors[0] }),
    monitors: [...cluster.monitors],
    state: nameCondition(
      families.map(({ serving }) => serving),
      judged,
    ),
    families: [...families],
    ...(load !== undefined && { load: describeLoad(load) }),
    endpoints: all.filter((each) => each.cluster === cluster.id),
  };
}

function nameCondition(serving: readonly boolean[], judged: readonly EndpointJudgement[]): ClusterCondition {
  if (serving.length > 0 && serving.every(Boolean)) return 'serving';
  if (serving.some(Boolean)) return 'degraded';
  const isDown = judged.some(({ verdict }) => verdict === 'down');
  const isTakenOut = judged.some(({ directive }) => directive !== undefined && directive.state !== 'force-up');
  return isTakenOut && !isDown ? 'drained' : 'out';
}

type ClusterStatus = ReturnType<typeof describeCluster>;

function describeService({ id: name, zone, ttl, clusters: ids }: Service, clusters: readonly ClusterStatus[]) {
  const serving = clusters.filter(({ id, families }) => ids.includes(id) && families.some((family) => family.serving));
  return {
    name,
    zone,
    ttl: { min: ttl.minSeconds, max: ttl.maxSeconds },
    clusters: [...ids],
    serving: serving.length > 0,
  };
}

function describeLoad({ subject: _, ageMs, ...quantities }: LoadSighting): LoadStatus {
  return { ...quantities, ageSeconds: Math.round(ageMs / 1000), fresh: ageMs < LOAD_REPORT_FRESH_MS };
}
