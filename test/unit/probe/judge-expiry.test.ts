import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeExpiry } from '../../../src/probe/judge-expiry.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2027, 0, 1);

/** A certificate with so many days of life, of which so many are left. */
function certificate(life: number, left: number) {
  const validToDate = new Date(NOW_MS + left * DAY_MS);
  return { validToDate, validFromDate: new Date(validToDate.getTime() - life * DAY_MS) };
}

const verified = { warnBeforeMs: 'auto', failBeforeMs: 0 } as const;

test('warns two weeks before the end, or in the last third of a shorter life', () => {
  assert.equal(judgeExpiry(certificate(90, 15), verified, NOW_MS).status, 'fine');
  assert.deepEqual(judgeExpiry(certificate(90, 13), verified, NOW_MS), {
    status: 'warn',
    reason: 'the certificate ends on 2027-01-14',
  });
  assert.equal(judgeExpiry(certificate(6, 2.5), verified, NOW_MS).status, 'fine');
  assert.equal(judgeExpiry(certificate(6, 1.9), verified, NOW_MS).status, 'warn');
});

test('warns and fails so long before the end as is stated, and fails first', () => {
  const stated = { warnBeforeMs: 30 * DAY_MS, failBeforeMs: 2 * DAY_MS };
  assert.equal(judgeExpiry(certificate(90, 31), stated, NOW_MS).status, 'fine');
  assert.equal(judgeExpiry(certificate(90, 30), stated, NOW_MS).status, 'warn');
  assert.equal(judgeExpiry(certificate(90, 2), stated, NOW_MS).status, 'fail');
});

test('fails on a certificate that has ended, warns where that is off, and says nothing where both are', () => {
  const ended = certificate(90, -1);
  const reason = 'the certificate ended on 2026-12-31';
  assert.deepEqual(judgeExpiry(ended, verified, NOW_MS), { status: 'fail', reason });
  assert.deepEqual(judgeExpiry(ended, { warnBeforeMs: 'auto', failBeforeMs: 'off' }, NOW_MS), {
    status: 'warn',
    reason,
  });
  assert.equal(judgeExpiry(ended, { warnBeforeMs: 0, failBeforeMs: 'off' }, NOW_MS).status, 'fine');
});

test('says the same words from day to day', () => {
  const [first, second] = [0, 1].map((day) => judgeExpiry(certificate(90, 10), verified, NOW_MS + day * DAY_MS));
  assert.deepEqual(first, second);
});
