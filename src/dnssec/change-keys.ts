// What operators may do to the keys of a zone: ask for a rollover, bring a key along, say what the parent has. Each is a note in
// the keyring; what follows from it is advance-keys.ts.

import type { DnssecPolicy } from '../model/dnssec.ts';
import { chooseGoals, isSettled } from './key-goals.ts';
import { isSigningKeys, type KeyRecord, type KeyRole, type Keyring, MAX_KEYS_PER_ZONE } from './keyring.ts';

/** A successor for the key of this role; or why there can be none now. */
export function askRollover(keyring: Keyring, policy: DnssecPolicy, role: KeyRole): Keyring | string {
  const { keys, zone } = chooseGoals(keyring, policy);
  const key = [keys, zone].find((each) => each?.role === role);
  if (policy.withdraw) return 'signing is being withdrawn: there is nothing to roll over to';
  if (key === undefined) return `the zone has no ${role.toUpperCase()} that signs`;
  if (!isSettled(key)) {
    const hint = isSigningKeys(key) ? ', its DS at the parent included' : '';
    return `the key ${key.id} is not in place everywhere yet${hint}: one rollover at a time`;
  }
  if (keyring.keys.some((other) => other.role === role && other.id !== key.id)) {
    return `a predecessor of ${key.id} is still to go: one rollover at a time`;
  }
  return { ...keyring, keys: keyring.keys.map((each) => (each === key ? { ...each, isRetired: true } : each)) };
}

/** Takes the place of the key of its role, at once where there is none, by a rollover where there is. */
export function addKey(keyring: Keyring, record: KeyRecord): Keyring | string {
  if (keyring.keys.length >= MAX_KEYS_PER_ZONE) return `a zone has at most ${MAX_KEYS_PER_ZONE} keys`;
  if (
    keyring.keys.some(({ publicKey, algorithm }) => publicKey === record.publicKey && algorithm === record.algorithm)
  ) {
    return 'the zone has this key already';
  }
  return { ...keyring, keys: [...keyring.keys, record] };
}

/** @param keyIds those whose DS the parent has, and no others. */
export function confirmDs(keyring: Keyring, keyIds: readonly string[]): Keyring {
  return { ...keyring, confirmed: [...keyIds].sort() };
}
