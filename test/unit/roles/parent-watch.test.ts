import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createKeyring } from '../../../src/dnssec/keyring.ts';
import type { ParentAnswer } from '../../../src/keys/ask-parent.ts';
import { makeKeyRecord } from '../../../src/keys/make-key-record.ts';
import { createParentWatch, sightOf } from '../../../src/roles/parent-watch.ts';
import { SECRET } from '../../support/keeper-fixture.ts';

const HOUR_MS = 3_600_000;
const NONE: ParentAnswer = { ok: true, ds: [], ttlSeconds: 0 };

describe('the watch of parents', () => {
  test('asks once an interval, sooner where something is awaited or nobody answered', async () => {
    const clock = { nowMs: 0 };
    let asked = 0;
    let answer: ParentAnswer = NONE;
    const ask = async () => {
      asked++;
      return answer;
    };
    const watch = createParentWatch(ask, HOUR_MS, () => clock.nowMs);
    await watch.refresh(['a.example'], new Set());
    await watch.refresh(['a.example'], new Set());
    assert.equal(asked, 1);
    clock.nowMs += watch.waitingIntervalMs;
    await watch.refresh(['a.example'], new Set());
    assert.equal(asked, 1);
    answer = { ok: false, reason: 'down' };
    await watch.refresh(['a.example'], new Set(['a.example']));
    assert.equal(asked, 2);
    clock.nowMs += watch.waitingIntervalMs;
    await watch.refresh(['a.example'], new Set());
    assert.equal(asked, 3);
  });

  test('an answer that is old says nothing, and a zone that is gone is forgotten', async () => {
    const clock = { nowMs: 0 };
    const watch = createParentWatch(
      async () => NONE,
      HOUR_MS,
      () => clock.nowMs,
    );
    await watch.ask(['a.example', 'b.example']);
    assert.equal(watch.answer('a.example')?.ok, true);
    await watch.refresh(['a.example'], new Set());
    assert.equal(watch.answer('b.example'), undefined);
    clock.nowMs += 2 * HOUR_MS + 1;
    assert.equal(watch.answer('a.example'), undefined);
  });

  test('an answer from before the clock was set back says nothing, and is asked for again', async () => {
    const clock = { nowMs: 1000 * HOUR_MS };
    let asked = 0;
    const ask = async () => {
      asked++;
      return NONE;
    };
    const watch = createParentWatch(ask, HOUR_MS, () => clock.nowMs);
    await watch.ask(['a.example']);
    clock.nowMs -= 500 * HOUR_MS;
    assert.equal(watch.answer('a.example'), undefined);
    await watch.refresh(['a.example'], new Set());
    assert.deepEqual([asked, watch.answer('a.example')?.atMs], [2, clock.nowMs]);
  });

  test('asks about many zones, a few at once', async () => {
    let [now, most] = [0, 0];
    const ask = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return NONE;
    };
    const watch = createParentWatch(ask, HOUR_MS, () => 0);
    const zones = Array.from({ length: 100 }, (_, index) => `z${index}.example`);
    await watch.ask(zones);
    assert.ok(zones.every((zone) => watch.answer(zone)?.ok));
    assert.equal(most, 8);
  });

  test('does not go on asking about thousands of zones where nobody answers, and begins with the rest next time', async () => {
    const asked: string[] = [];
    const clock = { nowMs: 1 };
    const ask = async (zone: Uint8Array): Promise<ParentAnswer> => {
      asked.push(String(zone));
      return { ok: false, reason: 'down' };
    };
    const watch = createParentWatch(ask, HOUR_MS, () => clock.nowMs);
    const zones = Array.from({ length: 1000 }, (_, index) => `z${index}.example`);
    await watch.refresh(zones, new Set());
    const first = asked.length;
    assert.ok(first < 32, `${first}`);
    await watch.refresh(zones, new Set());
    assert.equal(new Set(asked).size, asked.length);
    assert.ok(asked.length > first);
  });

  test('the word of an operator counts only while the parent cannot be asked', () => {
    const keyring = createKeyring('a.example');
    const key = makeKeyRecord(SECRET, 13, { role: 'ksk', createdAtMs: 0 }, keyring);
    const told = { ...keyring, keys: [key], confirmed: [key.id, 'gone'] };
    assert.deepEqual(sightOf({ ok: false, reason: 'down' }, told)?.keyIds, new Set([key.id]));
    assert.deepEqual(sightOf(undefined, told)?.keyIds, new Set([key.id]));
    assert.deepEqual(sightOf(NONE, told)?.keyIds, new Set());
    assert.equal(sightOf(undefined, keyring), undefined);
  });
});
