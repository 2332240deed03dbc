// Names between text and wire: limits, escapes, order.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  canonicalKey,
  compareNames,
  formatName,
  isSubdomain,
  isWildcard,
  labelOffsets,
  lowerCaseName,
  nameLength,
  parentKey,
  parentName,
  parseNameText,
} from '../../../src/wire/name.ts';

/** Wire form from labels given as octets. */
function wireName(labels: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
}

const label = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 63 });
const anyName = fc
  .array(label, { maxLength: 12 })
  .map(wireName)
  .filter((name) => name.length <= 255);
/** Short labels over few octets, so that names often share suffixes. */
const crowdedName = fc
  .array(fc.array(fc.constantFrom(0, 1, 0x41, 0x61, 0x62, 0xff), { minLength: 1, maxLength: 2 }), { maxLength: 4 })
  .map(wireName);

function parse(text: string, origin?: Uint8Array): Uint8Array {
  const name = parseNameText(text, origin);
  assert.ok(name instanceof Uint8Array, `${text} is a name`);
  return name;
}

function problemOf(text: string, origin?: Uint8Array): string {
  const name = parseNameText(text, origin);
  assert.ok(!(name instanceof Uint8Array), `${text} is no name`);
  return name.problem;
}

describe('parseNameText', () => {
  it('puts a length before each label and ends with the root', () => {
    assert.deepEqual([...parse('ab.c')], [2, 0x61, 0x62, 1, 0x63, 0]);
    assert.deepEqual([...parse('.')], [0]);
  });

  it('completes relative names with the origin, leaves absolute ones, and reads @ as the origin', () => {
    const origin = parse('example.com');
    assert.equal(formatName(parse('www', origin)), 'www.example.com');
    assert.equal(formatName(parse('www.', origin)), 'www');
    assert.equal(formatName(parse('@', origin)), 'example.com');
  });

  it('reads escapes as one octet, and an escaped dot as part of its label', () => {
    assert.deepEqual([...parse('a\\.b\\000\\255')], [5, 0x61, 0x2e, 0x62, 0, 255, 0]);
    assert.deepEqual([...parse('a\\.')], [2, 0x61, 0x2e, 0]);
    assert.deepEqual([...parse('\\@', parse('x'))], [1, 0x40, 1, 0x78, 0]);
  });

  it('keeps the case', () => assert.equal(formatName(parse('WwW.Example')), 'WwW.Example'));

  it('takes 63 octets in a label and 255 in a name, and refuses one more', () => {
    assert.equal(parse('a'.repeat(63)).length, 65);
    assert.match(problemOf('a'.repeat(64)), /64 octets, above 63/);
    const longest = [63, 63, 63, 61].map((length) => 'a'.repeat(length)).join('.');
    assert.equal(parse(longest).length, 255);
    assert.equal(parse(`${longest}.`).length, 255);
    assert.match(problemOf(`${longest}a`), /255/);
    assert.match(problemOf(longest, parse('x')), /255/);
    assert.equal(parse('\\000'.repeat(63)).length, 65);
    assert.equal(parse(Array(127).fill('a').join('.')).length, 255);
    assert.match(problemOf(Array(128).fill('a').join('.')), /255/);
  });

  it('says what is wrong with a name and what to write', () => {
    assert.match(problemOf(''), /empty/);
    assert.match(problemOf('a..b'), /empty label/);
    assert.match(problemOf('.a'), /empty label/);
    assert.match(problemOf('a\\'), /broken escape/);
    assert.match(problemOf('a\\25'), /broken escape/);
    assert.match(problemOf('a\\256'), /broken escape/);
    assert.match(problemOf('bücher.example'), /"ü": write internationalised names in their xn-- form/);
    assert.match(problemOf('a b'), /" "/);
  });

  it('reads back whatever formatName writes', () => {
    fc.assert(fc.property(anyName, (name) => assert.deepEqual(parse(formatName(name)), name)));
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void parseNameText(text, parse('x.'))),
    );
  });
});

describe('order and kinship of names', () => {
  it('sorts a parent before its children and names by their last label first', () => {
    const sorted = [
      'example',
      'a.example',
      'yljkjljk.a.example',
      'Z.a.example',
      'zABC.a.EXAMPLE',
      'z.example',
      '*.z.example',
    ];
    const names = sorted.map((text) => parse(text));
    assert.deepEqual([...names].reverse().sort(compareNames), names);
  });

  it('compares by the canonical key as by the octets', () => {
    fc.assert(
      fc.property(crowdedName, crowdedName, (a, b) => {
        const byKey = canonicalKey(a) < canonicalKey(b) ? -1 : canonicalKey(a) > canonicalKey(b) ? 1 : 0;
        assert.equal(byKey, Math.sign(compareNames(a, b)));
      }),
    );
  });

  it('finds the key of a parent in the key of its child', () => {
    fc.assert(
      fc.property(anyName, (name) => assert.equal(parentKey(canonicalKey(name)), canonicalKey(parentName(name)))),
    );
  });

  it('sees a name below another exactly where the keys begin alike', () => {
    fc.assert(
      fc.property(crowdedName, crowdedName, (a, b) => {
        assert.equal(isSubdomain(a, b), canonicalKey(a).startsWith(canonicalKey(b)));
      }),
    );
    assert.equal(isSubdomain(parse('WWW.example'), parse('www.EXAMPLE')), true);
    assert.equal(isSubdomain(parse('notexample.com'), parse('example.com')), false);
    // The octets of the ancestor appear at the end, but not at a label's beginning.
    assert.equal(isSubdomain(parse('x\\003com'), parse('com')), false);
  });

  it('folds only ASCII letters', () => {
    assert.deepEqual([...lowerCaseName(Uint8Array.of(3, 0x5a, 0xc4, 0x5b, 0))], [3, 0x7a, 0xc4, 0x5b, 0]);
  });

  it('measures names, and refuses pointers and names that run out', () => {
    assert.equal(nameLength(Uint8Array.of(9, 1, 0x61, 0, 7), 1), 3);
    assert.equal(nameLength(Uint8Array.of(1, 0x61)), -1);
    assert.equal(nameLength(Uint8Array.of(0xc0, 12)), -1);
    assert.equal(nameLength(new Uint8Array(0)), -1);
    assert.equal(nameLength(new Uint8Array(300).fill(1)), -1);
  });

  it('lists the labels and knows a wildcard', () => {
    assert.deepEqual(labelOffsets(parse('ab.c')), [0, 3]);
    assert.equal(isWildcard(parse('*.example')), true);
    assert.equal(isWildcard(parse('**.example')), false);
  });
});
