// Finds the NSEC that covers a name: of the names that have one, the last that does not stand behind it in canonical order
// (RFC 4034 section 6.1). What there is not between it and the next of the chain is proven by it (RFC 4035 section 3.1.3).

import { NODE_WORDS, type ZoneImage } from '../snapshot/zone-image.ts';
import { type FlatName, MAX_LABELS } from '../wire/flat-name.ts';

/**
 * The node whose NSEC covers the suffix of `name` from label `label` on, or, with `isWildcard`, the `*` right below that suffix.
 * The name must be in the zone, whose signing has a chain.
 */
export function findCover(
  image: ZoneImage,
  chain: Int32Array,
  name: FlatName,
  label: number,
  isWildcard: boolean,
): number {
  let low = 0;
  let high = chain.length - 1;
  // The apex, first of the chain, stands behind no name of the zone.
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (isBehind(image, chain[middle] ?? 0, name, label, isWildcard)) high = middle - 1;
    else low = middle;
  }
  return chain[low] ?? 0;
}

const ASTERISK = 0x2a;
/** Where the labels of the node that is looked at begin: memory of this thread, reused. */
const labelStarts = new Int32Array(MAX_LABELS + 1);

/** Whether the node stands behind the name that is looked for: compared label by label from the zone down. */
function isBehind(
  { words, bytes, labelCount }: ZoneImage,
  node: number,
  name: FlatName,
  label: number,
  isWildcard: boolean,
): boolean {
  const labels = ((words[node] ?? 0) >>> 8) & 0xff;
  let at = 4 * (node + NODE_WORDS);
  for (let index = 0; index < labels; index++) {
    labelStarts[index] = at;
    at += 1 + (bytes[at] ?? 0);
  }
  let own = labels - 1;
  let other = name.labelCount - labelCount - 1;
  while (own >= 0 && other >= label) {
    const order = compareLabels(bytes, labelStarts[own] ?? 0, name.bytes, name.labelStarts[other] ?? 0);
    if (order !== 0) return order > 0;
    own--;
    other--;
  }
  if (own < 0) return false;
  // The node is the suffix itself, or stands below it: then it is behind it.
  if (!isWildcard) return true;
  const start = labelStarts[own] ?? 0;
  const first = bytes[start + 1] ?? 0;
  // A label `*…` that is longer is behind, and so is whatever stands below `*` itself.
  if (first !== ASTERISK) return first > ASTERISK;
  return (bytes[start] ?? 0) > 1 || own > 0;
}

function compareLabels(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const aLength = a[aStart] ?? 0;
  const bLength = b[bStart] ?? 0;
  const shared = aLength < bLength ? aLength : bLength;
  for (let index = 1; index <= shared; index++) {
    const order = (a[aStart + index] ?? 0) - (b[bStart + index] ?? 0);
    if (order !== 0) return order;
  }
  return aLength - bLength;
}
