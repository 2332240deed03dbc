import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packSlot, type SealedMessage, sealedBytes, unpackSlot } from '../../../src/health/pack-slot.ts';
import type { Slot, SlotDelta, SlotVersion } from '../../../src/health/slot.ts';
import { makeSlotKeyText, readSlotKey, type SlotKey, verifySeal } from '../../../src/native/slot-keys.ts';
import { SlotAdmission, STRANGER_LIMIT, STRANGER_SHOWN_MS } from '../../../src/roles/slot-admission.ts';
import { followSlotTable, type SlotTable } from '../../../src/store/follow-slots.ts';
import type { SlotListener } from '../../../src/store/health-store.ts';
import { slot } from '../health/fixtures.ts';

function makeKey(): SlotKey {
  const key = readSlotKey(makeSlotKeyText());
  assert.ok(key !== undefined);
  return key;
}

const MINE = makeKey();
const FORGERS = makeKey();
const seal = <Message extends SealedMessage>(message: Message, key = MINE): Message => ({
  ...message,
  seal: key.seal(sealedBytes(message)),
});

/** A follower of a store that holds whatever `stored` is, for a vantage that lists w1 with these keys. */
function setUp(publicKeys: readonly string[] | undefined = [MINE.publicKey]) {
  const warnings: string[] = [];
  let wallMs = 1000;
  const warn = (_: unknown, text?: string) => void warnings.push(text ?? '');
  const admission = new SlotAdmission({ warn }, { wallMs: () => wallMs });
  const list = (keys: readonly string[] | undefined) =>
    admission.setVantages([{ id: 'v1', ...(keys && { workers: [{ id: 'w1', publicKeys: keys }] }) }]);
  list(publicKeys);
  let listener: SlotListener | undefined;
  const stored: Slot[] = [];
  let reads = 0;
  const follow = (taken: SlotListener) => {
    listener = taken;
    return { close: () => undefined };
  };
  const readSlots = async () => {
    reads++;
    return stored;
  };
  let table: SlotTable = new Map();
  const onError = () => undefined;
  const following = followSlotTable({ followSlots: follow, readSlots }, { onError, admission }, (change) => {
    table = change.slots;
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    admission,
    warnings,
    pass(ms: number) {
      wallMs += ms;
    },
    stored,
    following,
    list,
    reads: () => reads,
    held: () => table.get('v1/w1'),
    async index(...versions: SlotVersion[]) {
      listener?.onIndex(versions);
      await settle();
    },
    delta: (delta: SlotDelta) => listener?.onDelta(delta),
    remove: (last: SlotVersion) => listener?.onRemoved(last),
  };
}

const TRUE = seal(slot('v1', 'w1', { a: 'up' }, 5));

test('packing keeps a seal, and it verifies after unpacking; any altered byte fails', () => {
  const packed = packSlot(TRUE);
  const read = unpackSlot(packed);
  assert.deepEqual(read && { ...read, seal: undefined }, { ...TRUE, seal: undefined });
  assert.ok(read?.seal !== undefined && verifySeal(sealedBytes(read), read.seal));
  for (let at = 2; at < packed.length; at++) {
    const altered = Uint8Array.from(packed, (byte, place) => (place === at ? byte ^ 1 : byte));
    const other = unpackSlot(altered);
    assert.ok(other?.seal === undefined || !verifySeal(sealedBytes(other), other.seal), `byte ${at}`);
  }
});

test('takes in what a listed worker signed, and nothing that a forger wrote, however new it says it is', async () => {
  const { stored, index, held, delta, remove, admission, warnings } = setUp();
  stored.push(TRUE);
  await index(TRUE);
  assert.equal(held()?.sequence, 5);
  const lie = slot('v1', 'w1', { a: 'down' }, 2 ** 40);
  for (const forged of [lie, seal(lie, FORGERS), { ...lie, ...(TRUE.seal && { seal: TRUE.seal }) }]) {
    stored.splice(0, 1, forged);
    await index(forged);
  }
  const { votes: changed, ...version } = lie;
  delta(seal({ ...version, sequence: 6, changed, removed: [] }, FORGERS));
  remove(seal({ vantage: 'v1', worker: 'w1', epoch: 2 ** 45, sequence: 1 }, FORGERS));
  remove({ vantage: 'v1', worker: 'w1', epoch: 2 ** 45, sequence: 1 });
  assert.equal(held()?.sequence, 5);
  assert.equal(held()?.votes[0]?.vote, 'up');
  const next = { vantage: 'v1', worker: 'w1', epoch: 1, sequence: 6, changed: [], removed: [] };
  delta(seal(next));
  assert.equal(held()?.sequence, 6, 'its own word still counts');
  assert.equal(admission.refused, 6);
  assert.equal(warnings.length, 1, 'said once');
  remove(seal({ vantage: 'v1', worker: 'w1', epoch: 1, sequence: 6 }));
  assert.equal(held(), undefined);
});

test('an index that names a version which does not exist costs one read a poll, and nobody is forgotten', async () => {
  const { stored, index, held, reads } = setUp();
  stored.push(TRUE);
  for (let poll = 0; poll < 10; poll++) await index({ ...TRUE, epoch: 2 ** 50 });
  assert.equal(held()?.sequence, 5);
  assert.equal(reads(), 10);
});

test('a follower that was restarted takes an old slot in, and leaves it for a newer one', async () => {
  const { stored, index, held } = setUp();
  stored.push(seal(slot('v1', 'w1', { a: 'down' }, 1)));
  await index(TRUE);
  assert.equal(held()?.sequence, 1);
  stored.splice(0, 1, TRUE);
  await index(TRUE);
  stored.splice(0, 1, seal(slot('v1', 'w1', { a: 'down' }, 1)));
  await index({ ...TRUE, sequence: 9 });
  assert.equal(held()?.sequence, 5);
});

test('a vantage that lists nobody is open; what it took in goes when it lists others', async () => {
  const { stored, index, held, list, following } = setUp();
  list(undefined);
  stored.push(slot('v1', 'w1', { a: 'up' }, 7));
  await index(slot('v1', 'w1', {}, 7));
  assert.equal(held()?.sequence, 7);
  list([FORGERS.publicKey, MINE.publicKey]);
  following.recheck();
  assert.equal(held(), undefined);
  stored.splice(0, 1, TRUE);
  await index(TRUE);
  assert.equal(held()?.sequence, 5, 'under the second of two keys');
});

test('remembers whom it refused and why for a minute, so that who should be admitted can be', () => {
  const { admission, delta, pass, list } = setUp([FORGERS.publicKey]);
  const first = { vantage: 'v1', worker: 'w1', epoch: 1, sequence: 1, changed: [], removed: [] };
  const told = (message: SlotDelta) => {
    delta(message);
    return admission.listStrangers().map(({ worker, problem, publicKey }) => [worker, problem, publicKey]);
  };
  assert.deepEqual(told(first), [['w1', 'unsigned', undefined]]);
  assert.deepEqual(told(seal(first)), [['w1', 'other-key', MINE.publicKey]]);
  const borrowed = { publicKey: FORGERS.publicKey, signature: MINE.seal(sealedBytes(first)).signature };
  assert.deepEqual(told({ ...first, seal: borrowed }), [['w1', 'bad-signature', FORGERS.publicKey]]);
  const second = told(seal({ ...first, worker: 'w2' }));
  assert.deepEqual(second[1], ['w2', 'unlisted', MINE.publicKey]);
  pass(STRANGER_SHOWN_MS + 1);
  assert.deepEqual(told(seal({ ...first, worker: 'w3' })), [['w3', 'unlisted', MINE.publicKey]]);
  list([MINE.publicKey]);
  assert.deepEqual(admission.listStrangers(), []);
});

test('remembers only so many, and makes room when the first of them are gone', () => {
  const { admission, delta, pass } = setUp();
  const flood = (from: number) => {
    for (let worker = from; worker <= from + STRANGER_LIMIT; worker++) {
      delta(seal({ vantage: 'v1', worker: `x${worker}`, epoch: 1, sequence: 1, changed: [], removed: [] }));
    }
  };
  flood(0);
  assert.equal(admission.listStrangers().length, STRANGER_LIMIT);
  pass(STRANGER_SHOWN_MS + 1);
  flood(1000);
  assert.equal(admission.listStrangers()[0]?.worker, 'x1000');
});
