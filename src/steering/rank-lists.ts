// Preference lists while they are being made: equal lists get the same id, so that neighbouring clients with the same order
// share a run. Lists lie one after the other in one growing array; a hash table of ids finds an equal one.

import type { PreferenceLists } from './run-map.ts';

export type ListInterner = {
  /** The list that is being put together: entries 0..length-1 as in PreferenceLists. */
  readonly draft: Uint16Array;
  length: number;
  count: number;
  offsets: Uint32Array;
  entries: Uint16Array;
  /** Open addressing: list id + 1, 0 where nothing is. At most half full; its length is a power of two. */
  slots: Uint32Array;
  /** The list that was found last: neighbours in the database are often neighbours on the globe. */
  last: number;
};

const FIRST_LISTS = 256;

/** `longest`: the number of candidates, of which a list has each at most once. */
export function createListInterner(longest: number): ListInterner {
  return {
    draft: new Uint16Array(longest),
    length: 0,
    count: 0,
    offsets: new Uint32Array(FIRST_LISTS + 1),
    entries: new Uint16Array(FIRST_LISTS * Math.max(1, longest)),
    slots: new Uint32Array(2 * FIRST_LISTS),
    last: -1,
  };
}

/** The id of the list that the draft holds: an old one if it is equal. */
export function internDraft(interner: ListInterner): number {
  if (interner.last >= 0 && isDraft(interner, interner.last)) return interner.last;
  const slot = findDraftSlot(interner);
  const found = interner.slots[slot] ?? 0;
  interner.last = found === 0 ? addDraft(interner, slot) : found - 1;
  return interner.last;
}

/** The finished lists, in shared memory. */
export function finishLists(interner: ListInterner): PreferenceLists {
  const { count, offsets, entries } = interner;
  const used = offsets[count] ?? 0;
  const finished = {
    offsets: new Uint32Array(new SharedArrayBuffer(4 * (count + 1))),
    entries: new Uint16Array(new SharedArrayBuffer(2 * used)),
  };
  finished.offsets.set(offsets.subarray(0, count + 1));
  finished.entries.set(entries.subarray(0, used));
  return finished;
}

function addDraft(interner: ListInterner, slot: number): number {
  const list = interner.count;
  const offset = interner.offsets[list] ?? 0;
  if (list + 2 > interner.offsets.length) interner.offsets = doubleUint32(interner.offsets);
  if (offset + interner.length > interner.entries.length) {
    const entries = new Uint16Array(2 * interner.entries.length);
    entries.set(interner.entries);
    interner.entries = entries;
  }
  interner.entries.set(interner.draft.subarray(0, interner.length), offset);
  interner.offsets[list + 1] = offset + interner.length;
  interner.slots[slot] = list + 1;
  interner.count += 1;
  if (2 * interner.count > interner.slots.length) growSlots(interner);
  return list;
}

function findDraftSlot(interner: ListInterner): number {
  const { slots, draft, length } = interner;
  const mask = slots.length - 1;
  let slot = hashEntries(draft, 0, length) & mask;
  for (;;) {
    const found = slots[slot] ?? 0;
    if (found === 0 || isDraft(interner, found - 1)) return slot;
    slot = (slot + 1) & mask;
  }
}

function isDraft(interner: ListInterner, list: number): boolean {
  const { offsets, entries, draft, length } = interner;
  const offset = offsets[list] ?? 0;
  if ((offsets[list + 1] ?? 0) - offset !== length) return false;
  for (let index = 0; index < length; index += 1) if (entries[offset + index] !== draft[index]) return false;
  return true;
}

function growSlots(interner: ListInterner): void {
  const { offsets, entries } = interner;
  const slots = new Uint32Array(2 * interner.slots.length);
  const mask = slots.length - 1;
  for (let list = 0; list < interner.count; list += 1) {
    let slot = hashEntries(entries, offsets[list] ?? 0, offsets[list + 1] ?? 0) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = list + 1;
  }
  interner.slots = slots;
}

/** FNV-1a over the entries, with a final mix because only the low bits are used. */
function hashEntries(entries: Uint16Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ (entries[index] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

function doubleUint32(column: Uint32Array): Uint32Array {
  const doubled = new Uint32Array(2 * column.length);
  doubled.set(column);
  return doubled;
}
