// Which keys a zone shall have in the end, and what can be said of those that it has: the questions that the steps of
// advance-keys.ts are decided by.

import type { DnssecPolicy } from '../model/dnssec.ts';
import {
  isSigningKeys,
  isSigningZone,
  type KeyRecord,
  type KeyRole,
  type Keyring,
  MAX_KEYS_PER_ZONE,
} from './keyring.ts';

export type KeyWorld = {
  /** The longest TTL that the zone serves now, that of denials among them. */
  readonly zoneTtlSeconds: number;
  /** Undefined: the parent could not be asked; nothing that depends on it goes on. */
  readonly parent: ParentSight | undefined;
};

/** What the parent's servers agree on. */
export type ParentSight = {
  /** Ids of those of our keys that it has a DS of. */
  readonly keyIds: ReadonlySet<string>;
  /** How many DS it has of keys that are not ours. */
  readonly foreign: number;
  readonly ttlSeconds: number;
};

export type WantedKey = { readonly role: KeyRole; readonly algorithm: 13 | 15 };

/** The keys that shall sign in the end; undefined: not made yet. */
export type KeyGoals = { readonly keys: KeyRecord | undefined; readonly zone: KeyRecord | undefined };

export function chooseGoals({ keys }: Pick<Keyring, 'keys'>, policy: DnssecPolicy): KeyGoals {
  if (policy.withdraw) return { keys: undefined, zone: undefined };
  const newest = (role: KeyRole) =>
    keys
      .filter((key) => key.role === role && key.algorithm === policy.algorithm && !key.isRetired)
      .reduce<KeyRecord | undefined>(
        (best, key) => (best && best.createdAtMs >= key.createdAtMs ? best : key),
        undefined,
      );
  if (policy.keys === 'single') {
    const key = newest('csk');
    return { keys: key, zone: key };
  }
  return { keys: newest('ksk'), zone: newest('zsk') };
}

/** Everything of it is where it shall be: a rollover may begin. */
export function isSettled(key: KeyRecord): boolean {
  return (
    key.dnskey.name === 'omnipresent' &&
    (!isSigningZone(key) || key.signatures.name === 'omnipresent') &&
    (!isSigningKeys(key) || key.ds.name === 'omnipresent')
  );
}

/** When its lifetime is over; undefined: never by itself. */
export function retireAtMs(key: KeyRecord, ring: Keyring, policy: DnssecPolicy): number | undefined {
  const lifetimeSeconds = isSigningKeys(key) ? policy.kskLifetimeSeconds : policy.zskLifetimeSeconds;
  if (lifetimeSeconds === undefined || key.activeSinceMs === undefined) return undefined;
  // A ZSK's successor is shown beforehand, so that it takes over in time.
  const leadSeconds = isSigningKeys(key) ? 0 : ring.keyTtl.seconds + policy.propagationSeconds;
  return key.activeSinceMs + Math.max(0, lifetimeSeconds - leadSeconds) * 1000;
}

/** Nobody anywhere may think that the zone is signed: what is served cannot be wrong. */
export function isInsecure({ keys }: Keyring): boolean {
  return keys.every(({ ds }) => ds.name === 'hidden');
}

/** Whether every cache has signatures of the algorithm over everything. */
export function isCovered({ keys }: Keyring, algorithm: number): boolean {
  return keys.some(
    ({ algorithm: own, signatures }) =>
      own === algorithm &&
      (signatures.name === 'omnipresent' || (signatures.name === 'rumoured' && signatures.continues === true)),
  );
}

/** What has to be made first. */
export function listWanted(ring: Keyring, policy: DnssecPolicy, world: KeyWorld): readonly WantedKey[] {
  if (policy.withdraw || ring.keys.length >= MAX_KEYS_PER_ZONE || isForeign(ring, world)) return [];
  const { keys, zone } = chooseGoals(ring, policy);
  const { algorithm } = policy;
  if (policy.keys === 'single') return keys === undefined ? [{ role: 'csk', algorithm }] : [];
  return [
    ...(keys === undefined ? [{ role: 'ksk' as const, algorithm }] : []),
    ...(zone === undefined ? [{ role: 'zsk' as const, algorithm }] : []),
  ];
}

/** Signed elsewhere: keys of our own would contradict the parent. */
export function isForeign({ keys }: Keyring, { parent }: KeyWorld): boolean {
  return keys.length === 0 && parent !== undefined && parent.foreign > 0;
}
