import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTransfer } from '../../../src/transfer/compose-transfer.ts';
import type { TransferRecord } from '../../../src/transfer/transfer-set.ts';

const RCODE_SERVFAIL = 2;
const HOUR_SECONDS = 3600;

function open() {
  const clocks = { wall: 1_700_000_000, steady: 100 };
  const record: TransferRecord = {
    owner: new Uint8Array(0),
    ownerStart: 0,
    ownerLength: 0,
    type: 16,
    ttlSeconds: 60,
    data: Uint8Array.from({ length: 200 }, (_, index) => (index === 0 ? 199 : 0x61)),
    dataStart: 0,
    dataLength: 200,
  };
  const transfer = startTransfer({
    id: 1,
    question: Uint8Array.from([1, 0x61, 0, 0, 252, 0, 1]),
    recursionDesired: false,
    hasEdns: false,
    records: Array.from({ length: 1000 }, () => record).values(),
    signer: undefined,
    nowSeconds: () => clocks.wall,
    steadySeconds: () => clocks.steady,
    countSignatures: () => 0,
    onClose: () => undefined,
  });
  const out = new Uint8Array(65_535);
  /** The rcode of the next message. */
  const next = () => {
    assert.ok(transfer.next(out, 0, out.length) > 0);
    return (out[3] ?? 0) & 0x0f;
  };
  return { clocks, next };
}

describe('a transfer', () => {
  it('ends after an hour of its own, whatever the wall clock is set to meanwhile', () => {
    const { clocks, next } = open();
    assert.equal(next(), 0);
    clocks.wall += 24 * HOUR_SECONDS;
    assert.equal(next(), 0, 'a clock that is put right cuts off no transfer');
    clocks.wall -= 48 * HOUR_SECONDS;
    clocks.steady += HOUR_SECONDS;
    assert.equal(next(), RCODE_SERVFAIL, 'a clock that is set back keeps none alive');
  });
});
