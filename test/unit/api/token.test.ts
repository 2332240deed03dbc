import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { composeTokens, createToken, findToken, hasScope, parseTokens, type Scope } from '../../../src/api/token.ts';

const NOW_MS = 1_000_000;

describe('tokens', () => {
  test('have 256 random bits behind their prefix, and are kept as their SHA-256 alone', () => {
    const { text, record } = createToken({ name: 'deploy', scopes: ['write'], createdAtMs: NOW_MS });
    assert.match(text, /^azm_[A-Za-z0-9_-]{43}$/);
    assert.equal(Buffer.from(text.slice(4), 'base64url').length, 32);
    assert.equal(record.sha256, createHash('sha256').update(text).digest('hex'));
    assert.equal(JSON.stringify(record).includes(text.slice(4)), false);
    assert.notEqual(createToken({ name: 'deploy', scopes: ['write'], createdAtMs: NOW_MS }).text, text);
  });

  test('are found by their text until they expire', () => {
    const one = createToken({ name: 'one', scopes: ['read'], createdAtMs: 0, expiresAtMs: NOW_MS });
    const two = createToken({ name: 'two', scopes: ['read'], createdAtMs: 0 });
    const records = [one.record, two.record];
    assert.equal(findToken(records, two.text, NOW_MS), two.record);
    assert.equal(findToken(records, one.text, NOW_MS - 1), one.record);
    assert.equal(findToken(records, one.text, NOW_MS), undefined);
    assert.equal(findToken([one.record], two.text, 0), undefined);
    for (const wrong of ['', 'azm_', `${two.text}x`, two.text.slice(0, -1), two.record.sha256]) {
      assert.equal(findToken(records, wrong, 0), undefined);
    }
  });

  test('admin includes everything, write includes read, load stands alone', () => {
    const allowed = (has: Scope) =>
      (['read', 'write', 'load', 'admin'] as const).filter((scope) => hasScope({ scopes: [has] }, scope));
    assert.deepEqual(allowed('admin'), ['read', 'write', 'load', 'admin']);
    assert.deepEqual(allowed('write'), ['read', 'write']);
    assert.deepEqual(allowed('read'), ['read']);
    assert.deepEqual(allowed('load'), ['load']);
    assert.equal(hasScope({ scopes: [] }, 'read'), false);
  });

  test('survive being written and read, and what is no token does not', () => {
    const { record } = createToken({ name: 'x', scopes: ['read', 'load'], createdAtMs: 1, expiresAtMs: 2 });
    assert.deepEqual(parseTokens(composeTokens([record])), [record]);
    const broken = [{ ...record, scopes: ['root'] }, { ...record, sha256: 'short' }, null, 7, { ...record, id: 1 }];
    assert.deepEqual(parseTokens(JSON.stringify([...broken, record])), [record]);
    for (const text of ['', '{', '{}', 'null']) assert.deepEqual(parseTokens(text), []);
  });
});
