// What changed between the snapshots that this node served, for IXFR (RFC 1995): bounded, in memory, and empty after a start,
// when whoever asks gets the whole zone. Serials are those of revisions, the same for all zones, and a node may not have
// served each of them: so the journal knows which it did, and for each zone the steps in which that zone changed.
//
//   steps        0     1     2     3        serials  41    42    45    46
//   copy.test          ├──x──┤     ├──x──┤  from 41: both changes; from 45: none until 46 but the second one
//   new.test                 since 2        from 41 or 42: the whole zone
//
// Every answer thread advances a journal of its own by the same steps; the records themselves are shared.

import type { ZoneChange } from './diff-zones.ts';
import { serialOfSoa } from './serial.ts';

/** One step: from the snapshot before to the one with this serial. */
export type JournalStep = {
  readonly serial: number;
  readonly changes: readonly (ZoneChange & { readonly zone: string })[];
  /** Zones of which it is not known how they came to be what they are: new, gone, or changed beyond what is kept. */
  readonly resets: readonly string[];
};

export type JournalEntry = ZoneChange & { readonly step: number };

export type Journal = {
  /** Of each step that is kept, the first one's number being `firstStep`. */
  readonly serials: number[];
  firstStep: number;
  bytes: number;
  /** Of `bytes`, what each step that is kept takes. */
  readonly stepBytes: number[];
  readonly zones: Map<string, ZoneHistory>;
};

/** `since`: the step from which on its changes are known. A zone without a history has not changed since the first step. */
type ZoneHistory = { since: number; readonly entries: JournalEntry[] };

export const MAX_JOURNAL_STEPS = 1000;
/** Of records, in the journal as a whole, and in one change of one zone. */
export const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;
export const MAX_CHANGE_BYTES = 8 * 1024 * 1024;
/** What an entry takes beside its records, as measured: eight objects, four of which have memory of their own. */
const ENTRY_BYTES = 3072;

export function createJournal(): Journal {
  return { serials: [], firstStep: 0, bytes: 0, stepBytes: [], zones: new Map() };
}

/** Whether the step follows on is for the caller to see to: a journal begins with a step of no changes. */
export function advanceJournal(journal: Journal, { serial, changes, resets }: JournalStep): void {
  const step = journal.firstStep + journal.serials.length;
  journal.serials.push(serial);
  journal.stepBytes.push(0);
  for (const zone of resets) {
    dropEntries(journal, zone, Number.POSITIVE_INFINITY);
    journal.zones.set(zone, { since: step, entries: [] });
  }
  // What led to the first step nobody can ask for.
  for (const { zone, ...change } of step === journal.firstStep ? [] : changes) {
    const history = journal.zones.get(zone) ?? { since: journal.firstStep, entries: [] };
    journal.zones.set(zone, history);
    history.entries.push({ ...change, step });
    countBytes(journal, step, bytesOf(change));
  }
  dropSteps(journal);
}

function countBytes(journal: Journal, step: number, bytes: number): void {
  const index = step - journal.firstStep;
  journal.bytes += bytes;
  journal.stepBytes[index] = (journal.stepBytes[index] ?? 0) + bytes;
}

/** The changes of the zone since `held`, oldest first; undefined where they are not known up to `current`. */
export function findChanges(
  { serials, firstStep, zones }: Journal,
  zone: string,
  held: number,
  current: number,
): readonly JournalEntry[] | undefined {
  const index = serials.lastIndexOf(held);
  if (index < 0 || serials.at(-1) !== current) return undefined;
  const history = zones.get(zone);
  if (history === undefined) return [];
  const step = firstStep + index;
  return step < history.since ? undefined : history.entries.filter((entry) => entry.step > step);
}

/** The same for a zone whose serials are not those of revisions: they stand in the SOAs of its changes. */
export function findOwnChanges(
  { zones }: Journal,
  zone: string,
  held: number,
  current: number,
): readonly JournalEntry[] | undefined {
  const entries = zones.get(zone)?.entries ?? [];
  const first = entries.findIndex(({ soaBefore }) => serialOfSoa(soaBefore.data) === held);
  const last = entries.at(-1);
  return first < 0 || last === undefined || serialOfSoa(last.soaAfter.data) !== current
    ? undefined
    : entries.slice(first);
}

/** The serial of a step that is kept. */
export function serialOfStep({ serials, firstStep }: Journal, step: number): number | undefined {
  return serials[step - firstStep];
}

/** As many as the limits ask for, in one pass over the zones: there may be thousands of both, and queries wait. */
function dropSteps(journal: Journal): void {
  const { serials, stepBytes } = journal;
  let { bytes } = journal;
  let dropped = 0;
  const isTooMuch = () => serials.length - dropped > MAX_JOURNAL_STEPS || bytes > MAX_JOURNAL_BYTES;
  while (isTooMuch() && serials.length - dropped > 1) bytes -= stepBytes[++dropped] ?? 0;
  if (dropped === 0) return;
  const first = journal.firstStep + dropped;
  for (const [zone, history] of journal.zones) {
    dropEntries(journal, zone, first);
    if (history.entries.length === 0 && history.since <= first) journal.zones.delete(zone);
  }
  serials.splice(0, dropped);
  stepBytes.splice(0, dropped);
  journal.firstStep = first;
}

/** Those that lead to a step up to `last`: whoever could ask for them has a serial that is forgotten. */
function dropEntries(journal: Journal, zone: string, last: number): void {
  const entries = journal.zones.get(zone)?.entries ?? [];
  const kept = entries.findIndex(({ step }) => step > last);
  for (const dropped of entries.splice(0, kept < 0 ? entries.length : kept)) {
    countBytes(journal, dropped.step, -bytesOf(dropped));
  }
}

export function bytesOf({ deletions, additions }: Pick<ZoneChange, 'deletions' | 'additions'>): number {
  return ENTRY_BYTES + deletions.length + additions.length;
}
