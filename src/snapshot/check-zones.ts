// Whether the zones of a document can be served: what building them finds, found before the document is committed, so that
// no revision is acknowledged which every node then refuses.

import type { ConfigurationDocument, WholeConfiguration } from '../model/configuration.ts';
import type { Copy } from '../model/copies.ts';
import { parseRecords } from '../model/parse-record.ts';
import { splitPointer } from '../model/pointer.ts';
import type { Problem } from '../model/problem.ts';
import type { Zone, ZoneDocument } from '../model/zone.ts';
import { draftParts, readZonePart } from './compile-zone.ts';

/** Zones, and copies of zones, that were found good, with what they were good for. An edit shares what it does not touch. */
export type CheckedZones = WeakMap<ZoneDocument | Copy, string>;

/** Everything that is wrong, at most MAX_PROBLEMS a zone. `configuration` is what parsing made of `document`. */
export function checkZones(
  document: ConfigurationDocument,
  { zones, services }: WholeConfiguration,
  checked: CheckedZones = new WeakMap(),
  copies: ReadonlyMap<string, Copy> = new Map(),
): readonly Problem[] {
  const servicesOf = Map.groupBy(services, ({ zone }) => zone);
  return zones.flatMap((zone, index) => {
    const stated = document.zones[index];
    const steeredNames = (servicesOf.get(zone.name) ?? []).map(({ id }) => id);
    const goodFor = steeredNames.join(' ');
    if (zone.primaries !== undefined) {
      const copy = copies.get(zone.name);
      return copy === undefined ? [] : checkCopy(zone, copy, index, steeredNames, checked);
    }
    if (stated === undefined || checked.get(stated) === goodFor) return [];
    const drafted = draftParts(zone, [readZonePart(zone.name, zone.records)], steeredNames);
    if (drafted.ok) {
      checked.set(stated, goodFor);
      return [];
    }
    // Once more as they are stated, for problems say which one: the model has merged those of one name and type.
    const { records } = parseRecords(stated.records ?? [], zone.name);
    const asStated = draftParts(zone, [readZonePart(zone.name, records)], steeredNames);
    const { problems } = asStated.ok ? drafted : asStated;
    return problems.map(({ path, message }) => ({ path: `/zones/${index}${path}`, message }));
  });
}

/** Of the copy of a zone no place in the document can be named but where it comes from. */
function checkCopy(
  zone: Zone,
  copy: Copy,
  index: number,
  steeredNames: readonly string[],
  checked: CheckedZones,
): readonly Problem[] {
  const goodFor = `${zone.dnssec === undefined ? 'unsigned' : 'signed'} ${steeredNames.join(' ')}`;
  if (checked.get(copy) === goodFor) return [];
  const parsed = parseRecords(copy.records, zone.name, true);
  const drafted = draftParts(zone, [readZonePart(zone.name, parsed.records)], steeredNames);
  const stated = parsed.problems.map(({ path, message }) => ({ path: `/records${path}`, message }));
  const problems = [...stated, ...(drafted.ok ? [] : drafted.problems)];
  if (problems.length === 0) checked.set(copy, goodFor);
  return problems.slice(0, MAX_TOLD).map(({ path, message }) => {
    const [list, at] = splitPointer(path);
    const record = list === 'records' ? copy.records[Number(at)] : undefined;
    const which = record === undefined ? '' : ` (${record.name} ${record.type})`;
    return {
      path: `/zones/${index}/primaries`,
      message: `${zone.name} as it came from ${copy.head.primary}${which}: ${message}`,
    };
  });
}

const MAX_TOLD = 20;
