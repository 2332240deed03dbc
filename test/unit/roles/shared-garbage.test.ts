import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SharedMemoryCount, watchSharedGarbage } from '../../../src/roles/shared-garbage.ts';
import { sharedInt32, sharedUint8 } from '../../../src/snapshot/shared-array.ts';

describe('garbage in shared memory', () => {
  test('is every block that can be reached, counted once, and nothing else', () => {
    const block = sharedInt32(100);
    const value = {
      block,
      again: new Uint8Array(block.buffer, 4, 8),
      own: new Uint8Array(1000),
      names: ['a', 'b'],
      lists: [{ starts: sharedUint8(10) }, { starts: sharedUint8(20) }],
      nothing: null,
      absent: undefined,
    };
    const count = new SharedMemoryCount();
    assert.equal(count.countNew(value), 430);
    assert.equal(count.countNew({ block, other: sharedUint8(7) }), 7, 'what was there before is not new');
  });

  test('is collected once there is much of it, a while after the swap', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let collections = 0;
    const garbage = watchSharedGarbage(() => collections++, 100);
    garbage.note(60);
    context.mock.timers.tick(5000);
    assert.equal(collections, 0);
    garbage.note(60);
    garbage.note(60);
    assert.equal(collections, 0);
    context.mock.timers.tick(5000);
    assert.equal(collections, 1);
    garbage.note(60);
    context.mock.timers.tick(5000);
    assert.equal(collections, 1);
  });

  test('goes, in a process that makes hardly any other', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const size = 16 * 2 ** 20;
    const freed: number[] = [];
    const registry = new FinalizationRegistry<number>((round) => freed.push(round));
    const garbage = watchSharedGarbage(undefined, 4 * size);
    const swap = (round: number) => {
      const snapshot = sharedUint8(size);
      registry.register(snapshot, round);
      garbage.note(snapshot.byteLength);
    };
    for (let round = 0; round < 4; round++) swap(round);
    await new Promise(setImmediate);
    context.mock.timers.tick(1000);
    for (let turn = 0; turn < 100 && freed.length < 4; turn++) await new Promise(setImmediate);
    assert.equal(freed.length, 4);
  });
});
