import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  createFound,
  FOUND_DELEGATION,
  FOUND_NAME,
  FOUND_NOTHING,
  FOUND_OUTSIDE,
  FOUND_WILDCARD,
  type Found,
  findName,
  findQuestion,
} from '../../../src/answer/find-name.ts';
import { NONE, type Snapshot } from '../../../src/snapshot/snapshot.ts';
import { createFlatName, readFlatName } from '../../../src/wire/flat-name.ts';
import { TYPE_A, TYPE_DS } from '../../../src/wire/record-types.ts';
import { nameOfNode } from '../../support/built-zone.ts';
import { encodeName } from '../../support/dns-client.ts';
import { BASE, createFixture } from '../../support/snapshot-fixture.ts';

function find({ zones }: Snapshot, text: string): Found {
  const name = createFlatName();
  const wire = encodeName(text);
  readFlatName(name, wire, 0, wire.length);
  // What another search left behind.
  const found: Found = { ...createFound(), kind: 99, node: 99, zone: 99, encloser: 99 };
  findName(zones, name, found);
  return found;
}

const record = (name: string, type: string, data: string) => ({ name, type, data: [data] });
const [base] = BASE.zones;

const { snapshot } = createFixture({
  zones: [
    {
      ...base,
      records: [
        ...(base?.records ?? []),
        record('a.b.c', 'A', '192.0.2.1'),
        record('*.wild', 'A', '192.0.2.2'),
        record('x.y.wild', 'A', '192.0.2.3'),
        record('cut', 'NS', 'ns.cut'),
        record('ns.cut', 'A', '192.0.2.4'),
        record('*.wild2', 'TXT', 'x'),
        record('cut.wild2', 'NS', 'ns1.example.net.'),
      ],
    },
    { name: 'inner.gtm.example.com', ns: ['ns1.gtm.example.com'], records: [record('x', 'A', '192.0.2.5')] },
    {
      name: 'deep.cut.gtm.example.com',
      ns: ['ns1.gtm.example.com'],
      records: [record('own', 'NS', 'ns1.example.net.')],
    },
    { name: 'example.org', ns: ['ns1.gtm.example.com'], records: [record('*', 'A', '192.0.2.6')] },
  ],
});

