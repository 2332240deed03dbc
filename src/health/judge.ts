// From verdicts to what is answered, look by look: only clusters of which something changed are judged anew. In this order,
// each step seeing what the one before left:
//
//   verdicts, operators' words ──► classes ──► removal brake ──► panic ──► share of the weight
//
// The brake and slow start remember; everything else depends on what is there now. A judge has one owner, and is opened for
// one configuration from what the one before remembered.

import type { Cluster } from '../model/cluster.ts';
import type { Configuration } from '../model/configuration.ts';
import { FAMILY_BITS } from '../model/family-bits.ts';
import { rawWordOf } from './ballot.ts';
import {
  type ClusterPart,
  ENDPOINT_UP,
  type EndpointJudgement,
  type HealthJudgement,
  type JudgingPlan,
  joinParts,
  judgePart,
  planJudging,
  replaceParts,
  servingBits,
} from './cluster-health.ts';
import { collectOverrides, findNextExpiryMs } from './override-precedence.ts';
import { applyPanic, isBelowPanic } from './panic.ts';
import { brakeRemoval, type Removals } from './removal-brake.ts';
import { growShare, medianShare } from './slow-start.ts';
import type { Target } from './target.ts';
import type { Verdicts } from './verdict.ts';

export type Judge = {
  readonly configuration: Configuration;
  readonly plan: JudgingPlan;
  /** By target id: the index of its cluster. */
  readonly clusterOf: ReadonlyMap<string, number>;
  /** By cluster: the indices of its services. */
  readonly servicesOf: ReadonlyMap<string, readonly number[]>;
  readonly indexOf: ReadonlyMap<string, number>;
  /** By cluster: the place of its first endpoint among all. */
  readonly firstEndpoints: readonly number[];
  /** By cluster: as braked, before any panic. */
  readonly parts: ClusterPart[];
  readonly removals: Removals;
  /** Clusters that the brake holds, by index. */
  readonly held: Set<number>;
  /** By `cluster/endpoint`, and by `cluster` where all of it came back: when it did, monotonic. */
  readonly returned: Map<string, number>;
  /** By cluster: as it is answered. */
  readonly finished: ClusterPart[];
  judgement: HealthJudgement | undefined;
};

export function openJudge(configuration: Configuration, targets: readonly Target[], before: Judge | undefined): Judge {
  const indexOf = new Map(configuration.clusters.map(({ id }, index) => [id, index]));
  const memberships = configuration.services.flatMap(({ clusters }, service) =>
    clusters.map((cluster) => ({ cluster, service })),
  );
  const servicesOf = new Map<string, number[]>();
  for (const { cluster, service } of memberships) {
    const services = servicesOf.get(cluster);
    if (services === undefined) servicesOf.set(cluster, [service]);
    else services.push(service);
  }
  return {
    configuration,
    plan: planJudging(configuration, targets),
    clusterOf: new Map(targets.map(({ id, cluster }) => [id, indexOf.get(cluster) ?? 0])),
    servicesOf,
    indexOf,
    firstEndpoints: listFirstEndpoints(configuration),
    parts: configuration.clusters.map((cluster) => {
      const index = before?.indexOf.get(cluster.id);
      return alignPart(cluster, (index === undefined ? undefined : before?.parts[index]) ?? UNSEEN);
    }),
    removals: new Map(
      configuration.services.flatMap(({ id }) => {
        const removal = before?.removals.get(id);
        return removal === undefined ? [] : [[id, removal] as const];
      }),
    ),
    held: new Set(),
    returned: new Map([...(before?.returned ?? [])].filter(([key]) => isThere(configuration, indexOf, key))),
    finished: [],
    judgement: undefined,
  };
}

function listFirstEndpoints({ clusters }: Configuration): number[] {
  let first = 0;
  return clusters.map(({ endpoints }) => {
    first += endpoints.length;
    return first - endpoints.length;
  });
}

/** What was known of each endpoint, at the place that it has now. */
function alignPart({ endpoints }: Cluster, part: ClusterPart): ClusterPart {
  if (endpoints.every(({ id }, place) => part.endpoints[place]?.endpoint === id)) return part;
  const known = new Map(part.endpoints.map((each) => [each.endpoint, each]));
  return { cluster: part.cluster, endpoints: endpoints.map(({ id }) => known.get(id) ?? UNSEEN_ENDPOINT) };
}

