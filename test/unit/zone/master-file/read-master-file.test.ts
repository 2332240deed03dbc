// Master files (RFC 1035 section 5): what is read, and every mistake with its place.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatName, parseNameText } from '../../../../src/wire/name.ts';
import { formatRecordData } from '../../../../src/wire/record-data.ts';
import { formatRecordType } from '../../../../src/wire/record-types.ts';
import { type Include, type MasterFile, readMasterFile } from '../../../../src/zone/master-file/read-master-file.ts';

const name = parseNameText('example.org.');
assert.ok(name instanceof Uint8Array);
const ZONE = name;

function read(text: string, include?: Include): MasterFile {
  return readMasterFile({ file: 'z', text, zone: ZONE, ...(include && { include }) });
}

/** Each record as `owner ttl type data`. */
function records(text: string, include?: Include): readonly string[] {
  const file = read(text, include);
  if (!file.ok) throw new Error(JSON.stringify(file.problems));
  return file.sets.flatMap(({ owner, type, ttlSeconds, data }) =>
    data.map((octets) =>
      [formatName(owner), ttlSeconds, formatRecordType(type), formatRecordData(type, octets)].join(' '),
    ),
  );
}

/** Each problem as `file:line:column message`, the message cut to what tells it from others. */
function problems(text: string, include?: Include): readonly string[] {
  const file = read(text, include);
  assert.equal(file.ok, false, 'is read without a problem');
  if (file.ok) return [];
  return file.problems.map(({ file: at, line, column, message }) => `${at}:${line}:${column} ${message}`);
}

