// Whether the copy of a zone can be served, found before it is committed.

import type { Copy } from '../model/copies.ts';
import { parseRecords } from '../model/parse-record.ts';
import { splitPointer } from '../model/pointer.ts';
import type { Problem } from '../model/problem.ts';
import type { RecordSet, Zone } from '../model/zone.ts';
import { draftParts, readZonePart } from './compile-zone.ts';

/** Copies that were found good, with what they were good for. */
export type CheckedCopies = WeakMap<Copy, string>;

/** What services answer in a zone, by their full names; `aliases`: those of them that may answer with a CNAME. */
export type Steered = { readonly names: readonly string[]; readonly aliases: readonly string[] };

/** Of the copy of a zone, the zone `index` of a document, no place in that can be named but where it comes from. */
export function checkCopy(
  zone: Zone,
  copy: Copy,
  index: number,
  steered: Steered,
  checked: CheckedCopies,
): readonly Problem[] {
  const names = `${steered.names.join(' ')} ${steered.aliases.join(' ')}`;
  const goodFor = `${zone.dnssec === undefined ? 'unsigned' : 'signed'} ${names}`;
  if (checked.get(copy) === goodFor) return [];
  const parsed = parseRecords(copy.records, zone.name, true);
  const drafted = draftParts(zone, [readZonePart(zone.name, parsed.records)], steered.names);
  const stated = parsed.problems.map(({ path, message }) => ({ path: `/records${path}`, message }));
  const crowded = drafted.ok ? findCrowded(parsed.records, steered.aliases) : drafted.problems;
  const problems = [...stated, ...crowded];
  if (problems.length === 0) checked.set(copy, goodFor);
  return problems.slice(0, MAX_TOLD).map(({ path, message }) => {
    const [list, at] = splitPointer(path);
    const record = list === 'records' ? copy.records[Number(at)] : undefined;
    const which = record === undefined ? '' : ` (${record.name} ${record.type})`;
    return {
      path: `/zones/${index}/primaries`,
      message: `${zone.name} as its primary has it${which}: ${message}`,
    };
  });
}

/** RFC 1034 section 3.6.2: beside a CNAME there is nothing. Each node looks for the same in what it has compiled, and refuses it all. */
function findCrowded(records: readonly (RecordSet | undefined)[], aliases: readonly string[]): readonly Problem[] {
  return records.flatMap((record, index) => {
    if (record === undefined || !aliases.includes(record.name)) return [];
    const message = `A service answers for ${record.name} with a CNAME: remove its ${record.type} records, or the service.`;
    return [{ path: `/records/${index}`, message }];
  });
}

const MAX_TOLD = 20;
