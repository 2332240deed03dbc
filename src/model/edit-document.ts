// Edits of a configuration document: find, put and delete one item of a list, addressed by its key. What comes out is a
// draft: whether it is a configuration is for parseConfiguration to say, when it is committed. Nothing is changed in place;
// what an edit does not touch is shared with the document that it came from.
//
//   list        key                                        example
//   regions     id (as vantages, monitors, clusters)       eu-west
//   zones       name, full and lower case                  gtm.example.com
//   services    full name                                  www.gtm.example.com
//   overrides   kind/id                                    endpoints/web-eu/a
//   records     full name/type, within one zone            mail.gtm.example.com/MX

import { isWithin, parseOwner, parseOwnerInZone } from './name.ts';
import { isRecord, resolveServiceId } from './parse-context.ts';

export const COLLECTIONS = ['regions', 'vantages', 'monitors', 'clusters', 'services', 'zones'] as const;
export type Collection = (typeof COLLECTIONS)[number];
export type ListName = Collection | 'overrides';

export const LISTS: readonly ListName[] = [...COLLECTIONS, 'overrides'];

export type Item = Readonly<Record<string, unknown>>;

/** A configuration document, or what an edit made of one. */
export type Draft = Readonly<Record<string, unknown>>;

/** An item, and where in its list it stands. */
export type Found = { readonly item: Item; readonly index: number };

/** The items of a list; none when the document leaves it out. */
export function listItems(document: Draft, list: ListName): readonly Item[] {
  return itemsOf(document[list]);
}

/** Undefined for an item whose key cannot be told. */
export function keyOfItem(list: ListName, item: Item): string | undefined {
  switch (list) {
    case 'zones':
      return typeof item['name'] === 'string' ? normalizeZone(item['name']) : undefined;
    case 'services': {
      const { name, zone } = item;
      return typeof name === 'string' && typeof zone === 'string' ? resolveServiceId({ name, zone }) : undefined;
    }
    case 'overrides':
      return typeof item['id'] === 'string' ? `${item['kind']}/${item['id']}` : undefined;
    default:
      return typeof item['id'] === 'string' ? item['id'] : undefined;
  }
}

/** A key as people write it, in the form in which items have it: names are lower case, without their last dot. */
export function normalizeKey(list: ListName, key: string): string {
  return list === 'zones' || list === 'services' ? (normalizeZone(key) ?? key) : key;
}

export function findItem(document: Draft, list: ListName, key: string): Found | undefined {
  return findByKey(listItems(document, list), key, (item) => keyOfItem(list, item));
}

/** Replaces the item with this key where it stands, or adds it at the end. */
export function putItem(document: Draft, list: ListName, key: string, item: Item): Draft {
  return { ...document, [list]: putByKey(listItems(document, list), key, item, (each) => keyOfItem(list, each)) };
}

/** The same document when there is no such item. */
export function deleteItem(document: Draft, list: ListName, key: string): Draft {
  const found = findItem(document, list, key);
  if (found === undefined) return document;
  const rest = listItems(document, list).toSpliced(found.index, 1);
  // An empty list and none mean the same, vantages apart: there must be at least one, or nothing said of them.
  const { [list]: _, ...others } = document;
  return rest.length === 0 && list !== 'zones' ? others : { ...document, [list]: rest };
}

/** The records of a zone item. */
export function listRecords(zone: Item): readonly Item[] {
  return itemsOf(zone['records']);
}

/** The key of a record within its zone: undefined when the name is none, or lies elsewhere. */
export function keyOfRecord(zoneName: string, name: string, type: string): string | undefined {
  const owner = parseOwnerInZone(name, zoneName);
  return owner.ok ? `${owner.name}/${type.toUpperCase()}` : undefined;
}

export function findRecord(zone: Item, key: string): Found | undefined {
  const isIt = matchRecord(keyOfItem('zones', zone) ?? '', key);
  const records = listRecords(zone);
  const index = records.findIndex(isIt);
  const item = records[index];
  return item === undefined ? undefined : { item, index };
}

/** The zone with the record replaced where it stands, or added at the end, and where that is. */
export function putRecord(zone: Item, key: string, record: Item): { readonly zone: Item; readonly index: number } {
  const records = listRecords(zone);
  const index = findRecord(zone, key)?.index ?? records.length;
  return { zone: { ...zone, records: records.toSpliced(index, 1, record) }, index };
}

/** The same zone when there is no such record. */
export function deleteRecord(zone: Item, key: string): Item {
  const found = findRecord(zone, key);
  return found === undefined ? zone : { ...zone, records: listRecords(zone).toSpliced(found.index, 1) };
}

/** Tells the keys of a zone's records. */
export function recordKeyIn(zone: Item): (record: Item) => string | undefined {
  const zoneName = keyOfItem('zones', zone) ?? '';
  return ({ name, type }) =>
    typeof name === 'string' && typeof type === 'string' ? keyOfRecord(zoneName, name, type) : undefined;
}

/**
 * Whether a record has this key, by comparing texts: a zone may have a million records, and completing the name of each of
 * them to find one takes a second. It is what `recordKeyIn(zone)(record) === key` says.
 */
function matchRecord(zoneName: string, key: string): (record: Item) => boolean {
  const slash = key.lastIndexOf('/');
  const owner = key.slice(0, slash);
  const type = key.slice(slash + 1);
  const relative = owner === zoneName ? '@' : owner.slice(0, -zoneName.length - 1);
  return (record) => {
    if (typeof record['name'] !== 'string' || typeof record['type'] !== 'string') return false;
    // Of a name with escapes, a text says little: it has many.
    if (record['name'].includes('\\')) return keyOfRecord(zoneName, record['name'], record['type']) === key;
    const name = record['name'].toLowerCase();
    const full = name.endsWith('.') ? name.slice(0, -1) : isWithin(name, zoneName) ? name : undefined;
    return (full === undefined ? name === relative : full === owner) && record['type'].toUpperCase() === type;
  };
}

type KeyOf = (item: Item) => string | undefined;

function findByKey(items: readonly Item[], key: string, keyOf: KeyOf): Found | undefined {
  const index = items.findIndex((item) => keyOf(item) === key);
  const item = items[index];
  return item === undefined ? undefined : { item, index };
}

function putByKey(items: readonly Item[], key: string, item: Item, keyOf: KeyOf): readonly Item[] {
  const found = findByKey(items, key, keyOf);
  return found === undefined ? [...items, item] : items.with(found.index, item);
}

function itemsOf(list: unknown): readonly Item[] {
  if (!Array.isArray(list)) return [];
  const items: readonly unknown[] = list;
  return items.every(isRecord) ? items : items.filter(isRecord);
}

function normalizeZone(text: string): string | undefined {
  const name = parseOwner(text);
  return name.ok ? name.name : undefined;
}
