// Verifying TSIG, of one message and of a stream of them (RFC 8945 sections 5.2 and 5.3.1). Whatever the bytes, the result
// is a value.

import {
  computeMac,
  findAlgorithm,
  type Hmac,
  isSameName,
  MAC_BYTES,
  readTsig,
  type Tsig,
  type TsigKey,
  withoutTsig,
} from './tsig.ts';

/** Of the TSIG's own error field (RFC 8945 section 3). */
export const TSIG_BADSIG = 16;
export const TSIG_BADKEY = 17;
export const TSIG_BADTIME = 18;

export type TsigFault = 'malformed' | 'bad-key' | 'bad-signature' | 'bad-time';

export type Verified =
  | { readonly ok: true; readonly key: TsigKey; readonly tsig: Tsig; readonly bare: Uint8Array }
  /** `key`: where the fault is the time alone; everything else is right then. */
  | { readonly ok: false; readonly fault: TsigFault; readonly tsig: Tsig | undefined; readonly key?: TsigKey };

export type Verification = {
  readonly hmac: Hmac;
  /** The key of a name in wire form and lower case, or undefined. */
  readonly findKey: (name: Uint8Array) => TsigKey | undefined;
  readonly nowSeconds: number;
  readonly priorMac?: Uint8Array | undefined;
  /** Messages of a stream that came unsigned since the last signed one. */
  readonly unsigned?: readonly Uint8Array[];
  readonly isContinued?: boolean;
};

/**
 * Verifies the message, whose TSIG begins at `start`. In the order of RFC 8945 section 5.2: "(1) Check key", MAC, time, truncation;
 * a truncated MAC is taken where it has half the octets of a whole one, the least that section 5.2.2.1 allows.
 */
export function verifyMessage(message: Uint8Array, start: number, verification: Verification): Verified {
  const { hmac, findKey, nowSeconds, priorMac, unsigned = [], isContinued = false } = verification;
  const tsig = readTsig(message, start);
  if (tsig === undefined) return { ok: false, fault: 'malformed', tsig };
  const key = findKey(tsig.keyName);
  const algorithm = findAlgorithm(tsig.algorithmName);
  if (key === undefined || key.algorithm !== algorithm) return { ok: false, fault: 'bad-key', tsig };
  const whole = MAC_BYTES[algorithm];
  if (tsig.mac.length > whole || tsig.mac.length < whole / 2) return { ok: false, fault: 'malformed', tsig };
  const bare = withoutTsig(message, tsig);
  const expected = computeMac(hmac, key, { priorMac, messages: [...unsigned, bare], fields: tsig, isContinued });
  if (!isSameMac(expected, tsig.mac)) return { ok: false, fault: 'bad-signature', tsig };
  // Section 5.2.3: after the MAC, so that nobody learns our time who does not know the key.
  if (Math.abs(nowSeconds - tsig.timeSigned) > tsig.fudgeSeconds) return { ok: false, fault: 'bad-time', tsig, key };
  return { ok: true, key, tsig, bare };
}

/** Takes as long for any MAC of this length, right or wrong. */
function isSameMac(expected: Uint8Array, given: Uint8Array): boolean {
  let difference = 0;
  for (let index = 0; index < given.length; index++) difference |= (expected[index] ?? 0) ^ (given[index] ?? 0);
  return difference === 0;
}

/** A function that finds one key only: that with which a request of ours was signed. */
export function onlyKey(key: TsigKey): (name: Uint8Array) => TsigKey | undefined {
  return (name) => (isSameName(name, key.name) ? key : undefined);
}
