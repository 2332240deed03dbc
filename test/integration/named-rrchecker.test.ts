// Record data beside BIND's own checker of single records, named-rrchecker: for every type that it knows we accept what it
// accepts, with the same octets, and refuse what it refuses. Where we differ, the difference stands here with its reason.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text as readAll } from 'node:stream/consumers';
import { before, describe, it } from 'node:test';
import { findTool } from '../../scripts/test-tools.ts';
import { LAYOUTS } from '../../src/wire/record-data/layouts.ts';
import { formatRecordData, parseRecordData } from '../../src/wire/record-data.ts';
import { parseRecordType } from '../../src/wire/record-types.ts';
import { missingTools } from '../support/missing-tools.ts';
import { RECORD_DATA_EXAMPLES, WRONG_RECORD_DATA } from '../support/record-data-examples.ts';

const COMMAND = 'named-rrchecker';
/** Processes at once. */
const CONCURRENCY = 4;
const ROOT = Uint8Array.of(0);

type RecordText = readonly [type: string, text: string];

/** What BIND takes and we do not. */
const ONLY_THEY: readonly (readonly [type: string, text: string, reason: string])[] = [
  ['TXT', 'a ; b', 'here ; is no comment but a slip: data is no line of a file'],
  ['URI', '1 1 ""', 'RFC 7553 section 4.4: the target is not empty'],
  ['NS', 'é.', 'internationalised names are written in their xn-- form, other octets as \\DDD'],
  ['SSHFP', '4 6', 'RFC 4255 section 3.1.3: there is a fingerprint'],
  ['TLSA', '3 1 1 abcd', 'RFC 6698 section 2.1.3: SHA-256 has 32 octets'],
  ['SMIMEA', '3 1 2 abcd', 'the same of SHA-512'],
  ['DS', '1 12 3 abcd', 'RFC 5933 section 2.2: GOST R 34.11-94 has 32 octets'],
  ['RRSIG', 'A 5 2 1 21070101000000 1 1 a. AQID', 'becomes a time in 1970: 32 bits end in 2106'],
  ['RRSIG', 'A 5 2 1 19691231235959 1 1 a. AQID', 'becomes a time in 2106'],
  ['KEY', '0x100 3 5 AQID', 'RFC 2535 section 7.1: flags are decimal, or names'],
  ['KEY', 'N 3 5 AQID', 'which are written in full'],
  ['WKS', '192.0.2.1 +6 25', 'a number has no sign'],
  ['EUI48', '0-0-5e-0-53-2a', 'RFC 7043 section 3.2: two digits each'],
  ['EUI48', '00-00-5e-00-53-02a', 'has a digit too many, which BIND leaves out'],
  ['LOC', '42 N 71 W 1m 90000000.99m', 'above the greatest size, which BIND makes of it'],
  ['SVCB', '1 . key65535=x', 'RFC 9460 section 14.3.2: reserved as the invalid key'],
  ['SVCB', '1 . PORT=53', 'RFC 9460 section 2.1: keys are in lower case; BIND makes port 13619 of it'],
  ['SVCB', '1 . ech', 'RFC 9848 section 4: a list of configurations, never empty'],
  ['SVCB', '1 . key9="a"', 'tls-supported-groups is a list of numbers of 16 bits, which BIND does not know yet'],
  ['SVCB', '1 . alpn="a\\\\b"', 'RFC 9460 appendix A.1: only a comma and a backslash are escaped in a list'],
  ['WKS', '192.0.2.1 tcp rtsp', 'BIND asks the machine for services; we know those that hosts with WKS had'],
];

/** The digests that BIND takes at any length. */
const OF_ANY_LENGTH: ReadonlySet<string> = new Set(['TLSA', 'SMIMEA']);

