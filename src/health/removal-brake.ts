// The removal brake: of each service at most one region is taken out every BRAKE_MS, so that a mistake that spreads (a bad
// release of the checks, a routing fault near the vantages) meets somebody awake before the last region is gone. The cluster
// that would be the second goes on being answered as it was until the brake releases it, or until every fresh vantage agrees
// that what turned is down: of that there is no doubt, and no brake.
//
//   t=0   eu-west out, by 2 of 3      taken out
//   t=3   us-east out, by 2 of 3      held until t=10
//   t=4   us-east out, by 3 of 3      taken out
//
// What operators say is never braked, nor is a recovery, nor what was never seen up. A cluster of several services is held
// where any of them asks for it. History: a node that starts has taken nothing out yet, so nodes may differ for as long as
// the brake holds.

import type { Cluster } from '../model/cluster.ts';
import {
  type ClusterPart,
  ENDPOINT_DOWN,
  ENDPOINT_UP,
  type EndpointJudgement,
  judgeCluster,
  servingBits,
} from './cluster-health.ts';

export const BRAKE_MS = 10_000;

export type Removal = { readonly region: string; readonly atMs: number };

/** The last region that each service lost, by the service's id. Who decides writes it. */
export type Removals = Map<string, Removal>;

export type BrakeInput = {
  readonly cluster: Cluster;
  /** As the verdicts and the operators have it. */
  readonly judged: ClusterPart;
  /** As it is answered; undefined: it was not there. */
  readonly before: ClusterPart | undefined;
  /** Services that it belongs to, without those where another cluster of its region serves what it would lose. */
  readonly services: (lost: number) => readonly string[];
  /** Whether every fresh vantage says down of all that the endpoint is down for. */
  readonly isUnanimous: (endpoint: EndpointJudgement) => boolean;
  readonly removals: Removals;
  /** Monotonic; `removals` are by the same clock. */
  readonly nowMs: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
};

/** The cluster as it is to be answered: as judged, or held. Notes what is taken out. */
export function brakeRemoval(input: BrakeInput): ClusterPart {
  const { cluster, judged, before, services, isUnanimous, removals, nowMs, wallMs } = input;
  if (before === undefined) return judged;
  const turned = judged.endpoints.filter((endpoint, index) => hasTurned(endpoint, before.endpoints[index]));
  const lost = servingBits(before.cluster) & ~servingBits(judged.cluster);
  if (turned.length === 0 || lost === 0) return judged;
  const affected = services(lost);
  const releasedMs = affected.reduce((latest, service) => {
    const last = removals.get(service);
    return last === undefined || last.region === cluster.region ? latest : Math.max(latest, last.atMs + BRAKE_MS);
  }, 0);
  if (releasedMs > nowMs && !turned.every(isUnanimous)) {
    return holdPart(cluster, judged, turned, Math.round(wallMs + releasedMs - nowMs));
  }
  for (const service of affected) noteRemoval(removals, service, cluster.region, nowMs);
  return judged;
}

/** A region that comes and goes is one removal, or it would hold the others for as long as it does. */
function noteRemoval(removals: Removals, service: string, region: string, nowMs: number): void {
  const last = removals.get(service);
  if (last?.region === region && nowMs < last.atMs + BRAKE_MS) return;
  removals.set(service, { region, atMs: nowMs });
}

/** Whether the verdict alone took it out, after it was seen up. */
function hasTurned(judged: EndpointJudgement, before: EndpointJudgement | undefined): boolean {
  if (before?.endpoint !== judged.endpoint) return false;
  const wasUp = before.class === ENDPOINT_UP && (before.verdict === 'up' || before.heldUntilMs !== undefined);
  return wasUp && judged.class === ENDPOINT_DOWN && judged.directive === undefined;
}

function holdPart(
  cluster: Cluster,
  { endpoints }: ClusterPart,
  turned: readonly EndpointJudgement[],
  heldUntilMs: number,
): ClusterPart {
  const held = endpoints.map(
    (endpoint): EndpointJudgement =>
      turned.includes(endpoint) ? { ...endpoint, class: ENDPOINT_UP, heldUntilMs } : endpoint,
  );
  return { cluster: judgeCluster(cluster, held), endpoints: held };
}
