// Where in the data of an SVCB or HTTPS record hints of addresses would stand: parameters come in ascending order of their keys
// (RFC 9460 section 2.2).
//
//   priority 2 │ target … │ keys 0 to 3 … │ ipv4hint │ key 5 … │ ipv6hint │ keys from 7 on …

import { nameLength } from '../name.ts';

export const KEY_IPV4_HINT = 4;
export const KEY_IPV6_HINT = 6;

/** Offsets into the data at which the two would be put in. */
export type HintPlaces = { readonly ipv4: number; readonly ipv6: number };

/**
 * Undefined where hints have no place: in AliasMode, where the target is another name than the owner, which it is told by "."
 * or by its own name in `owner` (wire form, lower case), and where the record has hints already. The data must be valid.
 */
export function findHintPlaces(data: Uint8Array, owner: Uint8Array): HintPlaces | undefined {
  const isAliasMode = data[0] === 0 && data[1] === 0;
  const start = 2 + nameLength(data, 2);
  if (isAliasMode || (start > 3 && !isSameName(data, owner, start))) return undefined;
  let ipv4 = data.length;
  let ipv6 = data.length;
  for (let at = start; at < data.length; ) {
    const key = ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
    if (key === KEY_IPV4_HINT || key === KEY_IPV6_HINT) return undefined;
    if (key > KEY_IPV4_HINT) ipv4 = Math.min(ipv4, at);
    if (key > KEY_IPV6_HINT) ipv6 = Math.min(ipv6, at);
    at += 4 + (((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0));
  }
  return { ipv4, ipv6 };
}

function isSameName(data: Uint8Array, owner: Uint8Array, end: number): boolean {
  if (end - 2 !== owner.length) return false;
  return owner.every((octet, index) => {
    const other = data[2 + index] ?? 0;
    return octet === (other >= 0x41 && other <= 0x5a ? other + 0x20 : other);
  });
}
