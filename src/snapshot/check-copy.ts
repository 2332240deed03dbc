// Whether the copy of a zone can be served, found before it is committed.

import type { Copy } from '../model/copies.ts';
import { parseRecords } from '../model/parse-record.ts';
import { splitPointer } from '../model/pointer.ts';
import type { Problem } from '../model/problem.ts';
import type { Zone } from '../model/zone.ts';
import { draftParts, readZonePart } from './compile-zone.ts';

/** Copies that were found good, with what they were good for. */
export type CheckedCopies = WeakMap<Copy, string>;

/** Of the copy of a zone, the zone `index` of a document, no place in that can be named but where it comes from. */
export function checkCopy(
  zone: Zone,
  copy: Copy,
  index: number,
  steeredNames: readonly string[],
  checked: CheckedCopies,
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
