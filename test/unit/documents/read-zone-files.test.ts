// Configuration files that keep zones in master files.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatProblems, readDocument } from '../../../src/documents/read-document.ts';
import { readZoneFiles } from '../../../src/documents/read-zone-files.ts';

const HEAD = '$TTL 60\n@ SOA ns1.example.net. hostmaster 1 1800 600 604800 60\n@ NS ns1.example.net.\n';

describe('zones in files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'azimuth-zones-'));
    mkdirSync(join(folder, 'zones'));
    mkdirSync(join(folder, 'empty'));
    const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
    put('zones/a.example.zone', `${HEAD}www A 192.0.2.1\n`);
    put('zones/b.example.zone', `${HEAD}$INCLUDE more.txt\n`);
    put('zones/more.txt', 'www A 192.0.2.2\n');
    put('bad.zone', `${HEAD}www A 192.0.2\n`);
    put('zones/.a.example.zone', 'what an editor has not saved yet');
    put('out.zone', `${HEAD}$INCLUDE ../secret\n`);
    put('link.zone', `${HEAD}$INCLUDE link\n`);
    symlinkSync('/etc/hostname', join(folder, 'link'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function open(yaml: string) {
    const file = join(folder, 'c.yaml');
    const read = readDocument(yaml);
    assert.ok(read.ok);
    const result = readZoneFiles(read, file);
    const lines = result.ok ? [] : formatProblems(result.problems, () => undefined, file);
    return { result, lines: lines.map((line) => line.replaceAll(folder, '')) };
  }

  test('a document without files is left alone', () => {
    const read = readDocument('zones: [{ name: a.example }]');
    assert.ok(read.ok);
    assert.equal(readZoneFiles(read, 'c.yaml'), read);
  });

  test('a file or a folder becomes zones, whose places are in the files', () => {
    const { result } = open(
      'zones:\n  - folder: zones\n  - { name: x.example, ns: [a.example.] }\n  - { name: c.example, file: zones/a.example.zone, dnssec: { enabled: false } }\n',
    );
    assert.ok(result.ok);
    const { zones } = result.document as {
      zones: readonly { name: string; dnssec?: unknown; records?: readonly { data: readonly string[] }[] }[];
    };
    assert.deepEqual(
      zones.map(({ name }) => name),
      ['a.example', 'b.example', 'x.example', 'c.example'],
    );
    assert.deepEqual(
      zones.map(({ records }) => records?.[0]?.data[0]),
      ['192.0.2.1', '192.0.2.2', undefined, '192.0.2.1'],
    );
    assert.deepEqual(zones[3]?.dnssec, { enabled: false });
    const places = [
      '/zones/0/records/0',
      '/zones/1/name',
      '/zones/1/records/0/data/0',
      '/zones/2/ns',
      '/zones/3/name',
      '/zones/3/dnssec',
    ].map(result.locate);
    const named = places.map((place) => [place?.file === undefined ? 'c.yaml' : basename(place.file), place?.line]);
    assert.deepEqual(named, [
      ['a.example.zone', 4],
      ['b.example.zone', 1],
      ['more.txt', 1],
      ['c.yaml', 3],
      ['c.yaml', 4],
      ['c.yaml', 4],
    ]);
  });

  test('absolute paths are taken as they are', () => {
    const file = JSON.stringify(join(folder, 'zones/a.example.zone'));
    const { result, lines } = open(
      `zones:\n  - { name: c.example, file: ${file} }\n  - folder: ${JSON.stringify(join(folder, 'zones'))}\n`,
    );
    assert.ok(result.ok, lines.join());
    assert.equal(result.locate('/zones/1/records/0')?.line, 4);
  });

  const FAULTS: readonly (readonly [what: string, zone: string, message: RegExp])[] = [
    ['a mistake in a file', '{ name: a.example, file: bad.zone }', /^\/bad\.zone:4:7: A data: "192\.0\.2"/],
    ['a file that is not there', '{ name: a.example, file: gone.zone }', /^\/gone\.zone:1:1: the file cannot be read/],
    ['a file without the name of its zone', '{ file: bad.zone }', /\/zones\/0\/name: write the name of the zone/],
    [
      'records beside a file',
      '{ name: a.example, file: bad.zone, ns: [x] }',
      /\/zones\/0\/ns: "ns" is in the zone's file/,
    ],
    ['a device', '{ name: a.example, file: /dev/zero }', /^\/dev\/zero:1:1: the file is neither a file nor a pipe/],
    ['a folder as a file', '{ name: a.example, file: zones }', /^\/zones:1:1: the file is neither/],
    ['a file that is no text', '{ name: a.example, file: [x] }', /\/zones\/0\/file: write the path/],
    ['a folder without zones', '{ folder: empty }', /\/zones\/0\/folder: there is no \*\.zone file in empty/],
    ['a folder that is not there', '{ folder: gone }', /\/zones\/0\/folder: the folder cannot be read/],
    ['something beside a folder', '{ folder: zones, name: a }', /\/zones\/0\/folder: write the path of a folder/],
    [
      'an inclusion from elsewhere',
      '{ name: a.example, file: out.zone }',
      /^\/out\.zone:4:10: "\.\.\/secret" lies outside of the folder/,
    ],
    [
      'an inclusion through a link',
      '{ name: a.example, file: link.zone }',
      /^\/link\.zone:4:10: "link" is a link that leads out/,
    ],
  ];
  for (const [what, zone, message] of FAULTS) {
    test(`refused: ${what}`, () => {
      const { lines } = open(`zones:\n  - ${zone}\n`);
      assert.match(lines[0] ?? '', message);
    });
  }
});
