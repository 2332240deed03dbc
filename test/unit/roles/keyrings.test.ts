import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createKeyRecord, createKeyring, type Keyring } from '../../../src/dnssec/keyring.ts';
import { findUnsigned } from '../../../src/roles/keyrings.ts';

const ZONE = 'moved.test';
const unsigned = { zones: [{ name: ZONE, ns: ['ns'] }] };

function keyringOf(isImported: boolean, more: Partial<Keyring> = {}): Keyring {
  const key = createKeyRecord({
    id: 'k1',
    role: 'csk',
    algorithm: 13,
    publicKey: '',
    sealed: 'x',
    createdAtMs: 0,
    isImported,
  });
  return { ...createKeyring(ZONE), keys: [key], ...more };
}

const problemsOf = (keyring: Keyring, document: Parameters<typeof findUnsigned>[0] = unsigned) =>
  findUnsigned(document, { document: unsigned, keyrings: new Map([[ZONE, keyring]]) });

describe('a zone that is to be signed no more', () => {
  test('may go while no DS of its keys was ever wanted', () => {
    assert.deepEqual(problemsOf(keyringOf(false)), []);
  });

  test('stays while its keys were brought along: they have a DS, as far as anybody knows', () => {
    assert.match(problemsOf(keyringOf(true))[0]?.message ?? '', /set dnssec\.withdraw to true first/);
    assert.equal(problemsOf(keyringOf(true), { zones: [] })[0]?.path, '/zones');
  });

  test('may go once that was withdrawn, or somebody says that there is none', () => {
    assert.deepEqual(problemsOf(keyringOf(true, { isWithdrawing: true })), []);
    assert.deepEqual(problemsOf(keyringOf(true, { confirmed: [] })), []);
    assert.equal(problemsOf(keyringOf(true, { confirmed: ['k1'] })).length, 1);
  });
});