describe('a master file', () => {
  test('the example of RFC 1035 section 5.3', () => {
    const include: Include = (file) => {
      assert.equal(file, '<SUBSYS>ISI-MAILBOXES.TXT');
      return {
        file,
        text: 'MOE     MB      A.ISI.EDU.\nLARRY   MB      A.ISI.EDU.\nSTOOGES MG      MOE\n        MG      LARRY\n',
      };
    };
    const text = `@   IN  SOA     VENERA      Action\\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA
        NS      VAXA
        MX      10      VENERA
        MX      20      VAXA

A       A       26.3.0.103

VENERA  A       10.1.0.52
        A       128.9.0.32

VAXA    A       10.2.0.27
        A       128.9.0.33


$INCLUDE <SUBSYS>ISI-MAILBOXES.TXT
`;
    const lines = records(text, include);
    assert.equal(
      lines[0],
      'example.org 60 SOA VENERA.example.org. Action\\.domains.example.org. 20 7200 600 3600000 60',
    );
    assert.deepEqual(lines.slice(1, 6), [
      'example.org 60 NS A.ISI.EDU.',
      'example.org 60 NS VENERA.example.org.',
      'example.org 60 NS VAXA.example.org.',
      'example.org 60 MX 10 VENERA.example.org.',
      'example.org 60 MX 20 VAXA.example.org.',
    ]);
    assert.deepEqual(lines.slice(7, 9), ['venera.example.org 60 A 10.1.0.52', 'venera.example.org 60 A 128.9.0.32']);
    assert.deepEqual(lines.slice(-2), [
      'stooges.example.org 60 MG MOE.example.org.',
      'stooges.example.org 60 MG LARRY.example.org.',
    ]);
  });

  const CASES: readonly (readonly [what: string, text: string, lines: readonly string[]])[] = [
    [
      'TTL and class in either order, or neither',
      '$TTL 9\na 1 IN A 1.1.1.1\nb IN 2 A 1.1.1.1\nc in A 1.1.1.1\nd 3 A 1.1.1.1\ne A 1.1.1.1',
      [
        'a.example.org 1 A 1.1.1.1',
        'b.example.org 2 A 1.1.1.1',
        'c.example.org 9 A 1.1.1.1',
        'd.example.org 3 A 1.1.1.1',
        'e.example.org 9 A 1.1.1.1',
      ],
    ],
    [
      'without $TTL the TTL of the record above counts',
      'a 5 A 1.1.1.1\nb A 1.1.1.1\nc 7 A 1.1.1.1\nd A 1.1.1.1',
      [
        'a.example.org 5 A 1.1.1.1',
        'b.example.org 5 A 1.1.1.1',
        'c.example.org 7 A 1.1.1.1',
        'd.example.org 7 A 1.1.1.1',
      ],
    ],
    [
      'with $TTL only that',
      '$TTL 1\na 5 A 1.1.1.1\nb A 1.1.1.1',
      ['a.example.org 5 A 1.1.1.1', 'b.example.org 1 A 1.1.1.1'],
    ],
    [
      'times with units',
      '$TTL 1w\na A 1.1.1.1\n$ttl 1d2h3M4s\nb A 1.1.1.1',
      ['a.example.org 604800 A 1.1.1.1', 'b.example.org 93784 A 1.1.1.1'],
    ],
    [
      '$ORIGIN, relative and absolute',
      '$TTL 1\n$ORIGIN sub\na A 1.1.1.1\n@ A 1.1.1.1\n$ORIGIN example.org.\na MX 1 b',
      ['a.sub.example.org 1 A 1.1.1.1', 'sub.example.org 1 A 1.1.1.1', 'a.example.org 1 MX 1 b.example.org.'],
    ],
    [
      'an indented line is about the name above, whatever $ORIGIN says',
      '$TTL 1\na A 1.1.1.1\n$ORIGIN sub\n TXT x',
      ['a.example.org 1 A 1.1.1.1', 'a.example.org 1 TXT "x"'],
    ],
    [
      'parentheses anywhere behind the owner',
      '$TTL 1\na ( A\n ; a comment )\n 1.1.1.1 )\nb (IN)(A)(1.1.1.1)',
      ['a.example.org 1 A 1.1.1.1', 'b.example.org 1 A 1.1.1.1'],
    ],
    [
      'quotes hold ; ( and blanks, escapes hold quotes',
      '$TTL 1\na TXT "a;b(c" d\\;e "q\\"q" f\\ g',
      ['a.example.org 1 TXT "a;b(c" "d;e" "q\\"q" "f g"'],
    ],
    [
      'lines of Windows, tabs, no last line end',
      '$TTL 1\r\na\tA\t1.1.1.1\r\n\r\n\tTXT\tx',
      ['a.example.org 1 A 1.1.1.1', 'a.example.org 1 TXT "x"'],
    ],
    [
      'escaped owners, in lower case',
      '$TTL 1\nA\\.B\\@ A 1.1.1.1\n\\097 TXT x',
      ['a\\.b\\@.example.org 1 A 1.1.1.1', 'a.example.org 1 TXT "x"'],
    ],
    [
      'unknown types and classes by number',
      '$TTL 1\na CLASS1 TYPE65280 \\# 2 0aff\nb TYPE1 \\# 4 01010101',
      ['a.example.org 1 TYPE65280 \\# 2 0aff', 'b.example.org 1 A 1.1.1.1'],
    ],
    ['the same record twice is one', '$TTL 1\na A 1.1.1.1\nA A 1.1.1.1', ['a.example.org 1 A 1.1.1.1']],
    [
      'whatever the case of the names in it, but no other (RFC 4343 section 3)',
      '$TTL 1\na CNAME b\na CNAME B\nc MX 1 d\nc MX 1 D\nt TXT x\nt TXT X',
      [
        'a.example.org 1 CNAME b.example.org.',
        'c.example.org 1 MX 1 d.example.org.',
        't.example.org 1 TXT "x"',
        't.example.org 1 TXT "X"',
      ],
    ],
    [
      'records named like types',
      '$TTL 1\nA A 1.1.1.1\nIN TXT x\nNS IN TXT y',
      ['a.example.org 1 A 1.1.1.1', 'in.example.org 1 TXT "x"', 'ns.example.org 1 TXT "y"'],
    ],
    ['a byte order mark', '\ufeff$TTL 1\na A 1.1.1.1', ['a.example.org 1 A 1.1.1.1']],
    ['comments in any encoding', '$TTL 1\na A 1.1.1.1 ; caf\ufffd', ['a.example.org 1 A 1.1.1.1']],
    ['nothing', '; empty\n\n   \n', []],
  ];
  for (const [what, text, lines] of CASES) test(what, () => assert.deepEqual(records(text), lines));

  const FAULTS: readonly (readonly [what: string, text: string, expected: readonly RegExp[]])[] = [
    [
      'all at once, in their order',
      '$TTL x\na A 1.2.3\nb AA 1.1.1.1\nc 1 A 1.1.1.1\nd 1 MX 10\n',
      [/^z:1:6 "x" is no TTL/, /^z:2:5 A data: "1.2.3"/, /^z:3:3 "AA" is no record type/, /^z:5:10 MX data: .*missing/],
    ],
    ['a record without a TTL', 'a A 1.1.1.1', [/^z:1:3 the record has no TTL/]],
    ['a TTL above a week', 'a 604801 A 1.1.1.1', [/^z:1:3 the TTL "604801" is above/]],
    ['another class', 'a 1 CH TXT x', [/^z:1:5 the class CH is not served/]],
    ['no name above', ' 1 A 1.1.1.1', [/^z:1:1 there is no name above/]],
    [
      'an owner outside the zone',
      'a.example.com. 1 A 1.1.1.1',
      [/^z:1:1 a\.example\.com is outside the zone example\.org/],
    ],
    [
      'an owner that is no name',
      'a..b 1 A 1.1.1.1\n"a" 1 A 1.1.1.1',
      [/^z:1:1 "a\.\.b" has an empty label/, /^z:2:1 the name "a" may not be in double quotes/],
    ],
    [
      'an owner that is no name, without a word about the lines below it',
      'a..b 1 A 1.1.1.1\n 1 A 1.1.1.2\n$INCLUDE x\n 1 TXT x\nb 1 A 1',
      [/^z:1:1 "a\.\.b" has an empty label/, /^z:3:10 nothing can be included/, /^z:5:7 A data/],
    ],
    ['too much data', 'a 1 A 1.1.1.1 2.2.2.2', [/^z:1:15 A data: "2\.2\.2\.2" is too much/]],
    [
      'a quote that is not closed',
      'a 1 TXT "x\nb 1 A 1.1.1',
      [/^z:1:9 this double quote is not closed/, /^z:2:7 A data/],
    ],
    [
      'parentheses that do not match',
      'a 1 A ) 1.1.1.1\nb 1 A ( 1.1.1.1\n',
      [/^z:1:7 this parenthesis closes none/, /^z:2:7 this parenthesis is never closed/],
    ],
    [
      'text of which decoding has lost the octets',
      'a 1 TXT x "caf\ufffd"\nb 1 A 1.1.1',
      [/^z:1:11 "caf\ufffd" is no UTF-8/, /^z:2:7 A data/],
    ],
    ['two TTLs in one RRset', 'a 1 A 1.1.1.1\n  2 A 1.1.1.2', [/^z:2:1 .* has the TTL 1 in z:1 and 2 here/]],
    ['a second SOA', '@ 1 SOA a b 1 1 1 1 1\n@ 1 SOA a b 2 1 1 1 1', [/^z:2:1 a second SOA \(the first is in z:1\)/]],
    [
      'what signing makes, once for each type',
      'a 1 NSEC b A\nc 1 NSEC d A',
      [/^z:1:5 NSEC records cannot stand here: signing makes it/],
    ],
    ['what exists in messages only', 'a 1 OPT \\# 0', [/^z:1:5 OPT records cannot stand here: no zone holds it/]],
    ['no type', 'a 1 IN', [/^z:1:7 the record has no type/]],
    [
      'a control entry that is none',
      '$TLL 5\n$GENERATE 1-2 a A 1.1.1.$',
      [/^z:1:1 "\$TLL" is no control entry/, /^z:2:1 .*extension of BIND/],
    ],
    [
      'control entries without their word, or with too many',
      '$ORIGIN\n$TTL 1 2',
      [/^z:1:8 \$ORIGIN needs a word/, /^z:2:8 "2" is too much/],
    ],
    ['inclusion where nothing can be included', '$INCLUDE x', [/^z:1:10 nothing can be included here/]],
    ['a relative name that repeats the zone', 'a 1 NS ns1.example.org', [/^z:1:8 NS data: .*has no final dot/]],
  ];
  for (const [what, text, expected] of FAULTS) {
    test(`refused: ${what}`, () => {
      const found = problems(text);
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern);
    });
  }
});