/** What we take and BIND does not. */
const ONLY_WE: readonly (readonly [type: string, text: string, reason: string])[] = [
  ['MX', '"10" mx.test.', 'quotes do no harm around any field'],
  ['URI', '10 1 https://a.test/', 'nor does their absence'],
  ['NAPTR', '1 1 "a" "b" "!x(!y!" .', 'the regular expression is for clients to judge'],
  ['RRSIG', 'A 5 1 1 1 1 1 b.a. AQID', 'what a signature says of its owner is for validators to judge'],
  ['IPSECKEY', '10 0 0 .', 'RFC 4025 section 2.4: algorithm 0 says that there is no key'],
  ['CERT', 'PKIX 1 DSA-NSEC3-SHA1 AQID', 'the name that the IANA registry has for 6'],
  ['SIG', 'A 5 2 3600 1048354263 1 2642 a. AQID', 'a time in seconds, as BIND takes it in RRSIG'],
  ['SVCB', '1 . ohttp', 'RFC 9540 has named key 8 since'],
  ['SVCB', '1 . tls-supported-groups=29,23', 'and key 9 has a name, too'],
  ['CLA', '"TCP-v4-v6"', 'a later type'],
];

/** A later version of BIND may see it as we do. */
const AGREES = 'BIND has come to agree: this exception can go';

/** Beside the examples: every rule of a field from its other side, where the two could differ. */
const MORE_TEXTS: readonly RecordText[] = [
  ['A', '\\# 4 c0 00 02 01'],
  ['SOA', 'a. b. 1 4294967295 2 3 4'],
  ['TXT', `"${'x'.repeat(255)}"`],
  ['TXT', '"\\255\\000\\"" \\065'],
  ['WKS', '192.0.2.1 udp tftp'],
  ['WKS', '192.0.2.1 icmp'],
  ['X25', '31a1'],
  ['KEY', 'NOKEY 3 5'],
  ['KEY', 'NOAUTH IPSEC RSAMD5 AQID'],
  ['KEY', 'EXTEND|NTYP3|SIG15 EMAIL DH AQID'],
  ['DNSKEY', 'ZONE|KSK DNSSEC ED448 AQID'],
  ['LOC', '0 59 59.999 S 179 59 59.999 W 0.01m 9m 10m 99999999'],
  ['LOC', '0 0 0. S 1 E 1. 0.1m 0.10 1.99'],
  ['LOC', '42 N 71 W +10m'],
  ['LOC', '0 -1 N 0 E 0'],
  ['APL', '!1:255.255.255.255/32 2:::1/128'],
  ['APL', '2:::1/129'],
  ['A6', '1 ffff::1 a.'],
  ['A6', '8 ffff::1 a.'],
  ['NSEC', 'a. TYPE0 ANY TYPE256 TYPE511 A A'],
  ['NSEC3', `1 255 65535 ${'ab'.repeat(255)} 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR TYPE65280`],
  ['NSEC3', '2 0 0 - 000g0 A'],
  ['CSYNC', '4294967295 65535 TYPE65535'],
  ['ZONEMD', '4294967295 255 2 abcd'],
  ['HIP', '0 00 AA== . .'],
  ['NAPTR', '65535 65535 "" "" "" .'],
  ['AMTRELAY', '255 1 0 .'],
  ['DOA', '4294967295 4294967295 255 "" AQ=='],
  ['NID', '65535 0:0:0:0'],
  ['SVCB', '65535 . mandatory=key65534,port port=0 key65534'],
  ['SVCB', '1 foo.example.com. ( ipv6hint="2001:db8:122:344::192.0.2.33" )'],
  ['SVCB', '1 . port="53"'],
  ['SVCB', '1 . port=\\053\\051'],
  ['SVCB', '1 . dohpath=/q'],
  ['SVCB', '1 . dohpath=q{?dns}'],
  ['SVCB', '1 . dohpath=/{+dns}/{?a,dns,b}'],
  ['SVCB', '1 . key7="/\\255{?dns}"'],
  ['SVCB', '1 . key1="\\003h2"'],
  ['SVCB', '1 . key4="abc"'],
  ['SVCB', '1 . key0="\\000\\003\\000\\001" alpn=h2 port=1'],
  ['SVCB', '1 . mandatory=port,,alpn port=1 alpn=h2'],
  ['SVCB', '1 . ='],
  ['SVCB', '1'],
  ['HTTPS', '0 a. alpn=h2'],
  ['HTTPS', '65536 .'],
];

