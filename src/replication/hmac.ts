// The HMACs of TSIG, which pure folders are given as a function.

import { createHmac } from 'node:crypto';
import type { Hmac, TsigAlgorithm } from '../wire/tsig.ts';

const HASHES: Readonly<Record<TsigAlgorithm, string>> = { 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' };

export const computeHmac: Hmac = (algorithm, secret, parts) => {
  const hmac = createHmac(HASHES[algorithm], secret);
  for (const part of parts) hmac.update(part);
  return new Uint8Array(hmac.digest());
};

/** Seconds since the thread began, however the wall clock is set meanwhile. */
export function readSteadyClock(): number {
  return performance.now() / 1000;
}

/** Whole seconds since 1970: the time of signatures. */
export function readWallClock(): number {
  return Math.floor(Date.now() / 1000);
}