describe('one bad line', () => {
  const FAULTS: readonly (readonly [what: string, text: string, expected: readonly RegExp[]])[] = [
    [
      'a parenthesis that is never closed hides no later line, and makes no other problem',
      '@ 1 SOA ns1 h (\n 1 30m\n 10m 1w 60\na 1 A 1.1.1.1\n 1 A 1.1.1\nb 1 TXT ( "x"\n  "y" )\nc 1 A 1',
      [/^z:1:15 this parenthesis is never closed/, /^z:5:6 A data/, /^z:8:7 A data/],
    ],
    [
      'a quote that is not closed between parentheses does not end the record',
      'a 1 TXT ( "x\n  "y" )\nb 1 A 1',
      [/^z:1:11 this double quote is not closed/, /^z:3:7 A data/],
    ],
    [
      'a quote that swallows the parenthesis does not hide what is below',
      'a 1 TXT ( "x )\nb 1 A 1\nc 1 TXT "y',
      [/^z:1:11 this double quote/, /^z:2:7 A data/, /^z:3:9 this double quote/],
    ],
    [
      'a name that cannot be read leaves the data of its record and of those below to be looked at',
      'a..b 1 A 1\n 1 A 2\n 1 A 1.1.1.1',
      [/^z:1:1 /, /^z:1:10 A data/, /^z:2:6 A data/],
    ],
    [
      'what follows a record that cannot be read is about its name',
      'a 5 A 1.1.1.1\nb 1 TXT "x\n 1 A 1.1.1.2',
      [/^z:2:9 this double quote/],
    ],
    [
      'a $TTL that cannot be read is missing nowhere',
      '$TTL x\na A 1.1.1.1\nb 5 A 1.1.1.2\n A 1.1.1.3',
      [/^z:1:6 .* is no TTL/],
    ],
    [
      'a TTL that is missing is missing once',
      'a A 1.1.1.1\nb A 1.1.1.1\nc A 1',
      [/^z:1:3 the record has no TTL/, /^z:3:5 A data/],
    ],
    [
      'a record whose TTL cannot be read leaves none to be missed',
      'a x5 A 1\nb A 1.1.1.1',
      [/^z:1:3 "x5" is no record type/],
    ],
    [
      'an $ORIGIN that cannot be read puts no name in the wrong place',
      '$ORIGIN a..b\na 1 A 1.1.1.1\n$ORIGIN x\na 2 A 1\n$ORIGIN other.\nb 1 A 1.1.1.1',
      [/^z:1:9 /, /^z:4:7 A data/, /^z:6:1 b\.other is outside the zone/],
    ],
  ];
  for (const [what, text, expected] of FAULTS) {
    test(what, () => {
      const found = problems(text);
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern);
    });
  }

  test('after so many parentheses that are never closed the file is no longer read', () => {
    assert.equal(problems('a 1 TXT ( x\n'.repeat(10_000)).length, 20);
  });
});