/** A `cluster`, or a `cluster/endpoint`. */
function isThere(configuration: Configuration, indexOf: ReadonlyMap<string, number>, key: string): boolean {
  const [cluster = '', endpoint] = key.split('/');
  const found = configuration.clusters[indexOf.get(cluster) ?? -1];
  return found !== undefined && (endpoint === undefined || found.endpoints.some(({ id }) => id === endpoint));
}

export type Moment = { readonly nowMs: number; readonly wallMs: number };

/** Judges what changed; undefined where nothing that is answered, or said of it, can have. */
export function judgeAnew(
  judge: Judge,
  verdicts: Verdicts,
  changed: ReadonlySet<string>,
  moment: Moment,
): HealthJudgement | undefined {
  const { configuration, judgement, held, returned } = judge;
  const nextExpiryMs = findNextExpiryMs(configuration.overrides, moment.wallMs);
  // It is another one where an override has run out since, and where the wall clock was set back to before one did.
  const isWhole = judgement === undefined || judgement.nextExpiryMs !== nextExpiryMs;
  if (!isWhole && changed.size === 0 && held.size === 0 && returned.size === 0) return undefined;
  const due = new Set<number>(isWhole ? configuration.clusters.keys() : held);
  for (const id of isWhole ? [] : changed) due.add(judge.clusterOf.get(id) ?? 0);
  const inForce = collectOverrides(configuration.overrides, moment.wallMs);
  for (const index of [...due].toSorted((a, b) => a - b)) {
    const cluster = configuration.clusters[index];
    if (cluster === undefined) continue;
    const judged = judgePart(judge.plan, cluster, (id) => verdicts.get(id)?.verdict, inForce);
    const before = judge.parts[index];
    const part = brake(judge, cluster, judged, before, verdicts, moment);
    judge.parts[index] = part;
    if (part.endpoints.some(({ heldUntilMs }) => heldUntilMs !== undefined)) held.add(index);
    else held.delete(index);
    if (before !== undefined) noteReturns(judge, cluster, before, part, moment.nowMs);
  }
  const finished: number[] = [];
  for (const [index, { panic, slowStartMs }] of configuration.clusters.entries()) {
    // What others do matters to those that may panic, and time to those that come back.
    const isMoving = panic > 0 || (slowStartMs > 0 && returned.size > 0);
    if (!isMoving && !due.has(index)) continue;
    judge.finished[index] = finishPart(judge, index, verdicts, moment.nowMs);
    finished.push(index);
  }
  judge.judgement = {
    ...(judgement === undefined
      ? joinParts(judge.finished)
      : replaceParts(judgement, judge.finished, finished, judge.firstEndpoints)),
    clusterRamps: Float32Array.from(configuration.clusters, (cluster) => rampOf(judge, cluster, moment.nowMs)),
    nextExpiryMs,
  };
  return judge.judgement;
}

const UNSEEN: ClusterPart = { cluster: { cluster: '', families: [] }, endpoints: [] };
/** In the place of one that was not there. */
const UNSEEN_ENDPOINT: EndpointJudgement = {
  cluster: '',
  endpoint: '',
  family: 'A',
  class: ENDPOINT_UP,
  targets: [],
  verdict: 'unknown',
};

function brake(
  judge: Judge,
  cluster: Cluster,
  judged: ClusterPart,
  before: ClusterPart | undefined,
  verdicts: Verdicts,
  moment: Moment,
): ClusterPart {
  const { services } = judge.configuration;
  return brakeRemoval({
    cluster,
    judged,
    before,
    services: (lost) =>
      (judge.servicesOf.get(cluster.id) ?? [])
        .filter((service) => !servesElsewhere(judge, cluster, service, lost, true))
        .flatMap((service) => services[service]?.id ?? []),
    isUnanimous: (endpoint) => isUnanimouslyDown(endpoint, verdicts),
    removals: judge.removals,
    ...moment,
  });
}

