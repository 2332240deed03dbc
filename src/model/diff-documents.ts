// What differs between two configuration documents, item by item: for dry runs, plans and the comparison of revisions.
// Items are told apart by their keys, so that moving one within its list is a change only where the order means something,
// and renaming one is a removal and an addition.

import {
  type Draft,
  type Item,
  keyOfItem,
  LISTS,
  type ListName,
  listItems,
  listRecords,
  recordKeyIn,
} from './edit-document.ts';
import { isRecord } from './parse-context.ts';
import { joinPointer } from './pointer.ts';

export type Change = {
  readonly change: 'added' | 'changed' | 'removed';
  /** `regions/eu-west`, `zones/gtm.example.com/records/www.gtm.example.com/A`, `overrides/endpoints/web-eu/a`. */
  readonly item: string;
  /** JSON pointers into the item of what is different; only for what changed. */
  readonly fields?: readonly string[];
};

/** How many changes are listed at most; a whole configuration that differs would otherwise list a million records. */
export const MAX_CHANGES = 10_000;
/** How many differing fields of one item are named. */
const MAX_FIELDS = 50;

/** Every item that was added, changed or removed from `before` to `after`, in the order of the lists. */
export function diffDocuments(before: Draft, after: Draft): readonly Change[] {
  return LISTS.flatMap((list) => diffList(before, after, list)).slice(0, MAX_CHANGES);
}

function diffList(before: Draft, after: Draft, list: ListName): readonly Change[] {
  const [from, to] = pairItems(listItems(before, list), listItems(after, list), (item) => keyOfItem(list, item));
  return diffMaps(from, to, `${list}/`, (path, old, item) =>
    list === 'zones' ? diffZone(path, old, item) : diffItem(path, old, item),
  );
}

/** A zone is its head (SOA, name servers) and its records, each a thing of its own. */
function diffZone(path: string, before: Item, after: Item): readonly Change[] {
  const { records: _old, ...headBefore } = before;
  const { records: _new, ...headAfter } = after;
  const [from, to] = pairItems(listRecords(before), listRecords(after), recordKeyIn(before));
  return [...diffItem(path, headBefore, headAfter), ...diffMaps(from, to, `${path}/records/`, diffItem)];
}

function diffItem(item: string, before: Item, after: Item): readonly Change[] {
  const fields = listDifferences(before, after, '').slice(0, MAX_FIELDS);
  return fields.length === 0 ? [] : [{ change: 'changed', item, fields }];
}

function diffMaps(
  from: ReadonlyMap<string, Item>,
  to: ReadonlyMap<string, Item>,
  path: string,
  diffBoth: (path: string, before: Item, after: Item) => readonly Change[],
): readonly Change[] {
  const changes: Change[] = [];
  for (const [key, item] of from) {
    const other = to.get(key);
    if (other === undefined) changes.push({ change: 'removed', item: path + key });
    else if (other !== item) changes.push(...diffBoth(path + key, item, other));
  }
  for (const key of to.keys()) if (!from.has(key)) changes.push({ change: 'added', item: path + key });
  return changes;
}

type Keyed = ReadonlyMap<string, Item>;

/** Both lists by key, without the items that they share: after an edit these are all but one, perhaps of a million. */
function pairItems(
  before: readonly Item[],
  after: readonly Item[],
  keyOf: (item: Item) => string | undefined,
): readonly [before: Keyed, after: Keyed] {
  const byKey = (items: readonly Item[], shared: ReadonlySet<Item>) => {
    const own = items.filter((item) => !shared.has(item));
    return new Map(own.map((item, index) => [keyOf(item) ?? `#${index}`, item]));
  };
  return [byKey(before, new Set(after)), byKey(after, new Set(before))];
}

/** Pointers to the places where two values differ: as deep as mappings go, lists as wholes. */
function listDifferences(before: unknown, after: unknown, path: string): readonly string[] {
  if (before === after) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => listDifferences(before[key], after[key], joinPointer(path, key)));
  }
  return isEqual(before, after) ? [] : [path];
}

/** Whether two JSON values are the same; the order of keys means nothing, a key without a value as much as none. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isEqual(a[key], b[key]));
}