describe('a hostile file', () => {
  test('has as many problems as are told, and ends there', () => {
    const values = Array.from({ length: 50_000 }, (_, index) => `a 1 TXT ${index}\n`).join('');
    const found = problems(values);
    assert.equal(found.length, 1_000);
    assert.match(found[0] ?? '', /^z:1001:1 a\.example\.org TXT has more than 1000 records/);
    assert.equal(problems('x\n'.repeat(50_000)).length, 1_000);
    assert.equal(problems('('.repeat(100_000)).length, 1);
    assert.match(
      problems(`a 1 TXT ${'x '.repeat(200_000)}\nb 1 A 1`).join('\n'),
      /^z:1:\d+ this is more than 131078 words.*\nz:2:7 A data/,
    );
    assert.equal(problems(`a 1 TXT ${'"x" '.repeat(100_000)}`).length, 1);
  });
});

describe('an included file', () => {
  const files: Readonly<Record<string, string>> = {
    inner: 'x A 1.1.1.2\n$ORIGIN deep\n$TTL 7\ny A 1.1.1.3\n A 1.1.1.4\n',
    broken: '\nb A 1.1\n',
    loop: '$INCLUDE loop\n',
  };
  const include: Include = (file) => {
    const text = files[file];
    return text === undefined ? { fault: 'is not there' } : { file, text };
  };

  test('has its own origin and TTL, and leaves those around it as they are (RFC 1035 section 5.1)', () => {
    assert.deepEqual(records('$TTL 1\na A 1.1.1.1\n$INCLUDE inner sub\n TXT "still a"\nb TXT x', include), [
      'a.example.org 1 A 1.1.1.1',
      'x.sub.example.org 1 A 1.1.1.2',
      'y.deep.sub.example.org 7 A 1.1.1.3',
      'y.deep.sub.example.org 7 A 1.1.1.4',
      'a.example.org 1 TXT "still a"',
      'b.example.org 1 TXT "x"',
    ]);
  });

  test('names itself in problems', () => {
    assert.match(problems('$TTL 1\n$INCLUDE broken', include).join(), /^broken:2:5 A data/);
    assert.match(problems('$INCLUDE gone', include).join(), /^z:1:10 "gone" is not there/);
  });

  test('that includes itself ends', () => {
    assert.match(problems('$INCLUDE loop', include).join(), /^loop:1:10 files include one another more than 8 deep/);
  });
});
