// Whether the zones of a document can be served: what building them finds, found before the document is committed, so that
// no revision is acknowledged which every node then refuses.

import type { ConfigurationDocument, WholeConfiguration } from '../model/configuration.ts';
import type { Copy } from '../model/copies.ts';
import { MAX_PROBLEMS } from '../model/limits.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import { isRecord } from '../model/parse-context.ts';
import { parseRecords } from '../model/parse-record.ts';
import type { Problem } from '../model/problem.ts';
import type { ZoneDocument } from '../model/zone.ts';
import { checkCopy } from './check-copy.ts';
import { draftParts, readZonePart } from './compile-zone.ts';

/** Zones, and copies of zones, that were found good, with what they were good for. An edit shares what it does not touch. */
export type CheckedZones = WeakMap<ZoneDocument | Copy, string>;

/**
 * Everything that is wrong, at most MAX_PROBLEMS a zone. `configuration` is what parsing made of `document`.
 * @param incomplete positions of zones that lack records, which could not be read where they stand.
 */
export function checkZones(
  document: ConfigurationDocument,
  { zones, clusters, services }: WholeConfiguration,
  checked: CheckedZones = new WeakMap(),
  copies: ReadonlyMap<string, Copy> = new Map(),
  incomplete: ReadonlySet<number> = new Set(),
): readonly Problem[] {
  const servicesOf = Map.groupBy(services, ({ zone }) => zone);
  const aliasing = new Set(
    clusters.filter(({ endpoints }) => endpoints[0]?.target.family === 'CNAME').map(({ id }) => id),
  );
  return zones.flatMap((zone, index) => {
    const stated = document.zones[index];
    const steeredNames = (servicesOf.get(zone.name) ?? []).map(({ id }) => id);
    const goodFor = steeredNames.join(' ');
    if (zone.primaries !== undefined) {
      const copy = copies.get(zone.name);
      if (copy === undefined) return [];
      const aliases = (servicesOf.get(zone.name) ?? [])
        .filter((service) => service.clusters.some((cluster) => aliasing.has(cluster)))
        .map(({ id }) => id);
      return checkCopy(zone, copy, index, { names: steeredNames, aliases }, checked);
    }
    if (stated === undefined || checked.get(stated) === goodFor) return [];
    const lost = incomplete.has(index) ? [undefined] : [];
    const drafted = draftParts(zone, [readZonePart(zone.name, [...zone.records, ...lost])], steeredNames);
    if (drafted.ok) {
      if (lost.length === 0) checked.set(stated, goodFor);
      return [];
    }
    // Once more as they are stated, for problems say which one: the model has merged those of one name and type.
    const { records } = parseRecords(stated.records ?? [], zone.name);
    const asStated = draftParts(zone, [readZonePart(zone.name, [...records, ...lost])], steeredNames);
    const { problems } = asStated.ok ? drafted : asStated;
    return problems.map(({ path, message }) => ({ path: `/zones/${index}${path}`, message }));
  });
}

/**
 * The same of a document that parsing has refused: whatever can still be said of zones of which it refused no more than records.
 * @param known what parsing found; none of it is said again.
 */
export function checkZonesBeside(
  document: unknown,
  known: readonly Problem[],
  incomplete: ReadonlySet<number> = new Set(),
): readonly Problem[] {
  const zones: unknown = isRecord(document) ? document['zones'] : undefined;
  if (!Array.isArray(zones) || known.length >= MAX_PROBLEMS) return [];
  const told = new Set(known.map(({ path }) => path));
  const refused = new Set(known.flatMap(({ path }) => /^\/zones\/(\d+)(?!\/records\/|\d)/.exec(path)?.[1] ?? []));
  return Array.from<unknown>(zones)
    .flatMap((zone, index) =>
      refused.has(String(index)) || !isRecord(zone) ? [] : checkZoneAlone(zone, index, incomplete.has(index)),
    )
    .filter(({ path }) => !told.has(path));
}

function checkZoneAlone(
  { records, ...head }: Readonly<Record<string, unknown>>,
  index: number,
  isIncomplete: boolean,
): readonly Problem[] {
  const options = { resolveLocation: () => undefined, areRecordsElsewhere: true };
  const parsed = parseConfiguration({ zones: [head], regions: [], clusters: [], services: [] }, options);
  const [zone] = parsed.ok ? parsed.value.zones : [];
  if (zone === undefined) return [];
  const stated = parseRecords(Array.isArray(records) ? records : [], zone.name);
  const drafted = draftParts(
    zone,
    [readZonePart(zone.name, isIncomplete ? [...stated.records, undefined] : stated.records)],
    [],
  );
  const problems = drafted.ok ? [] : drafted.problems;
  return problems.map(({ path, message }) => ({ path: `/zones/${index}${path}`, message }));
}
