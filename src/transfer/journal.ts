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
  readonly zones: Map<string, ZoneHistory>;
};

/** `since`: the step from which on its changes are known. A zone without a history has not changed since the first step. */
type ZoneHistory = { since: number; readonly entries: JournalEntry[] };

export const MAX_JOURNAL_STEPS = 1000;
/** Of records, in the journal as a whole, and in one change of one zone. */
export const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;
export const MAX_CHANGE_BYTES = 8 * 1024 * 1024;
/** What an entry takes beside its records, about. */
const ENTRY_BYTES = 512;

export function createJournal(): Journal {
  return { serials: [], firstStep: 0, bytes: 0, zones: new Map() };
}

/** Whether the step follows on is for the caller to see to: a journal begins with a step of no changes. */
export function advanceJournal(journal: Journal, { serial, changes, resets }: JournalStep): void {
  const step = journal.firstStep + journal.serials.length;
  journal.serials.push(serial);
  for (const zone of resets) {
    dropEntries(journal, zone, Number.POSITIVE_INFINITY);
    journal.zones.set(zone, { since: step, entries: [] });
  }
  for (const { zone, ...change } of changes) {
    const history = journal.zones.get(zone) ?? { since: journal.firstStep, entries: [] };
    journal.zones.set(zone, history);
    history.entries.push({ ...change, step });
    journal.bytes += bytesOf(change);
  }
  while (
    journal.serials.length > MAX_JOURNAL_STEPS ||
    (journal.bytes > MAX_JOURNAL_BYTES && journal.serials.length > 1)
  ) {
    dropFirstStep(journal);
  }
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

/** The serial of a step that is kept. */
export function serialOfStep({ serials, firstStep }: Journal, step: number): number | undefined {
  return serials[step - firstStep];
}

function dropFirstStep(journal: Journal): void {
  journal.serials.shift();
  journal.firstStep++;
  for (const [zone, history] of journal.zones) {
    dropEntries(journal, zone, journal.firstStep);
    if (history.entries.length === 0 && history.since <= journal.firstStep) journal.zones.delete(zone);
  }
}

/** Those that lead to a step up to `last`: whoever could ask for them has a serial that is forgotten. */
function dropEntries(journal: Journal, zone: string, last: number): void {
  const entries = journal.zones.get(zone)?.entries ?? [];
  while ((entries[0]?.step ?? Number.POSITIVE_INFINITY) <= last) {
    const [dropped] = entries.splice(0, 1);
    if (dropped === undefined) return;
    journal.bytes -= bytesOf(dropped);
  }
}

export function bytesOf({ deletions, additions }: Pick<ZoneChange, 'deletions' | 'additions'>): number {
  return ENTRY_BYTES + deletions.length + additions.length;
}
