// What an answer thread needs to verify and to sign: the keys, and what pure code must be given, the HMAC and the time.

import { formatName } from '../wire/name.ts';
import type { Hmac, TsigKey } from '../wire/tsig.ts';

export type TsigDesk = {
  /** By the name as text, lower case, without the last dot. */
  readonly keys: ReadonlyMap<string, TsigKey>;
  readonly hmac: Hmac;
  /** Seconds since 1970. */
  readonly nowSeconds: () => number;
  /** Seconds since any moment, by a clock that nobody sets: for durations. */
  readonly steadySeconds: () => number;
};

/** Without keys nothing is verified, so that neither is ever asked for. */
export const NO_TSIG: TsigDesk = {
  keys: new Map(),
  hmac: () => new Uint8Array(0),
  nowSeconds: () => 0,
  steadySeconds: () => 0,
};

export function createTsigDesk(
  keys: readonly TsigKey[],
  hmac: Hmac,
  nowSeconds: () => number,
  steadySeconds: () => number = nowSeconds,
): TsigDesk {
  return { keys: new Map(keys.map((key) => [formatName(key.name), key])), hmac, nowSeconds, steadySeconds };
}

export function findTsigKey({ keys }: TsigDesk, name: Uint8Array): TsigKey | undefined {
  return keys.get(formatName(name));
}
