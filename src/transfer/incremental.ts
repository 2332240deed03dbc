// What an incremental transfer sends (RFC 1995 section 4): the SOA of now, then for each change the SOA before it, what was
// deleted, the SOA behind it, what was added, and the SOA of now once more. Serials at which this zone did not change are
// passed over, so that each sequence begins with the serial at which the one before ended.

import type { Journal, JournalEntry } from './journal.ts';
import { serialOfStep } from './journal.ts';
import { unpackRecords } from './packed-records.ts';
import { serialOfSoa } from './serial.ts';
import type { TransferRecord, TransferSet } from './transfer-set.ts';
import { recordsOfSet, serialOf, soaOf, withSerial, type ZoneView } from './zone-records.ts';

export function* recordsOfChanges(
  view: ZoneView,
  journal: Journal,
  entries: readonly JournalEntry[],
  heldSerial: number,
): Generator<TransferRecord> {
  const current = serialOf(view);
  const soa = soaOf(view, current);
  yield* recordsOfSet(soa);
  let from = heldSerial;
  for (const { to, ...change } of sequencesOf(journal, entries, soa, current, view.image.hasOwnSerial)) {
    yield* recordsOfSet(withSerial(change.soaBefore, from));
    yield* unpackRecords(change.deletions);
    yield* recordsOfSet(withSerial(change.soaAfter, to));
    yield* unpackRecords(change.additions);
    from = to;
  }
  yield* recordsOfSet(soa);
}

type Sequence = JournalEntry & { readonly to: number };
const NOTHING = new Uint8Array(0);

/** The last leads to the serial of now. Without any change there is one sequence of two SOAs. */
function sequencesOf(
  journal: Journal,
  entries: readonly JournalEntry[],
  soa: TransferSet,
  current: number,
  hasOwnSerial: boolean,
): readonly Sequence[] {
  if (entries.length === 0) {
    return [{ step: 0, to: current, soaBefore: soa, soaAfter: soa, deletions: NOTHING, additions: NOTHING }];
  }
  return entries.map((entry, index) => {
    const isLast = index === entries.length - 1;
    const to = hasOwnSerial ? serialOfSoa(entry.soaAfter.data) : (serialOfStep(journal, entry.step) ?? current);
    return { ...entry, to: isLast ? current : to };
  });
}