/** Whether another cluster of the service (of the same region only, where asked so) serves all of these families. */
function servesElsewhere(judge: Judge, own: Cluster, service: number, bits: number, isSameRegion: boolean): boolean {
  const { clusters } = judge.configuration;
  let served = 0;
  for (const id of judge.configuration.services[service]?.clusters ?? []) {
    const index = judge.indexOf.get(id) ?? -1;
    const [cluster, part] = [clusters[index], judge.parts[index]];
    if (cluster === undefined || part === undefined || id === own.id) continue;
    if (isSameRegion && cluster.region !== own.region) continue;
    for (const family of part.cluster.families) {
      const isFit = family.serving && (isSameRegion || !isBelowPanic(cluster, family));
      if (isFit) served |= FAMILY_BITS[family.family];
    }
  }
  return (bits & ~served) === 0;
}

function isUnanimouslyDown({ targets }: EndpointJudgement, verdicts: Verdicts): boolean {
  return targets
    .filter(({ verdict }) => verdict === 'down')
    .every(({ target }) =>
      (verdicts.get(target)?.votes ?? []).every((vote) => {
        const word = vote.aside === true ? undefined : rawWordOf(vote);
        return word === undefined || vote.vote === 'down';
      }),
    );
}

function noteReturns({ returned }: Judge, cluster: Cluster, before: ClusterPart, part: ClusterPart, nowMs: number) {
  let hasReturned = false;
  for (const [index, { endpoint, verdict }] of part.endpoints.entries()) {
    const key = `${cluster.id}/${endpoint}`;
    const was = before.endpoints[index];
    if (verdict === 'down') returned.delete(key);
    if (was?.endpoint !== endpoint || was.verdict !== 'down' || verdict !== 'up' || cluster.slowStartMs === 0) continue;
    // What the brake held was answered all along.
    if (was.heldUntilMs !== undefined) continue;
    returned.set(key, nowMs);
    hasReturned = true;
  }
  const serves = servingBits(part.cluster) !== 0;
  if (!serves) returned.delete(cluster.id);
  else if (hasReturned && servingBits(before.cluster) === 0) returned.set(cluster.id, nowMs);
}

/** Panic, and the share of each endpoint's weight. The part itself where neither says anything. */
function finishPart(judge: Judge, index: number, verdicts: Verdicts, nowMs: number): ClusterPart {
  const [cluster, part] = [judge.configuration.clusters[index], judge.parts[index]];
  if (cluster === undefined || part === undefined) return UNSEEN;
  const services = judge.servicesOf.get(cluster.id) ?? [];
  const hasFallback = (bits: number) =>
    services.length === 0 || services.some((service) => servesElsewhere(judge, cluster, service, bits, false));
  const panicked = cluster.panic > 0 ? applyPanic(cluster, part, hasFallback) : part;
  let isChanged = false;
  const endpoints = panicked.endpoints.map((endpoint) => {
    const factor = growthOf(judge, cluster, endpoint.endpoint, nowMs) * askedShare(endpoint, verdicts);
    if (factor === 1) return endpoint;
    isChanged = true;
    return { ...endpoint, factor };
  });
  return isChanged ? { ...panicked, endpoints } : panicked;
}

function growthOf({ returned }: Judge, cluster: Cluster, endpoint: string, nowMs: number): number {
  if (returned.size === 0) return 1;
  return growth(returned, `${cluster.id}/${endpoint}`, cluster.slowStartMs, nowMs);
}

function rampOf({ returned }: Judge, cluster: Cluster, nowMs: number): number {
  return returned.size === 0 ? 1 : growth(returned, cluster.id, cluster.slowStartMs, nowMs);
}

/** Forgets who has grown up. */
function growth(returned: Map<string, number>, key: string, slowStartMs: number, nowMs: number): number {
  const returnedAtMs = returned.get(key);
  if (returnedAtMs === undefined) return 1;
  const share = growShare(returnedAtMs, nowMs, slowStartMs);
  if (share >= 1) returned.delete(key);
  return share;
}

/** What the endpoint asks for: of each monitor the median of the fresh words, of several monitors the least. */
function askedShare({ targets }: EndpointJudgement, verdicts: Verdicts): number {
  let least = 100;
  for (const { target } of targets) {
    const votes = verdicts.get(target)?.votes ?? [];
    if (!votes.some(({ share }) => share !== undefined)) continue;
    const counted = votes.filter((vote) => vote.aside !== true && rawWordOf(vote) === 'up');
    least = Math.min(least, medianShare(counted.map(({ share = 100 }) => share)));
  }
  return least / 100;
}
