// Whether a zone may stop being signed: only when no resolver anywhere can hold a DS of it (RFC 6781 section 4.3.5).

import type { DnssecPolicy } from '../model/dnssec.ts';
import { isInsecure } from './key-goals.ts';
import { dsEndMs } from './key-timing.ts';
import type { Keyring } from './keyring.ts';

export type Withdrawal = {
  readonly isSafe: boolean;
  readonly reasons: readonly string[];
  /** The earliest moment, where it depends on time alone. */
  readonly atMs: number | undefined;
};

/** What an operator can do who knows it. */
const WORD = 'say so with "azimuth zone ds-seen ZONE --none", if it surely has none';

/** @param keyring undefined: the zone has no keys. `isParentSeen`: the parent was asked, and has no DS of ours. */
export function judgeWithdrawal(keyring: Keyring | undefined, policy: DnssecPolicy, isParentSeen: boolean): Withdrawal {
  if (keyring === undefined || keyring.keys.length === 0) {
    return { isSafe: true, reasons: ['nothing of the zone is signed'], atMs: undefined };
  }
  if (isInsecure(keyring)) {
    return isParentSeen
      ? { isSafe: true, reasons: ['the parent has no DS of the zone, and none is in any cache'], atMs: undefined }
      : { isSafe: false, reasons: [`the parent could not be asked whether it has a DS: ${WORD}`], atMs: undefined };
  }
  const reasons: string[] = policy.withdraw
    ? []
    : ['dnssec.withdraw is not set: nobody has asked the parent to take the DS away'];
  const moments: (number | undefined)[] = [];
  for (const { id, ds } of keyring.keys) {
    if (ds.name === 'hidden') continue;
    const endMs = ds.name === 'unretentive' ? dsEndMs(ds, keyring, policy) : undefined;
    moments.push(endMs);
    if (endMs !== undefined) reasons.push(`caches may have the DS of ${id} until ${new Date(endMs).toISOString()}`);
    else reasons.push(`the parent has the DS of ${id}, or may have it`);
  }
  const known = moments.filter((moment) => moment !== undefined);
  const atMs = policy.withdraw && known.length === moments.length ? Math.max(...known) : undefined;
  return { isSafe: false, reasons, atMs };
}