describe('finding a name', () => {
  const cases: readonly [string, string, number, string, number][] = [
    ['a name that exists', 'a.b.c.gtm.example.com.', FOUND_NAME, 'a.b.c.gtm.example.com', 0],
    ['an apex', 'gtm.example.com.', FOUND_NAME, 'gtm.example.com', 0],
    ['an empty non-terminal', 'b.c.gtm.example.com.', FOUND_NAME, 'b.c.gtm.example.com', 0],
    ['a name below one that exists', 'z.a.b.c.gtm.example.com.', FOUND_NOTHING, '', 0],
    ['a name below nothing', 'q.w.e.gtm.example.com.', FOUND_NOTHING, '', 0],
    ['what a wildcard covers', 'anything.wild.gtm.example.com.', FOUND_WILDCARD, '*.wild.gtm.example.com', 0],
    ['what it covers many labels down', 'a.b.c.d.wild.gtm.example.com.', FOUND_WILDCARD, '*.wild.gtm.example.com', 0],
    ['what it does not cover, for a name between exists', 'q.y.wild.gtm.example.com.', FOUND_NOTHING, '', 0],
    ['the wildcard itself', '*.wild.gtm.example.com.', FOUND_NAME, '*.wild.gtm.example.com', 0],
    ['a name below the wildcard', 'q.*.wild.gtm.example.com.', FOUND_NOTHING, '', 0],
    ['a cut', 'cut.gtm.example.com.', FOUND_DELEGATION, 'cut.gtm.example.com', 0],
    ['glue', 'ns.cut.gtm.example.com.', FOUND_DELEGATION, 'cut.gtm.example.com', 0],
    ['anything below a cut', 'q.w.cut.gtm.example.com.', FOUND_DELEGATION, 'cut.gtm.example.com', 0],
    ['a cut beside a wildcard', 'a.cut.wild2.gtm.example.com.', FOUND_DELEGATION, 'cut.wild2.gtm.example.com', 0],
    ['a name in a nested zone', 'x.inner.gtm.example.com.', FOUND_NAME, 'x.inner.gtm.example.com', 1],
    ['no name in a nested zone', 'q.inner.gtm.example.com.', FOUND_NOTHING, '', 1],
    ['a zone of ours below a cut of another', 'deep.cut.gtm.example.com.', FOUND_NAME, 'deep.cut.gtm.example.com', 2],
    [
      'a cut of that zone, not the one above it',
      'x.own.deep.cut.gtm.example.com.',
      FOUND_DELEGATION,
      'own.deep.cut.gtm.example.com',
      2,
    ],
    ['an apex with a wildcard', 'q.example.org.', FOUND_WILDCARD, '*.example.org', 3],
    ['the parent of a zone', 'example.com.', FOUND_OUTSIDE, '', NONE],
    ['a name that only ends alike', 'xgtm.example.com.', FOUND_OUTSIDE, '', NONE],
    ['the root', '.', FOUND_OUTSIDE, '', NONE],
    ['a name with a dot in a label', 'a\\.b.c.gtm.example.com.', FOUND_NOTHING, '', 0],
  ];
  for (const [title, name, kind, node, zone] of cases) {
    it(`finds ${title}`, () => {
      const found = find(snapshot, name);
      assert.deepEqual([found.kind, nameOfNode(found.image, found.node), found.zone], [kind, node, zone]);
    });
  }

  // RFC 4035 section 3.1.4.1.
  it('finds what is asked of the parent of a zone in the deepest zone above it, whatever that one says there', () => {
    const ask = (text: string, type: number) => {
      const found = find(snapshot, text);
      const name = createFlatName();
      const wire = encodeName(text);
      readFlatName(name, wire, 0, wire.length);
      findQuestion(snapshot.zones, name, type, found);
      return [found.kind, nameOfNode(found.image, found.node), found.zone];
    };
    const inner = 'inner.gtm.example.com';
    assert.deepEqual(ask(`${inner}.`, TYPE_DS), [FOUND_NAME, inner, 0]);
    assert.deepEqual(ask(`${inner}.`, TYPE_A), [FOUND_NAME, inner, 1]);
    assert.deepEqual(ask(`x.${inner}.`, TYPE_DS), [FOUND_NAME, `x.${inner}`, 1]);
    // Between the two there is a zone that is none of ours: it is the one that knows.
    assert.deepEqual(ask('deep.cut.gtm.example.com.', TYPE_DS), [FOUND_DELEGATION, 'cut.gtm.example.com', 0]);
    assert.deepEqual(ask('cut.gtm.example.com.', TYPE_DS), [FOUND_NAME, 'cut.gtm.example.com', 0]);
    assert.deepEqual(ask('example.org.', TYPE_DS), [FOUND_NAME, 'example.org', 3]);
  });

  it('finds each of many names, and none that is not there', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const names = fc.uniqueArray(
      fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.')),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(names, names, (present, asked) => {
        const records = present.filter((name) => name !== 'ns1').map((name) => record(name, 'TXT', 'x'));
        const { snapshot: many } = createFixture({
          zones: [{ ...base, records: [...(base?.records ?? []), ...records] }],
        });
        // The name itself, or one below it.
        const exists = (name: string) =>
          [...present, 'ns1'].some((there) => there === name || there.endsWith(`.${name}`));
        for (const name of [...present, ...asked]) {
          const found = find(many, `${name}.gtm.example.com.`);
          assert.equal(found.kind, exists(name) ? FOUND_NAME : FOUND_NOTHING);
          if (exists(name)) assert.equal(nameOfNode(found.image, found.node), `${name}.gtm.example.com`);
          else assert.ok(`${name}.gtm.example.com`.endsWith(nameOfNode(found.image, found.encloser)));
        }
      }),
      { seed: 5, numRuns: 30 },
    );
  });

  it('finds every one of 20,000 names', () => {
    const records = Array.from({ length: 20_000 }, (_, index) => record(`host-${index}`, 'A', '192.0.2.1'));
    const { snapshot: many } = createFixture({ zones: [{ ...base, records: [...(base?.records ?? []), ...records] }] });
    for (let index = 0; index < 20_000; index += 7) {
      const found = find(many, `host-${index}.gtm.example.com.`);
      assert.equal(found.kind, FOUND_NAME);
      assert.equal(nameOfNode(found.image, found.node), `host-${index}.gtm.example.com`);
      assert.equal(find(many, `host-${index}x.gtm.example.com.`).kind, FOUND_NOTHING);
    }
  });
});
