// Our reader and writer of master files against BIND's: random zones, written in every way that the format allows, must mean
// the same to both.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { readZoneFile } from '../../src/documents/read-zone-files.ts';
import { parseConfiguration } from '../../src/model/parse-configuration.ts';
import type { ZoneDocument } from '../../src/model/zone.ts';
import { formatMasterFile } from '../../src/zone/master-file/format-master-file.ts';
import { findProgram, requireProgram } from '../support/require-program.ts';

const skip = requireProgram('named-compilezone', 'bind9-utils');
const ZONE = 'zone.test';
const SEED = Number(process.env['AZIMUTH_TEST_SEED'] ?? 20261127);
const RUNS = 40;

const label = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,8}$/),
  fc.constantFrom('A', 'In', 'MX', '*', '_x', '1h', 'a\\.b', '\\097', 'x\\@y', 'q\\"q', 'Case', '\\000', '\\;s'),
);
/** Below labels that no other kind of record has, so that nothing stands beside what it may not stand beside. */
const owner = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const blank = fc.constantFrom(' ', '\t', '  ', ' \t ');
const text = fc.oneof(
  fc.constantFrom(
    'plain',
    '"two words"',
    '"a;b(c)"',
    'd\\;e',
    '"q\\"q"',
    'f\\ g',
    '\\065\\255',
    '""',
    'a"b'.replace('"', '\\"'),
  ),
  fc.stringMatching(/^[a-z]{1,5}$/),
);
const address = fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `192.0.${a}.${b}`);
const host = fc.constantFrom('ns.elsewhere.test.', 'mail.elsewhere.test.', 'Big.Elsewhere.TEST.');
const data = fc.oneof(
  address.map((ip) => ['A', ip]),
  fc.nat(0xffff).map((part) => ['AAAA', `2001:DB8::${part.toString(16)}`]),
  fc.tuple(fc.nat(99), host).map(([preference, name]) => ['MX', String(preference), name]),
  fc.array(text, { minLength: 1, maxLength: 3 }).map((texts) => ['TXT', ...texts]),
  fc.tuple(fc.nat(9), fc.nat(65535), host).map(([a, port, name]) => ['SRV', String(a), '1', String(port), name]),
  fc.constant(['TYPE65280', '\\#', '3', '0a', 'FFee']),
  fc.constant(['CAA', '0', 'issue', '"ca.test"']),
);

type Written = {
  readonly head: string;
  readonly words: readonly string[];
  readonly wrap: number;
  readonly gap: string;
  readonly comment: boolean;
};

const entry: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '; a comment',
      ' ',
      '$TTL 300',
      '$TTL 1h',
      '$TTL 1H30m',
      '$ORIGIN deep',
      '$ORIGIN zone.test.',
      '$ORIGIN a.zone.test.',
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        head: fc
          .tuple(fc.oneof(owner, fc.constant('')), fc.constantFrom('', 'IN', 'in', 'CLASS1'), fc.boolean())
          .map(([name, cls]) => [name, cls].join(' ')),
        words: data,
        wrap: fc.nat(4),
        gap: blank,
        comment: fc.boolean(),
      })
      .map(write),
  },
);

/** One record, its data perhaps over several lines; all TTLs come from $TTL, so that those of one RRset can agree. */
function write({ head, words, wrap, gap, comment }: Written): string {
  const [type = '', ...rest] = words;
  const tail = comment ? ' ; comment ( " ' : '';
  const body =
    wrap === 0 ? rest.join(gap) : wrap === 1 ? `( ${rest.join(gap)} )` : `(${tail}\n${rest.join(`${tail}\n`)}${gap})`;
  return `${head}${gap}${type}${gap}${body}${tail}`;
}

describe('master files as BIND reads them', { skip: skip ?? false }, () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'azimuth-master-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The zone as BIND understands it: absolute names, one record a line. Undefined when it refuses the file. */
  function compile(file: string): string | undefined {
    const out = join(folder, 'out');
    try {
      execFileSync(
        findProgram('named-compilezone') ?? '',
        ['-q', '-k', 'ignore', '-n', 'ignore', '-i', 'none', '-s', 'full', '-o', out, ZONE, file],
        { stdio: 'pipe' },
      );
    } catch {
      return undefined;
    }
    return out;
  }

  function readOurs(file: string): ZoneDocument | string {
    const read = readZoneFile(file, ZONE);
    return read.ok
      ? read.zone
      : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n');
  }

  test('mean the same, however they are written, and so does what we write', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 25 }), (lines) => {
        const file = join(folder, 'in.zone');
        writeFileSync(
          file,
          `$TTL 60\n@ SOA ns1 host\\.master 1 2 3 4 5\n@ NS ns.elsewhere.test.\n${lines.join('\n')}\n`,
        );
        const ours = readOurs(file);
        const compiled = compile(file);
        // An RRset with two TTLs is a warning there, and a fault here (RFC 2181 section 5.2).
        if (typeof ours === 'string' && ours.includes('one name and type has one TTL')) return;
        assert.equal(
          typeof ours === 'string' ? ours : undefined,
          compiled === undefined ? 'refused by BIND' : undefined,
        );
        if (typeof ours === 'string' || compiled === undefined) return;
        accepted++;
        const theirs = readOurs(compiled);
        assert.deepEqual(meaning(ours), meaning(theirs));
        writeFileSync(file, writeOurs(ours));
        const again = compile(file);
        assert.ok(again !== undefined, 'BIND reads what we write');
        assert.deepEqual(meaning(readOurs(again)), meaning(readOurs(file)));
      }),
      { seed: SEED, numRuns: RUNS },
    );
    assert.ok(accepted > RUNS / 4, `only ${accepted} of ${RUNS} files were read`);
  });
});

function writeOurs(zone: ZoneDocument): string {
  const parsed = parseConfiguration({ zones: [zone], regions: [] }, { resolveLocation: () => undefined });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const [value] = parsed.value.zones;
  assert.ok(value !== undefined);
  return [...formatMasterFile(value, 1)].join('');
}

/** Without the order, for BIND writes in the canonical one. */
function meaning(zone: ZoneDocument | string): ZoneDocument | string {
  if (typeof zone === 'string') return zone;
  const key = ({ name, type }: { readonly name: string; readonly type: string }) => `${name} ${type}`;
  const records = (zone.records ?? [])
    .map((record) => ({ ...record, data: record.data.toSorted() }))
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return { ...zone, ns: (zone.ns ?? []).toSorted(), records };
}
