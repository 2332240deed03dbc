// The nodes of a draft, in arrays that grow: how many names stand between the records and the apex is not known before.

import { firstSlot, slotCountFor } from '../wire/name-hash.ts';

/** An index that points nowhere. Indices are signed: what exceeds 31 bits, V8 keeps in a box outside of typed arrays. */
export const NONE = -1;
export const APEX = 0;

/** Node 0 is the apex. */
export type Nodes = {
  count: number;
  /** Node + 1, or 0: see enterSlot. */
  slots: Int32Array;
  hashes: Int32Array;
  parents: Int32Array;
  /** Names without the zone's own labels. */
  text: Uint8Array;
  textEnd: number;
  textStarts: Int32Array;
  textLengths: Uint8Array;
  /** Labels below the apex. */
  labelCounts: Uint8Array;
  /** The first record set of the node. */
  rrsets: Int32Array;
  /** The child `*`. */
  wildcards: Int32Array;
  /** Which of the steered names it is. */
  steered: Int32Array;
};

/** Names shorter than this on the average need no second block of memory. */
const BYTES_PER_NAME = 16;

export function createNodes(expected: number): Nodes {
  // The apex, and some names between.
  const capacity = expected + 8;
  return {
    count: 0,
    slots: new Int32Array(slotCountFor(capacity)),
    hashes: new Int32Array(capacity),
    parents: new Int32Array(capacity),
    text: new Uint8Array(BYTES_PER_NAME * capacity + 256),
    textEnd: 0,
    textStarts: new Int32Array(capacity),
    textLengths: new Uint8Array(capacity),
    labelCounts: new Uint8Array(capacity),
    rrsets: new Int32Array(capacity).fill(NONE),
    wildcards: new Int32Array(capacity).fill(NONE),
    steered: new Int32Array(capacity).fill(NONE),
  };
}

/** Doubles the room: for nodes, for text, and in the table that finds them. */
export function growNodes(nodes: Nodes): void {
  const before = nodes.hashes.length;
  const capacity = 2 * before;
  const widen = (array: Int32Array) => {
    const wider = new Int32Array(capacity).fill(NONE);
    wider.set(array);
    return wider;
  };
  const widenBytes = (array: Uint8Array, length: number) => {
    const wider = new Uint8Array(length);
    wider.set(array);
    return wider;
  };
  nodes.hashes = widen(nodes.hashes);
  nodes.parents = widen(nodes.parents);
  nodes.text = widenBytes(nodes.text, 2 * nodes.text.length);
  nodes.textStarts = widen(nodes.textStarts);
  nodes.textLengths = widenBytes(nodes.textLengths, capacity);
  nodes.labelCounts = widenBytes(nodes.labelCounts, capacity);
  nodes.rrsets = widen(nodes.rrsets);
  nodes.wildcards = widen(nodes.wildcards);
  nodes.steered = widen(nodes.steered);
  // The one that is being added, the last, is not entered yet.
  nodes.slots = new Int32Array(slotCountFor(capacity));
  for (let node = 0; node < nodes.count - 1; node++) enterSlot(nodes.slots, node, nodes.hashes[node] ?? 0);
}

export function enterSlot(slots: Int32Array, node: number, hash: number): void {
  const mask = slots.length - 1;
  let slot = firstSlot(hash, mask);
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = node + 1;
}
