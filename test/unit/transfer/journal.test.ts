// The journal's limits, and what is forgotten when they are reached.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  advanceJournal,
  createJournal,
  findChanges,
  findOwnChanges,
  type Journal,
  MAX_JOURNAL_BYTES,
  MAX_JOURNAL_STEPS,
  serialOfStep,
} from '../../../src/transfer/journal.ts';

const NOTHING = new Uint8Array(0);
const soa = { type: 6, ttlSeconds: 1, data: NOTHING, start: 0, count: 1 };
const changeOf = (zone: string, bytes = 10) => ({
  zone,
  soaBefore: soa,
  soaAfter: soa,
  deletions: NOTHING,
  additions: new Uint8Array(bytes),
});
const countOf = (journal: Journal, zone: string, held: number, current: number) =>
  findChanges(journal, zone, held, current)?.length;

describe('the journal', () => {
  test('knows the changes of each zone since each serial, and those of a zone that has not changed', () => {
    const journal = createJournal();
    advanceJournal(journal, { serial: 10, changes: [], resets: [] });
    advanceJournal(journal, { serial: 11, changes: [changeOf('a'), changeOf('b')], resets: [] });
    advanceJournal(journal, { serial: 14, changes: [changeOf('a')], resets: [] });
    assert.deepEqual(
      [10, 11, 14].map((held) => countOf(journal, 'a', held, 14)),
      [2, 1, 0],
    );
    assert.deepEqual(
      [10, 11, 14].map((held) => countOf(journal, 'b', held, 14)),
      [1, 0, 0],
    );
    assert.equal(countOf(journal, 'never', 10, 14), 0);
    assert.equal(countOf(journal, 'a', 12, 14), undefined);
    // The snapshot has been swapped already, and its step is on its way.
    assert.equal(countOf(journal, 'a', 10, 15), undefined);
  });

  test('knows nothing of a zone from before it was reset', () => {
    const journal = createJournal();
    for (const serial of [1, 2]) advanceJournal(journal, { serial, changes: [changeOf('a')], resets: [] });
    advanceJournal(journal, { serial: 3, changes: [], resets: ['a'] });
    advanceJournal(journal, { serial: 4, changes: [changeOf('a')], resets: [] });
    assert.deepEqual(
      [1, 2, 3, 4].map((held) => countOf(journal, 'a', held, 4)),
      [undefined, undefined, 1, 0],
    );
    assert.equal(countOf(journal, 'b', 1, 4), 0);
  });

  test('knows the changes of a zone with serials of its own by those', () => {
    const journal = createJournal();
    const own = (serial: number) => ({
      ...soa,
      data: Uint8Array.of(0, 22, 0, 0, 0, 0, 0, serial, ...new Array(16).fill(0)),
    });
    const change = (from: number, to: number) => ({ ...changeOf('a'), soaBefore: own(from), soaAfter: own(to) });
    advanceJournal(journal, { serial: 1, changes: [], resets: [] });
    advanceJournal(journal, { serial: 2, changes: [change(70, 72)], resets: [] });
    advanceJournal(journal, { serial: 9, changes: [change(72, 75)], resets: [] });
    const countOwn = (held: number, current: number) => findOwnChanges(journal, 'a', held, current)?.length;
    assert.deepEqual(
      [70, 71, 72, 75, 2].map((held) => countOwn(held, 75)),
      [2, undefined, 1, undefined, undefined],
    );
    assert.equal(countOwn(70, 72), undefined);
    assert.equal(findOwnChanges(journal, 'b', 70, 75), undefined);
  });

  test('forgets the oldest steps beyond its limit, with all that led to them', () => {
    const journal = createJournal();
    const last = MAX_JOURNAL_STEPS + 50;
    for (let serial = 0; serial <= last; serial++) {
      advanceJournal(journal, { serial, changes: serial < 20 ? [changeOf('old')] : [changeOf('a')], resets: [] });
    }
    assert.equal(journal.serials.length, MAX_JOURNAL_STEPS);
    assert.equal(countOf(journal, 'a', 50, last), undefined);
    assert.equal(countOf(journal, 'a', 51, last), last - 51);
    assert.equal(journal.zones.has('old'), false);
    assert.equal(countOf(journal, 'old', 51, last), 0);
    assert.equal(serialOfStep(journal, journal.firstStep), 51);
    assert.equal(journal.zones.get('a')?.entries.length, MAX_JOURNAL_STEPS - 1);
  });

  test('forgets them beyond its limit of bytes as well, and counts what it holds', () => {
    const journal = createJournal();
    const large = MAX_JOURNAL_BYTES / 4;
    for (let serial = 1; serial <= 9; serial++) {
      advanceJournal(journal, { serial, changes: [changeOf('a', large)], resets: [] });
      assert.ok(journal.bytes <= MAX_JOURNAL_BYTES);
    }
    assert.equal(countOf(journal, 'a', 9, 9), 0);
    assert.equal(countOf(journal, 'a', 6, 9), 3);
    assert.equal(countOf(journal, 'a', 2, 9), undefined);
    advanceJournal(journal, { serial: 10, changes: [], resets: ['a'] });
    assert.equal(journal.bytes, 0);
  });

  test('forgets a thousand steps of thousands of zones at once, before anybody notices', () => {
    const journal = createJournal();
    const changes = (serial: number) => Array.from({ length: 5 }, (_, index) => changeOf(`z${5 * serial + index}`));
    for (let serial = 0; serial < MAX_JOURNAL_STEPS; serial++) {
      advanceJournal(journal, { serial, changes: changes(serial), resets: [] });
    }
    const large = [changeOf('large', MAX_JOURNAL_BYTES)];
    // Of the processor, for others may have it meanwhile.
    const begun = process.cpuUsage();
    advanceJournal(journal, { serial: MAX_JOURNAL_STEPS, changes: large, resets: [] });
    assert.ok(process.cpuUsage(begun).user < 100_000);
    assert.deepEqual([journal.bytes, journal.serials, journal.zones.size], [0, [MAX_JOURNAL_STEPS], 0]);
  });
});
