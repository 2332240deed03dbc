// The list of signatures as it comes back from a disk: what is taken over from it, and what hostile octets make of it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { composeRrsig, composeSigned, type SignableSet } from '../../../src/dnssec/rrsig.ts';
import {
  composeListed,
  composeListedKey,
  findListed,
  findRanges,
  readSignatureList,
  type SignatureList,
} from '../../../src/dnssec/signature-list.ts';
import { SIGNATURE_BYTES, type SigningKey } from '../../../src/dnssec/zone-keys.ts';
import { makeKey, sign } from '../../support/signed-keys.ts';
import { wireName } from '../../support/signed-world.ts';

const DAY = 86_400;
const NOW = 1_800_000_000;
const VALIDITY = 14 * DAY;
const ZONE = wireName('s.example');
const KEY = makeKey(256);
const OTHER_KEY = makeKey(256, 15);

const SET: SignableSet = {
  owner: wireName('www.s.example'),
  type: 1,
  ttlSeconds: 300,
  data: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)],
};

function signSet(set: SignableSet, key: SigningKey, madeSeconds: number): Uint8Array {
  const times = { inception: madeSeconds - 3600, expiration: madeSeconds + VALIDITY };
  const rrsig = composeRrsig(set, { algorithm: key.algorithm, keyTag: key.keyTag, ...times }, ZONE);
  rrsig.set(sign(key, composeSigned(set, rrsig)), rrsig.length - SIGNATURE_BYTES);
  return rrsig;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function readList(bytes: Uint8Array): SignatureList {
  const list = readSignatureList(bytes);
  assert.ok(list);
  return list;
}

function find(list: SignatureList, set: SignableSet, signers: readonly SigningKey[], nowSeconds = NOW, zone = ZONE) {
  const times = { validitySeconds: VALIDITY, nowSeconds };
  return findListed(list, findRanges(list, signers), set, signers, zone, times);
}

const RRSIG = signSet(SET, KEY, NOW);
const ENTRY = composeListed(SET, RRSIG);
const LIST_BYTES = join(composeListedKey(KEY.dnskey), ENTRY);

describe('a list of signatures', () => {
  it('gives back a signature octet for octet, in whatever order the records are stated', () => {
    const list = readList(LIST_BYTES);
    assert.equal(list.count, 1);
    const found = find(list, { ...SET, data: SET.data.toReversed() }, [KEY], NOW + DAY);
    assert.deepEqual(found?.rrsigs.map(Buffer.from), [Buffer.from(RRSIG)]);
    assert.equal(found.dueSeconds, NOW + 7 * DAY);
  });

  it('has nothing for another owner, type, TTL, record, signer or key', () => {
    const list = readList(LIST_BYTES);
    const others: readonly Partial<SignableSet>[] = [
      { owner: wireName('wwv.s.example') },
      { owner: wireName('*.s.example') },
      { type: 28 },
      { ttlSeconds: 301 },
      { data: SET.data.slice(1) },
      { data: [...SET.data, Uint8Array.of(192, 0, 2, 3)] },
      { data: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 3)] },
    ];
    for (const other of others) assert.equal(find(list, { ...SET, ...other }, [KEY]), undefined, JSON.stringify(other));
    assert.equal(find(list, SET, [KEY], NOW, wireName('s.exampla')), undefined);
    assert.equal(find(list, SET, [OTHER_KEY]), undefined);
    const alike = { ...OTHER_KEY, algorithm: KEY.algorithm, keyTag: KEY.keyTag };
    assert.equal(find(list, SET, [alike]), undefined);
    assert.equal(find(readList(join(LIST_BYTES, composeListedKey(alike.dnskey))), SET, [alike]), undefined);
    assert.ok(find(list, SET, [KEY]));
  });

  it('has nothing for records that only have the hash of others', () => {
    const other = { ...SET, data: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 3)] };
    const entry = composeListed(other, signSet(other, KEY, NOW));
    entry.set(ENTRY.subarray(4, 8), 4);
    assert.equal(find(readList(join(composeListedKey(KEY.dnskey), entry)), SET, [KEY]), undefined);
    const wildcard = { ...SET, owner: wireName('*.s.example') };
    const short = composeListed(wildcard, signSet(wildcard, KEY, NOW));
    short.set(ENTRY.subarray(4, 8), 4);
    assert.equal(find(readList(join(composeListedKey(KEY.dnskey), short)), SET, [KEY]), undefined);
  });

  it('has nothing where only one of two keys has signed, and both where both have', () => {
    assert.equal(find(readList(LIST_BYTES), SET, [KEY, OTHER_KEY]), undefined);
    const other = signSet(SET, OTHER_KEY, NOW);
    const both = readList(join(LIST_BYTES, composeListedKey(OTHER_KEY.dnskey), composeListed(SET, other)));
    const found = find(both, SET, [KEY, OTHER_KEY])?.rrsigs.map(Buffer.from);
    assert.deepEqual(found, [Buffer.from(RRSIG), Buffer.from(other)]);
  });

  it('has nothing that is due, about to be, or not good yet', () => {
    const list = readList(LIST_BYTES);
    const aheadSeconds = Math.floor(VALIDITY / 100);
    assert.ok(find(list, SET, [KEY], NOW + 7 * DAY - aheadSeconds - 1));
    assert.equal(find(list, SET, [KEY], NOW + 7 * DAY - aheadSeconds), undefined);
    assert.equal(find(list, SET, [KEY], NOW + 20 * DAY), undefined);
    assert.ok(find(list, SET, [KEY], NOW - 3600));
    assert.equal(find(list, SET, [KEY], NOW - 3601), undefined);
  });

  it('is no list where it ends anywhere else than behind an entry, or begins without a key', () => {
    for (let length = 1; length < LIST_BYTES.length; length++) {
      const isKeyAlone = length === LIST_BYTES.length - ENTRY.length;
      assert.equal(readSignatureList(LIST_BYTES.slice(0, length)) !== undefined, isKeyAlone, `${length} octets`);
    }
    assert.equal(readSignatureList(ENTRY), undefined);
    assert.equal(readList(new Uint8Array(0)).count, 0);
  });

  it('is no list where a length leads out of it', () => {
    const start = LIST_BYTES.length - ENTRY.length;
    for (const [at, value] of [
      [start, 0xffff_ffff],
      [start, ENTRY.length],
      [start + 8, 0xffff_ffff],
      [start + 8, ENTRY.length],
      [start + 8, 0],
      [4, 0xffff_ffff],
    ] as const) {
      const bytes = LIST_BYTES.slice();
      new DataView(bytes.buffer).setUint32(at, value);
      assert.equal(readSignatureList(bytes), undefined, `${value} at ${at}`);
    }
  });

  it('is no list where it has more keys than there can be zones', () => {
    const heads = new Uint8Array(8 * 300_000);
    assert.equal(readSignatureList(heads), undefined);
  });

  it('takes any octets without an exception, and gives nothing that is not in it', () => {
    const changes = fc.array(fc.tuple(fc.nat(LIST_BYTES.length - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(changes, (places) => {
        const bytes = LIST_BYTES.slice();
        for (const [at, octet] of places) bytes[at] = octet;
        const list = readSignatureList(bytes);
        const found = list && find(list, SET, [KEY]);
        for (const rrsig of found?.rrsigs ?? []) assert.equal(rrsig.length, RRSIG.length);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readSignatureList(bytes)));
  });

  it('is read in no time though all of its entries have one hash', () => {
    const entries = new Uint8Array(200_000 * ENTRY.length);
    for (let at = 0; at < entries.length; at += ENTRY.length) entries.set(ENTRY, at);
    const began = performance.now();
    const list = readList(join(composeListedKey(KEY.dnskey), entries));
    assert.equal(list.count, 200_000);
    assert.ok(find(list, SET, [KEY]));
    assert.ok(performance.now() - began < 5000);
  });
});