describe('named-rrchecker', { skip: missingTools(COMMAND), timeout: 300_000 }, () => {
  let command = COMMAND;
  before(() => {
    command = findTool(COMMAND) ?? COMMAND;
  });

  it('knows no type that we do not know by the same name', async () => {
    const { output } = await run(command, ['-T'], '');
    const types = output.trim().split('\n');
    assert.ok(types.length > 80, `${types.length} types`);
    const examples = new Set(RECORD_DATA_EXAMPLES.map(([type]) => type));
    for (const type of types) {
      assert.ok(parseRecordType(type) !== undefined, `${type} has no number here`);
      assert.ok(examples.has(type), `${type} has no example`);
    }
  });

  it('takes our examples for the same octets, and reads our own text of them back', async () => {
    const texts = RECORD_DATA_EXAMPLES.flatMap(([type, text, hex]): RecordText[] => [
      [type, text],
      [type, formatRecordData(typeOf(type), Buffer.from(hex, 'hex'))],
    ]);
    await expectAgreement(
      texts.filter(([type, text], at) => text !== texts[at - 1]?.[1] || type !== texts[at - 1]?.[0]),
    );
  });

  it('refuses what we refuse, and takes what we take', async () => {
    await expectAgreement([...WRONG_RECORD_DATA.map(([type, text]): RecordText => [type, text]), ...MORE_TEXTS]);
  });

  it('agrees on octets: examples that lack the last one, or have one too many', async () => {
    const isCompared = (type: string) => LAYOUTS.has(typeOf(type)) && !OF_ANY_LENGTH.has(type);
    const octets = RECORD_DATA_EXAMPLES.filter(([type]) => isCompared(type)).flatMap(([type, , hex]) => [
      `${type} ${hex.slice(0, -2)}`,
      `${type} ${hex}00`,
    ]);
    const texts = [...new Set(octets)].map((each): RecordText => {
      const [type = '', hex = ''] = each.split(' ');
      return [type, `\\# ${hex.length / 2} ${hex}`];
    });
    await expectAgreement(texts);
  });

  for (const [type, text, reason] of ONLY_THEY) {
    it(`takes ${type} ${text}, and we do not: ${reason}`, async (test) => {
      assert.equal(askOurs(type, text), undefined);
      if ((await askChecker(type, text)) === undefined) test.diagnostic(AGREES);
    });
  }

  for (const [type, text, reason] of ONLY_WE) {
    it(`refuses ${type} ${text}, and we do not: ${reason}`, async (test) => {
      const ours = askOurs(type, text);
      assert.notEqual(ours, undefined);
      const theirs = await askChecker(type, text);
      if (theirs === undefined) return;
      assert.equal(theirs, ours);
      test.diagnostic(AGREES);
    });
  }

  async function expectAgreement(texts: readonly RecordText[]): Promise<void> {
    const differences: string[] = [];
    const queue = texts.values();
    const work = async () => {
      for (const [type, text] of queue) {
        const theirs = await askChecker(type, text);
        const ours = askOurs(type, text);
        if (theirs !== ours) differences.push(`${type} ${text}: BIND ${theirs ?? 'refuses'}, we ${ours ?? 'refuse'}`);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    assert.deepEqual(differences, []);
  }

  /** The octets in hexadecimal, undefined where the text is refused. */
  async function askChecker(type: string, text: string): Promise<string | undefined> {
    const { code, output } = await run(command, ['-u'], `IN ${type} ${text}\n`);
    if (code !== 0) return undefined;
    const match = /\\# \d+(.*)$/.exec(output.trim());
    assert.ok(match !== null, output);
    return (match[1] ?? '').replaceAll(' ', '').toLowerCase();
  }
});

function askOurs(type: string, text: string): string | undefined {
  const parsed = parseRecordData(typeOf(type), text, ROOT);
  return parsed.ok ? Buffer.from(parsed.bytes).toString('hex') : undefined;
}

function typeOf(mnemonic: string): number {
  const type = parseRecordType(mnemonic);
  assert.ok(type !== undefined, mnemonic);
  return type;
}

async function run(command: string, argv: readonly string[], input: string): Promise<{ code: number; output: string }> {
  const child = spawn(command, argv, { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  child.stdin.end(input);
  const output = await readAll(child.stdout);
  return { code: await ended, output };
}
