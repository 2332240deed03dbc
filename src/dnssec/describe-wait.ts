// Why the life of a zone's keys does not go on at this moment, in words, and when to look again.

import type { DnssecPolicy } from '../model/dnssec.ts';
import { chooseGoals, isForeign, isInsecure, type KeyWorld, retireAtMs } from './key-goals.ts';
import { dnskeyEndMs, dsEndMs, isMoving, signaturesEndMs } from './key-timing.ts';
import { isShown, type Keyring, type Phase } from './keyring.ts';

export type Wait = {
  readonly waiting: readonly string[];
  /** Undefined: only when something changes. */
  readonly nextAtMs: number | undefined;
};

export function describeWait(ring: Keyring, policy: DnssecPolicy, world: KeyWorld, nowMs: number): Wait {
  const waiting: string[] = [];
  const moments: number[] = [];
  if (policy.paused) waiting.push('dnssec.paused is set: nothing begins or goes on');
  if (isForeign(ring, world)) {
    waiting.push('the parent has a DS of keys that are not here: import these keys, or have the DS taken away');
  }
  for (const key of ring.keys) {
    const until = (endMs: number, what: string) => {
      moments.push(endMs);
      waiting.push(`${what} of ${key.id} at ${new Date(endMs).toISOString()}`);
    };
    const { dnskey, signatures, ds } = key;
    if (isMoving(dnskey.name)) until(dnskeyEndMs(dnskey, ring, policy), `${inCaches(dnskey)} the DNSKEY`);
    if (isMoving(signatures.name)) {
      until(signaturesEndMs(signatures, ring, policy), `${inCaches(signatures)} the signatures`);
    }
    if (!isMoving(ds.name)) continue;
    const endMs = dsEndMs(ds, ring, policy);
    if (world.parent === undefined) waiting.push(`the parent cannot be asked about the DS of ${key.id}`);
    else if (endMs !== undefined) until(endMs, `${inCaches(ds)} the DS`);
    else if (isShown(ds)) waiting.push(`the parent has no DS of ${key.id} yet`);
    else waiting.push(`the parent still has the DS of ${key.id}`);
  }
  if (policy.withdraw && ring.keys.length > 0 && isInsecure(ring)) {
    waiting.push('the parent must be seen to have no DS of ours');
  }
  if (!policy.paused) {
    const { keys, zone } = chooseGoals(ring, policy);
    for (const key of new Set([keys, zone])) {
      const dueMs = key === undefined ? undefined : retireAtMs(key, ring, policy);
      if (dueMs !== undefined && dueMs > nowMs) moments.push(dueMs);
    }
  }
  for (const { lowered } of [ring.zoneTtl, ring.keyTtl]) if (lowered !== undefined) moments.push(lowered.untilMs);
  return { waiting, nextAtMs: moments.length === 0 ? undefined : Math.min(...moments) };
}

/** What is waited for: that something has come everywhere, or that it is gone everywhere. */
function inCaches(phase: Phase): string {
  return isShown(phase) ? 'every cache knows of' : 'no cache has any more';
}
