// What parsing one entity needs to know of everything else: which ids the document declares, and how to resolve what lies
// outside it. Ids of entities that are themselves faulty count as declared: a reference to one is no second problem.

import type { CopyHead } from './copies.ts';
import { isWithin, parseOwner, parseOwnerInZone } from './name.ts';
import { findNearest } from './nearest.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import type { Location } from './region.ts';
import { LOCAL_VANTAGE_ID } from './vantage.ts';

/** Coordinates of a reference such as `aws:us-east-1`; undefined when nobody knows it. */
export type LocationResolver = (reference: string) => Location | undefined;

export type ParseOptions = {
  readonly resolveLocation: LocationResolver;
  /** What is wrong with one value of a record of this type in this zone; undefined when nothing is. */
  readonly checkRecordData?: (type: string, data: string, zone: string) => string | undefined;
  /** The same for what services state, where nobody else will check it; checkRecordData when not given. */
  readonly checkBinding?: (type: string, data: string, zone: string) => string | undefined;
  /** The zones stand here without their records: nothing may be concluded from what they do not hold. */
  readonly areRecordsElsewhere?: boolean;
  /** It was committed, perhaps by a version that asked less: what can never work as it stands is no reason to serve nothing. */
  readonly isCommitted?: boolean;
  /** What has been copied of zones that have primaries, by their names. */
  readonly copies?: ReadonlyMap<string, CopyHead>;
};

export type Declared = {
  readonly regions: ReadonlySet<string>;
  readonly vantages: ReadonlySet<string>;
  /** How many vantages each group of them has; one without a group is one by itself. */
  readonly vantageGroups: readonly number[];
  /** Whether any vantage has a group. */
  readonly hasVantageGroups: boolean;
  readonly monitors: ReadonlySet<string>;
  readonly clusters: ReadonlySet<string>;
  /** `cluster/endpoint`. */
  readonly endpoints: ReadonlySet<string>;
  /** Full, lower case. */
  readonly zones: ReadonlySet<string>;
};

export type ParseContext = ParseOptions & { readonly declared: Declared; readonly report: Report };

/** A value and where in the document it stands. */
export type Located<Value> = { readonly path: string; readonly value: Value };

/** Finds every id in a document that nobody has checked yet. */
export function collectDeclared(document: Readonly<Record<string, unknown>>): Declared {
  const clusters = listItems(document['clusters']);
  const vantages = listKeys(document['vantages'], 'id');
  const endpoints = clusters.flatMap((cluster) =>
    listKeys(cluster['endpoints'], 'id').map((endpoint) => `${cluster['id']}/${endpoint}`),
  );
  const zones = listKeys(document['zones'], 'name').flatMap((text) => {
    const name = parseOwner(text);
    return name.ok ? [name.name] : [];
  });
  return {
    regions: new Set(listKeys(document['regions'], 'id')),
    vantages: new Set(document['vantages'] === undefined ? [LOCAL_VANTAGE_ID] : vantages),
    vantageGroups: document['vantages'] === undefined ? [1] : countGroups(listItems(document['vantages'])),
    hasVantageGroups: listItems(document['vantages']).some((vantage) => vantage['group'] !== undefined),
    monitors: new Set(listKeys(document['monitors'], 'id')),
    clusters: new Set(listKeys(clusters, 'id')),
    endpoints: new Set(endpoints),
    zones: new Set(zones),
  };
}

/** Reports a reference to something that the document does not declare; answers whether it does. */
export function checkReference(
  report: Report,
  path: string,
  kind: string,
  id: string,
  known: ReadonlySet<string>,
): boolean {
  if (known.has(id)) return true;
  const nearest = findNearest(id, known);
  const advice = nearest === undefined ? listKnown(kind, known) : `; did you mean "${nearest}"?`;
  // Where the whole list is unreadable, nothing is missing from it.
  report(path, `no ${kind} has the id "${id}"${advice}`, [joinPointer('', `${kind}s`)]);
  return false;
}

/** Reports every value that was there before, naming the place of its first use. */
export function checkUnique(report: Report, items: readonly Located<string>[], kind: string): void {
  const firsts = new Map<string, string>();
  for (const { path, value } of items) {
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, path);
    else report(path, `the ${kind} "${value}" is there already, at ${first}: keep one, or rename one.`);
  }
}

/** Every item's path and string under `key`, for `checkUnique`; items without one are passed over. */
export function locateKeys(list: unknown, path: string, key: string): readonly Located<string>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => {
    const value = isRecord(item) ? item[key] : undefined;
    return typeof value === 'string' ? [{ path: joinPointer(joinPointer(path, index), key), value }] : [];
  });
}

/** The full name, which is also the id, of a service as written; undefined when that is no name in its zone. */
export function resolveServiceId(service: { readonly name: string; readonly zone: string }): string | undefined {
  const zone = parseOwner(service.zone);
  if (!zone.ok) return undefined;
  const name = parseOwnerInZone(service.name, zone.name);
  return name.ok && isWithin(name.name, zone.name) ? name.name : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How many known ids a message lists when none is near. */
const MAX_LISTED_IDS = 8;

function listKnown(kind: string, known: ReadonlySet<string>): string {
  if (known.size === 0) return `: the configuration has no ${kind} yet; add one.`;
  const listed = [...known].slice(0, MAX_LISTED_IDS).join(', ');
  return `; there ${known.size === 1 ? 'is' : 'are'} ${listed}${known.size > MAX_LISTED_IDS ? ' …' : ''}.`;
}

function countGroups(vantages: readonly Readonly<Record<string, unknown>>[]): readonly number[] {
  const sizes = new Map<unknown, number>();
  for (const vantage of vantages) {
    const key = typeof vantage['group'] === 'string' ? vantage['group'] : vantage;
    sizes.set(key, (sizes.get(key) ?? 0) + 1);
  }
  return [...sizes.values()];
}

function listItems(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function listKeys(list: unknown, key: string): readonly string[] {
  return listItems(list).flatMap((item) => (typeof item[key] === 'string' ? [item[key]] : []));
}
