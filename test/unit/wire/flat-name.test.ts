import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFlatName, MAX_NAME_BYTES, readFlatName } from '../../../src/wire/flat-name.ts';
import { labelOffsets, lowerCaseName } from '../../../src/wire/name.ts';

const labelsArbitrary = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 130 })
  .map((labels) => [...labels.flatMap((label) => [label.length, ...label]), 0]);

describe('a flat name', () => {
  it('is what the name is in lower case, with the offset of every label', () => {
    fc.assert(
      fc.property(labelsArbitrary, (wire) => {
        const name = createFlatName();
        const end = readFlatName(name, Uint8Array.from([9, 9, ...wire, 9]), 2, wire.length + 3);
        if (wire.length > MAX_NAME_BYTES) return assert.equal(end, -1);
        assert.equal(end, 2 + wire.length);
        const expected = lowerCaseName(Uint8Array.from(wire));
        assert.deepEqual(name.bytes.slice(0, name.length), expected);
        assert.deepEqual(
          [...name.labelStarts.slice(0, name.labelCount + 1)],
          [...labelOffsets(expected), wire.length - 1],
        );
        return undefined;
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('folds the letters of ASCII and nothing else', () => {
    const name = createFlatName();
    const octets = Array.from({ length: 256 }, (_, octet) => octet);
    for (const octet of octets) {
      readFlatName(name, Uint8Array.of(1, octet, 0), 0, 3);
      assert.equal(name.bytes[1], octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet);
    }
  });

  it('may be read over itself', () => {
    const name = createFlatName();
    readFlatName(name, Uint8Array.of(3, 0x77, 0x77, 0x77, 1, 0x61, 0), 0, 7);
    readFlatName(name, Uint8Array.of(0), 0, 1);
    assert.deepEqual([name.length, name.labelCount], [1, 0]);
  });

  it('ends where it must: one octet less is none', () => {
    const wire = Uint8Array.of(3, 0x77, 0x77, 0x77, 0);
    for (let end = 0; end < wire.length; end++) assert.equal(readFlatName(createFlatName(), wire, 0, end), -1);
    assert.equal(readFlatName(createFlatName(), wire, 0, wire.length), 5);
  });
});
