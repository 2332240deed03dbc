// What changed from snapshot to snapshot, found out behind the back of whoever serves them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChangeRecorder } from '../../../src/roles/change-recorder.ts';
import type { JournalStep } from '../../../src/transfer/journal.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';

const snapshotOf = (serial: number, zones: readonly string[], host = '192.0.2.1') =>
  createFixture(
    {
      zones: zones.map((name) => ({
        name,
        ns: ['ns.elsewhere.test'],
        transfers: { allow: ['0.0.0.0/0'] },
        records: [{ name: 'a', type: 'A', data: [host] }],
      })),
    },
    { serial },
  ).snapshot;

function open(onError: (error: Error) => void = (error) => assert.fail(error)) {
  const steps: JournalStep[] = [];
  const recorder = new ChangeRecorder({ onStep: (step) => steps.push(step), onError });
  const settle = async (count: number) => {
    for (let turn = 0; turn < 1000 && steps.length < count; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    assert.equal(steps.length, count);
  };
  return { steps, recorder, settle };
}

describe('the recorder of changes', () => {
  test('begins with a step of no changes, then tells which zones changed, came and went', async () => {
    const { steps, recorder, settle } = open();
    recorder.note(snapshotOf(1, ['a.test', 'b.test']));
    await settle(1);
    recorder.note(snapshotOf(2, ['a.test', 'c.test'], '192.0.2.2'));
    await settle(2);
    assert.deepEqual(steps[0], { serial: 1, changes: [], resets: [] });
    assert.deepEqual(
      steps[1]?.changes.map(({ zone }) => zone),
      ['a.test'],
    );
    assert.deepEqual(steps[1]?.resets.toSorted(), ['b.test', 'c.test']);
  });

  test('passes over snapshots that come too fast, but never over the last one', async () => {
    const { steps, recorder } = open();
    const snapshots = [1, 2, 3, 4].map((serial) => snapshotOf(serial, ['a.test'], `192.0.2.${serial}`));
    for (const snapshot of snapshots) recorder.note(snapshot);
    await recorder.close();
    await new Promise((resolve) => setImmediate(resolve));
    const fast = open();
    for (const snapshot of snapshots) fast.recorder.note(snapshot);
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(fast.steps.at(-1)?.serial, 4);
    assert.ok(fast.steps.length < 4, `${fast.steps.length}`);
    assert.ok(steps.length <= fast.steps.length);
  });

  test('has nothing to say of a snapshot with the serial of the one before: only the map of clients is another', async () => {
    const { steps, recorder, settle } = open();
    recorder.note(snapshotOf(1, ['a.test']));
    await settle(1);
    recorder.note(snapshotOf(1, ['a.test']));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(steps.length, 1);
  });

  test('where it cannot compare, says that nothing is known of any zone, rather than that nothing changed', async () => {
    const errors: string[] = [];
    const { steps, recorder, settle } = open((error) => void errors.push(error.message));
    recorder.note(snapshotOf(1, ['a.test', 'b.test']));
    await settle(1);
    const broken = snapshotOf(2, ['a.test', 'c.test'], '192.0.2.2');
    const fault = () => {
      throw new Error('out of memory');
    };
    Object.defineProperty(broken, 'zones', {
      value: Object.defineProperty({ ...broken.zones }, 'transfers', { get: fault }),
    });
    recorder.note(broken);
    await settle(2);
    assert.deepEqual([errors, steps[1]?.changes], [['out of memory'], []]);
    assert.deepEqual(steps[1]?.resets.toSorted(), ['a.test', 'b.test', 'c.test']);
  });
});
