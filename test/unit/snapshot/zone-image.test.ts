import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NONE } from '../../../src/snapshot/snapshot.ts';
import { findNode, type ZoneImage } from '../../../src/snapshot/zone-image.ts';
import { createFlatName, type FlatName, readFlatName } from '../../../src/wire/flat-name.ts';
import { createSuffixHashes, firstSlot, hashSuffixes, slotCountFor } from '../../../src/wire/name-hash.ts';
import { listNodes, nameOfNode } from '../../support/built-zone.ts';
import { encodeName } from '../../support/dns-client.ts';
import { BASE, createFixture } from '../../support/snapshot-fixture.ts';

function flat(text: string): FlatName {
  const name = createFlatName();
  const wire = encodeName(text);
  readFlatName(name, wire, 0, wire.length);
  return name;
}

describe('the table of a zone’s names', () => {
  it('is at most half full, and never without an empty slot', () => {
    for (const count of [0, 1, 2, 3, 4, 7, 8, 9, 1000, 1024, 1025]) {
      const slots = slotCountFor(count);
      assert.ok(slots >= 2 * count && slots >= 2, `${slots} slots for ${count}`);
      assert.equal(Math.log2(slots) % 1, 0);
    }
  });

  it('hashes a suffix as it hashes the name that it is', () => {
    const [whole, suffix] = [createSuffixHashes(), createSuffixHashes()];
    hashSuffixes(flat('a.bc.example.com.'), whole);
    for (const [label, text] of ['a.bc.example.com.', 'bc.example.com.', 'example.com.', 'com.', '.'].entries()) {
      hashSuffixes(flat(text), suffix);
      assert.equal(whole[label], suffix[0]);
    }
  });

  it('tells labels apart from the dots between them', () => {
    const hashes = ['a.bc.', 'ab.c.', 'abc.', 'a\\.bc.'].map((text) => {
      const found = createSuffixHashes();
      hashSuffixes(flat(text), found);
      return found[0];
    });
    assert.equal(new Set(hashes).size, 4);
  });

  it('tells names with the same hash apart by their bytes', () => {
    const [base] = BASE.zones;
    const records = ['one', 'two', 'six'].map((name) => ({ name, type: 'TXT', data: [name] }));
    const { snapshot } = createFixture({ zones: [{ ...base, records: [...(base?.records ?? []), ...records] }] });
    const [image] = snapshot.zones.images;
    assert.ok(image);
    const HASH = 0xdeadbeef | 0;
    const slots = new Int32Array(image.slots.length);
    const mask = slots.length / 2 - 1;
    for (const [index, node] of listNodes(image).entries()) {
      slots.set([HASH, node + 1], 2 * ((firstSlot(HASH, mask) + index) & mask));
    }
    const same: ZoneImage = { ...image, slots };
    const find = (text: string, label = 0, hash = HASH) =>
      findNode(same, flat(`${text}.gtm.example.com.`), label, hash);
    for (const name of ['one', 'two', 'six']) assert.equal(nameOfNode(same, find(name)), `${name}.gtm.example.com`);
    assert.equal(find('ten'), NONE);
    assert.equal(find('one', 0, 1), NONE);
    assert.equal(find('x.two', 1), find('two'));
  });
});
