// Packing of slots: what goes in comes out, and no bytes whatever make unpacking throw.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  NAME_LIMIT_BYTES,
  PACKED_VOTE_LIMIT,
  packSlot,
  packSlotDelta,
  packSlotRemoval,
  REASON_LIMIT_BYTES,
  TARGET_LIMIT_BYTES,
  unpackSlot,
  unpackSlotMessage,
} from '../../../src/health/pack-slot.ts';
import type { Slot, SlotDelta, TargetVote, Vote } from '../../../src/health/slot.ts';

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const version = fc.record({
  vantage: text(40),
  worker: text(40),
  epoch: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
});
const vote = fc.record(
  {
    target: text(100),
    vote: fc.constantFrom<Vote>('up', 'down', 'suspect', 'abstain'),
    reason: text(30),
    share: fc.nat(100),
  },
  { requiredKeys: ['target', 'vote', 'reason'] },
);
const slots = fc
  .record({ version, votes: fc.array(vote) })
  .map((made): Slot => ({ ...made.version, votes: made.votes }));
const deltas = fc
  .record({ version, changed: fc.array(vote), removed: fc.array(text(100)) })
  .map((made): SlotDelta => ({ ...made.version, changed: made.changed, removed: made.removed }));

const withoutFullShares = (votes: readonly TargetVote[]): TargetVote[] =>
  votes.map(({ share, ...made }) => ({ ...made, ...(share !== undefined && share < 100 && { share }) }));

test('a slot comes out as it went in, but for shares of 100, which go without saying', () => {
  fc.assert(
    fc.property(slots, (slot) => {
      assert.deepEqual(unpackSlot(packSlot(slot)), { ...slot, votes: withoutFullShares(slot.votes) });
    }),
  );
});

test('a delta and a removal come out as they went in', () => {
  fc.assert(
    fc.property(deltas, (delta) => {
      const expected = { ...delta, changed: withoutFullShares(delta.changed) };
      assert.deepEqual(unpackSlotMessage(packSlotDelta(delta)), { kind: 'delta', delta: expected });
      const { vantage, worker, epoch, sequence } = delta;
      const last = { vantage, worker, epoch, sequence };
      assert.deepEqual(unpackSlotMessage(packSlotRemoval(last)), { kind: 'removal', last });
    }),
  );
});

test('a long reason is cut at a whole character', () => {
  const slot = makeSlot([{ target: 't', vote: 'down', reason: `x${'é'.repeat(200)}` }]);
  const reason = unpackSlot(packSlot(slot))?.votes[0]?.reason;
  assert.equal(reason, `x${'é'.repeat((REASON_LIMIT_BYTES - 1) >> 1)}`);
  const exact = makeSlot([{ target: 't', vote: 'down', reason: 'y'.repeat(REASON_LIMIT_BYTES) }]);
  assert.deepEqual(unpackSlot(packSlot(exact)), exact);
});

test('junk unpacks to nothing, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      unpackSlot(bytes);
      unpackSlotMessage(bytes);
      unpackSlot(Uint8Array.of(0x41, 4, ...bytes));
      unpackSlotMessage(Uint8Array.of(0x41, 5, ...bytes));
    }),
    { numRuns: 2000 },
  );
  assert.equal(unpackSlot(new Uint8Array(0)), undefined);
  assert.equal(unpackSlot(new TextEncoder().encode('junk')), undefined);
});

test('a slot that is cut short or goes on too long unpacks to nothing', () => {
  const packed = packSlot(makeSlot([{ target: 'target', vote: 'down', reason: 'refused' }]));
  for (let length = 0; length < packed.length; length++) {
    assert.equal(unpackSlot(packed.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.equal(unpackSlot(Uint8Array.of(...packed, 0)), undefined);
});

test('altered bytes unpack to nothing or to something well formed', () => {
  fc.assert(
    fc.property(slots, fc.nat(), fc.nat(255), (slot, place, value) => {
      const packed = packSlot(slot);
      packed[place % packed.length] = value;
      const read = unpackSlot(packed);
      if (read) assert.deepEqual(unpackSlot(packSlot(read)), read);
    }),
  );
});

test('a reason that is longer than any that is packed unpacks to nothing', () => {
  const packed = packSlot(makeSlot([{ target: 't', vote: 'down', reason: 'r'.repeat(REASON_LIMIT_BYTES) }]));
  const forged = Uint8Array.of(...packed.subarray(0, -1), 0x72, 0);
  const place = packed.length - REASON_LIMIT_BYTES - 2;
  assert.equal(packed[place], REASON_LIMIT_BYTES);
  forged[place] = REASON_LIMIT_BYTES + 1;
  assert.equal(unpackSlot(forged), undefined);
});

test('a share of more than 100 unpacks to nothing', () => {
  const packed = packSlot(makeSlot([{ target: 't', vote: 'up', reason: '', share: 99 }]));
  const place = packed.length - 3;
  for (const [share, read] of [
    [0, 0],
    [99, 99],
    [100, undefined],
  ] as const) {
    packed[place] = share;
    assert.deepEqual(unpackSlot(packed)?.votes[0], { ...READ_UP, ...(read === undefined ? {} : { share: read }) });
  }
  for (const share of [101, 255]) {
    packed[place] = share;
    assert.equal(unpackSlot(packed), undefined, `${share}`);
  }
});

test('a slot of the format before, whose votes had no share, unpacks to nothing', () => {
  const head = Uint8Array.of(0x41, 1, ...new Uint8Array(15), 1, ...new Uint8Array(7), 1, 2, 0x65, 0x75, 2, 0x77, 0x31);
  const votes = Uint8Array.of(0, 0, 0, 1, 0, 4, 0x74);
  assert.equal(unpackSlot(Uint8Array.of(...head, ...votes)), undefined);
});

test('a slot is not taken for a delta, nor the reverse', () => {
  const slot = makeSlot([]);
  assert.equal(unpackSlotMessage(packSlot(slot)), undefined);
  assert.equal(unpackSlot(packSlotDelta({ ...slot, changed: [], removed: [] })), undefined);
});

test('a count beyond what the bytes can hold reserves nothing', () => {
  const packed = packSlot(makeSlot([]));
  packed.set([0xff, 0xff, 0xff, 0xff], packed.length - 5);
  assert.equal(unpackSlot(packed), undefined);
});

test('names, targets and counts beyond their limits are bugs of the caller', () => {
  const long = makeSlot([{ target: 't'.repeat(TARGET_LIMIT_BYTES + 1), vote: 'up', reason: '' }]);
  assert.throws(() => packSlot(long), RangeError);
  assert.throws(() => packSlot({ ...makeSlot([]), worker: 'w'.repeat(NAME_LIMIT_BYTES + 1) }), RangeError);
  assert.throws(() => packSlot({ ...makeSlot([]), epoch: -1 }), RangeError);
  for (const share of [-1, 101, 0.5]) {
    assert.throws(() => packSlot(makeSlot([{ target: 't', vote: 'up', reason: '', share }])), RangeError);
  }
  const many = Array.from({ length: PACKED_VOTE_LIMIT + 1 }, () => ({ target: '', vote: 'up', reason: '' }) as const);
  assert.throws(() => packSlot(makeSlot(many)), RangeError);
});

const READ_UP = { target: 't', vote: 'up', reason: '' };

function makeSlot(votes: readonly TargetVote[]): Slot {
  return { vantage: 'eu', worker: 'w1', epoch: 1_780_000_000_000, sequence: 7, votes };
}
