// Panic: a few endpoints that are up must not carry what all of a cluster carried, while nobody else can. Where an operator
// gave a cluster a `panic` share, fewer of its endpoints of a family are up than that, and no other cluster of its services
// can serve the family, all that are not taken out by an operator are answered. With none up it does not apply: then the
// service's last resort decides. Why this is off by default, and unlike Envoy's: decision 0031.

import type { Cluster } from '../model/cluster.ts';
import { FAMILY_BITS } from '../model/family-bits.ts';
import {
  type ClusterPart,
  ENDPOINT_DOWN,
  ENDPOINT_UP,
  type EndpointJudgement,
  type FamilyJudgement,
} from './cluster-health.ts';

/** Whether so few of the family are up that, with nobody to fall back to, the cluster panics. */
export function isBelowPanic({ panic }: Cluster, { up, total }: FamilyJudgement): boolean {
  return up > 0 && up < panic * total;
}

/** @param hasFallback whether another cluster can serve these FAMILY_BITS, and is not near panic itself */
export function applyPanic(cluster: Cluster, part: ClusterPart, hasFallback: (bits: number) => boolean): ClusterPart {
  const panicking = part.cluster.families.filter(
    (family) => isBelowPanic(cluster, family) && !hasFallback(FAMILY_BITS[family.family]),
  );
  if (panicking.length === 0) return part;
  const isPanicking = ({ family }: Pick<FamilyJudgement, 'family'>) => panicking.some((each) => each.family === family);
  const families = part.cluster.families.map((each) => (isPanicking(each) ? { ...each, serving: true } : each));
  const endpoints = part.endpoints.map((endpoint): EndpointJudgement => {
    const isTaken = endpoint.class === ENDPOINT_DOWN && endpoint.directive === undefined && isPanicking(endpoint);
    return isTaken ? { ...endpoint, class: ENDPOINT_UP, isPanicked: true } : endpoint;
  });
  return { cluster: { ...part.cluster, families }, endpoints };
}
