// What the operators' words at the three levels (region, cluster, endpoint) and the region's own state mean for one
// endpoint. The strongest word wins at whatever level it was given: force-down > drain > force-up > automatic. So a
// `force-up` on an endpoint does not bring it back into a region that was forced down or is draining: who takes a region
// out of service can rely on it. Among equal words the most specific level is named as the reason.

import type { Override, OverrideKind, OverrideState } from '../model/override.ts';
import type { Region, RegionState } from '../model/region.ts';

/** The word that holds, and whose it is. */
export type Directive = {
  readonly state: OverrideState;
  /** `state`: the region's own state, from the configuration. */
  readonly source: OverrideKind | 'state';
  /** For people: what was written, by whom. */
  readonly reason: string;
};

/** Overrides in force, by `kind/id`. */
export type OverridesInForce = ReadonlyMap<string, Override>;

/** Those that have not expired at `nowMs` (wall clock); of several for the same thing the strongest. */
export function collectOverrides(overrides: readonly Override[], nowMs: number): OverridesInForce {
  const inForce = new Map<string, Override>();
  for (const override of overrides) {
    if (override.expiresAtMs !== undefined && override.expiresAtMs <= nowMs) continue;
    const key = overrideKey(override.kind, override.id);
    const other = inForce.get(key);
    if (other === undefined || STRENGTH[override.state] > STRENGTH[other.state]) inForce.set(key, override);
  }
  return inForce;
}

/** When the next override expires after `nowMs`; undefined when none does. */
export function findNextExpiryMs(overrides: readonly Override[], nowMs: number): number | undefined {
  const times = overrides.flatMap(({ expiresAtMs }) =>
    expiresAtMs !== undefined && expiresAtMs > nowMs ? expiresAtMs : [],
  );
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
}

/** The word that holds for an endpoint; undefined: automatic, the verdict decides. */
export function findDirective(
  inForce: OverridesInForce,
  place: { readonly region: Region | undefined; readonly cluster: string; readonly endpoint: string },
): Directive | undefined {
  const candidates = [
    describeOverride(inForce.get(overrideKey('endpoints', `${place.cluster}/${place.endpoint}`))),
    describeOverride(inForce.get(overrideKey('clusters', place.cluster))),
    place.region && describeOverride(inForce.get(overrideKey('regions', place.region.id))),
    place.region && describeState(place.region.state),
  ];
  return candidates.reduce(stronger, undefined);
}

const STRENGTH: Readonly<Record<OverrideState, number>> = { 'force-down': 3, drain: 2, 'force-up': 1 };

function stronger(a: Directive | undefined, b: Directive | undefined): Directive | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return STRENGTH[b.state] > STRENGTH[a.state] ? b : a;
}

function describeOverride(override: Override | undefined): Directive | undefined {
  if (override === undefined) return undefined;
  const { state, kind, reason, author } = override;
  return { state, source: kind, reason: `${state} of ${kind}/${override.id} by ${author}: ${reason}` };
}

function describeState(state: RegionState): Directive | undefined {
  switch (state) {
    case 'enabled':
      return undefined;
    case 'draining':
      return { state: 'drain', source: 'state', reason: 'the region is draining' };
    case 'disabled':
      return { state: 'force-down', source: 'state', reason: 'the region is disabled' };
  }
}

function overrideKey(kind: OverrideKind, id: string): string {
  return `${kind}/${id}`;
}
