import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createSuffixHashes,
  findNode,
  hashSuffixes,
  insertNode,
  slotCountFor,
} from '../../../src/snapshot/name-table.ts';
import { type NameTable, NONE } from '../../../src/snapshot/snapshot.ts';
import { createFlatName, type FlatName, readFlatName } from '../../../src/wire/flat-name.ts';
import { encodeName } from '../../support/dns-client.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';

function flat(text: string): FlatName {
  const name = createFlatName();
  const wire = encodeName(text);
  readFlatName(name, wire, 0, wire.length);
  return name;
}

describe('the name table', () => {
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
    const names = ['one.', 'two.', 'six.'].map(encodeName);
    const slots = new Uint32Array(8);
    const HASH = 0xdeadbeef;
    for (const node of names.keys()) insertNode(slots, node, HASH);
    const { snapshot } = createFixture({});
    const table: NameTable = {
      ...snapshot.names,
      slots,
      hashes: Uint32Array.of(HASH, HASH, HASH),
      textStarts: Uint32Array.of(0, 5, 10),
      textLengths: Uint8Array.of(5, 5, 5),
      text: Uint8Array.from(names.flatMap((name) => [...name])),
    };
    assert.deepEqual(
      ['one.', 'two.', 'six.'].map((text) => findNode(table, flat(text), 0, HASH)),
      [0, 1, 2],
    );
    assert.equal(findNode(table, flat('ten.'), 0, HASH), NONE);
    assert.equal(findNode(table, flat('one.'), 0, 1), NONE);
    assert.equal(findNode(table, flat('x.two.'), 1, HASH), 1);
  });
});
