// What signing needs to know of the zones and services of a configuration.

import type { SignatureList } from '../dnssec/signature-list.ts';
import type { Sign, ZoneKeys } from '../dnssec/zone-keys.ts';
import type { ZoneHead } from '../model/zone.ts';
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_HTTPS, TYPE_SVCB } from '../wire/record-types.ts';
import { hasBindings } from './bindings.ts';
import type { SignatureCounts, ZoneSigner } from './sign-zone.ts';
import { FAMILY_A, FAMILY_AAAA, FAMILY_CNAME, type ServiceTable } from './snapshot.ts';

/** What zones are signed with: those that `keys` names. */
export type Signing = {
  /** By the name of the zone. */
  readonly keys: ReadonlyMap<string, ZoneKeys>;
  readonly nowSeconds: number;
  readonly sign: Sign;
  /** Signatures of an earlier life of the node. */
  readonly listed?: SignatureList | undefined;
  /** Where signatures of zones came from is counted up here. */
  readonly counts?: SignatureCounts;
};

/** How the zone is signed; undefined where it is not to be, or has no keys yet. */
export function createZoneSigner(
  { keys, nowSeconds, sign, listed, counts }: Signing,
  { name, dnssec }: ZoneHead,
): ZoneSigner | undefined {
  const own = keys.get(name);
  if (own === undefined || dnssec === undefined) return undefined;
  const { signatureSeconds, keyTtlSeconds, denial } = dnssec;
  return {
    keys: own,
    keyTtlSeconds,
    validitySeconds: signatureSeconds,
    hasChain: denial === 'nsec',
    nowSeconds,
    sign,
    listed,
    counts,
  };
}

/**
 * The types that a service may answer with. Where some of its clusters have addresses and others a CNAME, the CNAME is not
 * among them: with it, nothing that is not there could be proven (RFC 4035 section 5.4 with RFC 6840 section 4.3).
 */
export function typesOfService({ families, bindings }: ServiceTable, service: number): readonly number[] {
  const bits = families[service] ?? 0;
  if (bits === FAMILY_CNAME) return [TYPE_CNAME];
  const types: number[] = [];
  if ((bits & FAMILY_A) !== 0) types.push(TYPE_A);
  if ((bits & FAMILY_AAAA) !== 0) types.push(TYPE_AAAA);
  if (hasBindings(bindings, service, TYPE_SVCB)) types.push(TYPE_SVCB);
  if (hasBindings(bindings, service, TYPE_HTTPS)) types.push(TYPE_HTTPS);
  return types;
}
