// Records as DNSSEC signs them: names of the old types in lower case, and the records of a set in one order that everybody
// arrives at. Serves RFC 4034 section 6, RFC 6840 section 5.1.

import { lowerCaseName, nameLength } from '../wire/name.ts';
import { namesIn } from '../wire/record-data.ts';
import { parseRecordType } from '../wire/record-types.ts';

/**
 * RFC 4034 section 6.2, as RFC 6840 section 5.1 corrects it: in these "all uppercase US-ASCII letters in the DNS names contained
 * within the RDATA are replaced by the corresponding lowercase US-ASCII letters"; not in NSEC, nor in types that came later.
 */
const FOLDED_TYPES: ReadonlySet<number> = new Set(
  'NS MD MF CNAME SOA MB MG MR PTR MINFO MX RP AFSDB RT SIG PX NXT NAPTR KX SRV DNAME A6 RRSIG'
    .split(' ')
    .map((type) => parseRecordType(type) ?? -1),
);

/** The data itself where nothing has to be changed. */
export function canonicalData(type: number, data: Uint8Array): Uint8Array {
  if (!FOLDED_TYPES.has(type)) return data;
  let folded = data;
  for (const at of namesIn(type, data)) {
    const name = data.subarray(at, at + nameLength(data, at));
    const lower = lowerCaseName(name);
    if (lower === name) continue;
    if (folded === data) folded = data.slice();
    folded.set(lower, at);
  }
  return folded;
}

/** RFC 4034 section 6.3: data as a string of octets, where the end comes before any octet. */
export function compareData(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const order = (a[at] ?? 0) - (b[at] ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
