// What zones say of a name, found the slow and plain way: by looking at all names of all zones (RFC 1034 section 4.3.2, RFC
// 4592). Shares nothing with what is tested but the words for the outcome.

import {
  FOUND_DELEGATION,
  FOUND_NAME,
  FOUND_NOTHING,
  FOUND_OUTSIDE,
  FOUND_WILDCARD,
} from '../../src/answer/find-name.ts';

export type NaiveZone = {
  readonly name: string;
  /** Owners, full; the apex is there without being stated. */
  readonly records: readonly { readonly name: string; readonly type: string }[];
};

export type NaiveFound = { readonly kind: number; readonly node: string; readonly zone: string };

export function findNaively(zones: readonly NaiveZone[], name: string): NaiveFound {
  const zone = ancestorsOf(name)
    .map((above) => zones.find((each) => each.name === above))
    .find((each) => each !== undefined);
  if (zone === undefined) return { kind: FOUND_OUTSIDE, node: '', zone: '' };
  const found = (kind: number, node: string) => ({ kind, node, zone: zone.name });
  const exists = new Set([zone.name, ...zone.records.flatMap((record) => ancestorsOf(record.name))]);
  const above = ancestorsOf(name).filter((each) => isWithin(each, zone.name));
  // From the apex down: the highest delegation is where our word ends.
  const isCut = (each: string) =>
    each !== zone.name && zone.records.some((record) => record.name === each && record.type === 'NS');
  const cut = above.findLast(isCut);
  if (cut !== undefined) return found(FOUND_DELEGATION, cut);
  if (exists.has(name)) return found(FOUND_NAME, name);
  const encloser = above.find((each) => exists.has(each)) ?? zone.name;
  const wildcard = `*.${encloser}`;
  return exists.has(wildcard) ? found(FOUND_WILDCARD, wildcard) : found(FOUND_NOTHING, '');
}

function ancestorsOf(name: string): string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
