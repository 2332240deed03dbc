// What an image says of the signing of its zone: the chain of its NSEC records, and what is needed to sign what depends on
// more than the zone, which is signed when it is answered: the SOA with its serial, and what steered names are answered with.

import type { SignatureTimes } from '../dnssec/rrsig.ts';
import type { SigningKey } from '../dnssec/zone-keys.ts';

export type ZoneSigning = {
  /** Whether what there is not is proven name by name, when it is asked for (RFC 9824), instead of by the chain. */
  readonly isCompact: boolean;
  /** Nodes that have an NSEC, in canonical order; none where denial is compact. */
  readonly chain: Int32Array;
  readonly signers: readonly SigningKey[];
  /** Of signatures that are made when they are needed. */
  readonly times: SignatureTimes;
  /** Two words that stand for zone, signers and times: see dnssec/set-digest.ts. */
  readonly identity: Int32Array;
  /** Seconds since 1970, as `dueSeconds`: no signature begins to be good later. */
  readonly sinceSeconds: number;
  /** From then on the zone must be signed anew. */
  readonly dueSeconds: number;
};

/** Whether it must be signed anew: what was signed is about to run out, or by a clock that was ahead. */
export function isDue(
  { sinceSeconds, dueSeconds }: Pick<ZoneSigning, 'sinceSeconds' | 'dueSeconds'>,
  nowSeconds: number,
): boolean {
  return nowSeconds >= dueSeconds || nowSeconds < sinceSeconds;
}
