import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  createQuery,
  PARSED,
  PARSED_NOTIFY,
  type ParseOutcome,
  parseQuery,
  type Query,
  SILENCE,
} from '../../../src/wire/query.ts';
import { RCODE_BADVERS, RCODE_FORMERR, RCODE_NOTIMP } from '../../../src/wire/record-types.ts';
import {
  bytes16,
  encodeName,
  encodeQuery,
  encodeRecord,
  encodeSubnet,
  type QueryShape,
} from '../../support/dns-client.ts';

type Parsed = { readonly query: Query; readonly outcome: ParseOutcome };

/** Parsed from the middle of other bytes, so that neither offset 0 nor the end of the memory is taken for granted. */
function parseBytes(message: Uint8Array, query = createQuery()): Parsed {
  const memory = new Uint8Array(message.length + 40).fill(0xc0);
  memory.set(message, 20);
  return { query, outcome: parseQuery(query, memory, 20, message.length) };
}

const parse = (shape: QueryShape): Parsed => parseBytes(encodeQuery(shape));
const outcomeOf = (shape: QueryShape): ParseOutcome => parse(shape).outcome;

/** Labels of the given lengths. */
const labels = (...lengths: readonly number[]): readonly number[] => [
  ...lengths.flatMap((length) => [length, ...new Array<number>(length).fill(0x61)]),
  0,
];

const ROOT = [0];
const opt = (data: readonly number[] = [], owner: readonly number[] = ROOT) =>
  encodeRecord(owner, 41, 1232, [0, 0, 0, 0], data);
const subnetOption = (...data: readonly number[]) => ({ options: [{ code: 8, data }] });

describe('parsing a query', () => {
  it('takes everything that a plain question says', () => {
    const { query, outcome } = parse({ id: 0xbeef, flags: 0x0110, name: 'WwW.Example.COM.', type: 'AAAA' });
    assert.equal(outcome, PARSED);
    assert.equal(query.id, 0xbeef);
    assert.equal(query.opcode, 0);
    assert.equal(query.recursionDesired, true);
    assert.equal(query.checkingDisabled, true);
    assert.equal(query.type, 28);
    assert.equal(query.class, 1);
    assert.equal(query.questionEnd - query.start, 12 + 17 + 4);
    assert.equal(query.hasEdns, false);
    assert.equal(query.udpPayloadSize, 512);
    assert.deepEqual(query.name.bytes.slice(0, query.name.length), encodeName('www.example.com.'));
    assert.deepEqual([...query.name.labelStarts.slice(0, query.name.labelCount + 1)], [0, 4, 12, 16]);
  });

  it('leaves nothing of one message in the next', () => {
    const query = createQuery();
    parseBytes(encodeQuery({ subnet: '10.0.0.0/8', dnssecOk: true, flags: 0x0110, type: 'MX', udpSize: 4096 }), query);
    const { outcome } = parseBytes(encodeQuery({ flags: 0, counts: [0, 0, 0, 0] }).subarray(0, 12), query);
    assert.equal(outcome, RCODE_FORMERR);
    assert.equal(query.type, 0);
    assert.equal(query.class, 0);
    assert.equal(query.questionEnd, query.start + 12);
    assert.deepEqual(
      [query.hasEdns, query.dnssecOk, query.subnet.present, query.recursionDesired, query.checkingDisabled],
      [false, false, false, false, false],
    );
    assert.equal(query.udpPayloadSize, 512);
  });

  describe('says nothing to', () => {
    it('what is shorter than a header', () => {
      const whole = encodeQuery({});
      for (let length = 0; length < 12; length++) assert.equal(parseBytes(whole.subarray(0, length)).outcome, SILENCE);
      assert.notEqual(parseBytes(whole.subarray(0, 12)).outcome, SILENCE);
    });

    it('responses, whatever else is wrong with them', () => {
      assert.equal(outcomeOf({ flags: 0x8000 }), SILENCE);
      assert.equal(outcomeOf({ flags: 0xffff, counts: [9, 9, 9, 9] }), SILENCE);
    });
  });

  it('refuses every opcode but QUERY and NOTIFY, without looking further', () => {
    for (let opcode = 1; opcode < 16; opcode++) {
      if (opcode === 4) continue;
      const { outcome, query } = parse({ flags: opcode << 11, counts: [0, 5, 5, 5] });
      assert.equal(outcome, RCODE_NOTIMP);
      assert.equal(query.opcode, opcode);
    }
  });

  describe('of a NOTIFY', () => {
    const soa = (owner: readonly number[] = [0xc0, 12]) => encodeRecord(owner, 6, 1, [0, 0, 1, 0], [1, 2, 3, 4]);
    const notify = (shape: QueryShape = {}) => parse({ flags: 0x2400, type: 'SOA', ...shape });
    const outcomeOfNotify = (shape: QueryShape) => notify(shape).outcome;

    it('takes the question, what the answer section holds being of no concern', () => {
      const { query, outcome } = notify({ name: 'Copy.test.', additionals: [soa()], counts: [1, 1, 0, 0] });
      assert.equal(outcome, PARSED_NOTIFY);
      assert.deepEqual([query.opcode, query.type, query.class], [4, 6, 1]);
      assert.deepEqual(query.name.bytes.slice(0, query.name.length), encodeName('copy.test.'));
      assert.equal(outcomeOfNotify({}), PARSED_NOTIFY);
      assert.equal(outcomeOfNotify({ additionals: [soa(), soa(ROOT)], counts: [1, 1, 1, 0] }), PARSED_NOTIFY);
      assert.equal(outcomeOfNotify({ additionals: new Array(8).fill(soa()), counts: [1, 5, 3, 0] }), PARSED_NOTIFY);
    });

    it('takes OPT and TSIG behind that', () => {
      const tsig = encodeRecord([1, 0x6b, 0], 250, 255, [0, 0, 0, 0], [1, 2]);
      const { query, outcome } = notify({ additionals: [soa(), opt(), tsig], counts: [1, 1, 0, 2] });
      assert.equal(outcome, PARSED_NOTIFY);
      assert.equal(query.hasEdns, true);
      assert.ok(query.signatureAt > query.questionEnd + soa().length);
      assert.equal(outcomeOfNotify({ version: 1 }), RCODE_BADVERS);
    });

    it('wants exactly one question, and no more records than there are, nor than its limit', () => {
      for (const counts of [
        [0, 0, 0, 0],
        [2, 0, 0, 0],
        [1, 1, 0, 0],
        [1, 0, 1, 0],
        [1, 0, 0, 1],
      ] as const) {
        assert.equal(outcomeOfNotify({ counts: [...counts] }), RCODE_FORMERR);
      }
      assert.equal(outcomeOfNotify({ additionals: new Array(9).fill(soa()), counts: [1, 6, 3, 0] }), RCODE_FORMERR);
      assert.equal(outcomeOfNotify({ additionals: [soa()], counts: [1, 65_535, 65_535, 0] }), RCODE_FORMERR);
      assert.equal(outcomeOfNotify({ trailing: [0] }), RCODE_FORMERR);
    });

    it('wants every record whole', () => {
      const whole = encodeQuery({ flags: 0x2400, type: 'SOA', additionals: [soa()], counts: [1, 1, 0, 0] });
      for (let length = 12; length < whole.length; length++) {
        assert.equal(parseBytes(whole.subarray(0, length)).outcome, RCODE_FORMERR, `${length} bytes`);
      }
    });

    it('does not implement other types, nor answers what is itself a response', () => {
      for (const type of ['A', 'NS', 'AXFR', 'IXFR', 'ANY', 'CDS'])
        assert.equal(outcomeOfNotify({ type }), RCODE_NOTIMP);
      assert.equal(outcomeOfNotify({ flags: 0xa400 }), SILENCE);
    });
  });

  it('passes over flags that mean nothing in a query', () => {
    // AA, TC, RA, Z, AD.
    for (const flags of [0x0400, 0x0200, 0x0080, 0x0040, 0x0020]) assert.equal(outcomeOf({ flags }), PARSED);
  });

  it('takes exactly one question, and no answer or authority record', () => {
    assert.equal(outcomeOf({ counts: [0, 0, 0, 0] }), RCODE_FORMERR);
    assert.equal(outcomeOf({ counts: [2, 0, 0, 0] }), RCODE_FORMERR);
    assert.equal(outcomeOf({ counts: [1, 1, 0, 0] }), RCODE_FORMERR);
    assert.equal(outcomeOf({ counts: [1, 0, 1, 0] }), RCODE_FORMERR);
    assert.equal(outcomeOf({ counts: [0x0100, 0, 0, 0] }), RCODE_FORMERR);
  });

  it('takes the SOA that IXFR has in its authority section, and reads the serial of it (RFC 1995 section 3)', () => {
    const numbers = [0xfe, 0xdc, 0xba, 0x98, ...new Array<number>(16).fill(0)];
    const soa = (type: number, data: readonly number[]) => encodeRecord([0xc0, 12], type, 1, [0, 0, 0, 0], data);
    const ixfr = (record: readonly number[], type = 'IXFR') => ({
      type,
      counts: [1, 0, 1, 0] as const,
      trailing: record,
    });
    const { outcome, query } = parse(ixfr(soa(6, [0xc0, 12, 0xc0, 12, ...numbers])));
    assert.deepEqual([outcome, query.heldSerial], [PARSED, 0xfedcba98]);
    assert.equal(outcomeOf(ixfr(soa(6, [0xc0, 12, 0xc0, 12, ...numbers]), 'A')), RCODE_FORMERR);
    assert.equal(outcomeOf(ixfr(soa(1, [0xc0, 12, 0xc0, 12, ...numbers]))), RCODE_FORMERR);
    assert.equal(outcomeOf(ixfr(soa(6, numbers))), RCODE_FORMERR);
    assert.equal(outcomeOf(ixfr(soa(6, [0, 0, ...numbers]).slice(0, -1))), RCODE_FORMERR);
    assert.equal(outcomeOf({ type: 'IXFR' }), RCODE_FORMERR);
  });

  describe('names', () => {
    it('may have 255 octets and not 256', () => {
      assert.equal(outcomeOf({ rawName: labels(63, 63, 63, 61) }), PARSED);
      assert.equal(outcomeOf({ rawName: labels(63, 63, 63, 62) }), RCODE_FORMERR);
      assert.equal(outcomeOf({ rawName: labels(63, 63, 63, 63) }), RCODE_FORMERR);
    });

    it('may have 127 labels and not 128', () => {
      const { outcome, query } = parse({ rawName: labels(...new Array<number>(127).fill(1)) });
      assert.equal(outcome, PARSED);
      assert.equal(query.name.labelCount, 127);
      assert.equal(query.name.length, 255);
      assert.equal(outcomeOf({ rawName: labels(...new Array<number>(128).fill(1)) }), RCODE_FORMERR);
    });

    it('may have labels of 63 octets and not 64', () => {
      assert.equal(outcomeOf({ rawName: labels(63) }), PARSED);
      assert.equal(outcomeOf({ rawName: labels(64) }), RCODE_FORMERR);
    });

    it('may be the root', () => {
      const { outcome, query } = parse({ rawName: ROOT });
      assert.equal(outcome, PARSED);
      assert.deepEqual([query.name.length, query.name.labelCount], [1, 0]);
    });

    it('may hold any octet, zero and dots too', () => {
      const { outcome, query } = parse({ rawName: [4, 0x00, 0x2e, 0xff, 0x5a, 0] });
      assert.equal(outcome, PARSED);
      assert.deepEqual([...query.name.bytes.slice(0, 6)], [4, 0x00, 0x2e, 0xff, 0x7a, 0]);
    });

    it('may not be compressed, nor have a label type that nobody uses', () => {
      for (const rawName of [
        [0xc0, 12],
        [0xc0, 0],
        [1, 0x61, 0xc0, 12],
        [0x40, 0],
        [0x80, 0],
        [0xbf, 0],
      ]) {
        assert.equal(outcomeOf({ rawName }), RCODE_FORMERR);
      }
    });

    it('may not run out of the message', () => {
      const whole = encodeQuery({ name: 'www.example.com.' });
      for (let length = 12; length < whole.length; length++) {
        assert.equal(parseBytes(whole.subarray(0, length)).outcome, RCODE_FORMERR, `${length} bytes`);
      }
    });
  });

  it('refuses bytes behind the end', () => {
    assert.equal(outcomeOf({ trailing: [0] }), RCODE_FORMERR);
    assert.equal(outcomeOf({ edns: true, trailing: [0] }), RCODE_FORMERR);
  });

  describe('EDNS', () => {
    it('states size, version and DO', () => {
      const { query, outcome } = parse({ udpSize: 4000, dnssecOk: true });
      assert.equal(outcome, PARSED);
      assert.deepEqual([query.hasEdns, query.udpPayloadSize, query.ednsVersion, query.dnssecOk], [true, 4000, 0, true]);
    });

    it('never makes the payload smaller than 512', () => {
      for (const udpSize of [0, 1, 511, 512]) assert.equal(parse({ udpSize }).query.udpPayloadSize, 512);
      assert.equal(parse({ udpSize: 513 }).query.udpPayloadSize, 513);
      assert.equal(parse({ udpSize: 65_535 }).query.udpPayloadSize, 65_535);
    });

    it('of another version is BADVERS, and its options are not looked at', () => {
      for (const version of [1, 255]) {
        assert.equal(outcomeOf({ version }), RCODE_BADVERS);
        assert.equal(outcomeOf({ version, ...subnetOption(0, 9, 9, 9) }), RCODE_BADVERS);
      }
    });

    it('stands once, and at the root', () => {
      assert.equal(outcomeOf({ additionals: [opt()] }), PARSED);
      assert.equal(outcomeOf({ additionals: [opt(), opt()] }), RCODE_FORMERR);
      assert.equal(outcomeOf({ additionals: [opt([], [1, 0x61, 0])] }), RCODE_FORMERR);
      assert.equal(outcomeOf({ additionals: [opt([], [0xc0, 12])] }), RCODE_FORMERR);
    });

    it('may stand before or behind other records, but nothing behind a TSIG (RFC 8945 section 5.1)', () => {
      const other = encodeRecord([0], 1, 1, [0, 0, 0, 0], [1, 2, 3, 4]);
      const tsig = encodeRecord([3, 0x6b, 0x65, 0x79, 0], 250, 255, [0, 0, 0, 0], new Array<number>(40).fill(7));
      for (const additionals of [[tsig], [opt(), tsig], [other, opt()], [opt(), other]])
        assert.equal(outcomeOf({ additionals }), PARSED);
      assert.equal(outcomeOf({ additionals: [tsig, opt()] }), RCODE_FORMERR);
      const signed = parse({ additionals: [opt(), tsig] }).query;
      assert.deepEqual([signed.hasEdns, signed.signatureAt], [true, signed.questionEnd + 11]);
      assert.equal(parse({ additionals: [other] }).query.signatureAt, -1);
    });

    it('takes up to eight additional records', () => {
      const other = encodeRecord([0xc0, 12], 1, 1, [0, 0, 0, 0], [1, 2, 3, 4]);
      assert.equal(outcomeOf({ additionals: new Array(8).fill(other) }), PARSED);
      assert.equal(outcomeOf({ additionals: new Array(9).fill(other) }), RCODE_FORMERR);
    });

    it('refuses additional records that are not whole', () => {
      assert.equal(outcomeOf({ counts: [1, 0, 0, 1] }), RCODE_FORMERR);
      const whole = encodeQuery({ subnet: '192.0.2.0/24' });
      const questionEnd = encodeQuery({}).length;
      for (let length = questionEnd; length < whole.length; length++) {
        assert.equal(parseBytes(whole.subarray(0, length)).outcome, RCODE_FORMERR, `${length} bytes`);
      }
      for (const owner of [[0x40, 0], [0x80], [63], [0xc0]]) {
        assert.equal(outcomeOf({ additionals: [owner] }), RCODE_FORMERR);
      }
    });

    it('passes over options that it does not know, and refuses those that are not whole', () => {
      assert.equal(
        outcomeOf({
          options: [
            { code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] },
            { code: 65_001, data: [] },
          ],
        }),
        PARSED,
      );
      for (const data of [[0], [0, 10], [0, 10, 0], [0, 10, 0, 1], [0, 10, 0xff, 0xff, 1]]) {
        assert.equal(outcomeOf({ additionals: [opt(data)] }), RCODE_FORMERR);
      }
    });
  });

  describe('client subnet', () => {
    it('is read for IPv4 and IPv6, left aligned', () => {
      const { query } = parse({ subnet: '198.51.100.128/25' });
      assert.deepEqual([query.subnet.present, query.subnet.family, query.subnet.sourceLength], [true, 1, 25]);
      assert.deepEqual([...query.subnet.words], [0xc6336480, 0, 0, 0]);
      const { query: v6 } = parse({ subnet: 'fe80:ffff:abcd:ef01:2345:6789:abcd:ef01/128' });
      assert.deepEqual([v6.subnet.family, v6.subnet.sourceLength], [2, 128]);
      assert.deepEqual([...v6.subnet.words], [0xfe80ffff, 0xabcdef01, 0x23456789, 0xabcdef01]);
    });

    it('takes every source length that its family has, and no other', () => {
      for (let length = 0; length <= 32; length++)
        assert.equal(outcomeOf({ subnet: `255.255.255.255/${length}` }), PARSED);
      for (let length = 0; length <= 128; length++) assert.equal(outcomeOf({ subnet: `2001:db8::/${length}` }), PARSED);
      assert.equal(outcomeOf(subnetOption(0, 1, 33, 0, 1, 2, 3, 4, 128)), RCODE_FORMERR);
      assert.equal(outcomeOf(subnetOption(0, 2, 129, 0, ...new Array<number>(17).fill(0))), RCODE_FORMERR);
    });

    it('takes family 0 with nothing in it, and no other family', () => {
      const { query, outcome } = parse(subnetOption(0, 0, 0, 0));
      assert.equal(outcome, PARSED);
      assert.deepEqual([query.subnet.present, query.subnet.family], [true, 0]);
      assert.equal(outcomeOf(subnetOption(0, 0, 8, 0, 1)), RCODE_FORMERR);
      for (const family of [3, 255, 256, 65_535]) {
        assert.equal(outcomeOf(subnetOption(...bytes16(family), 0, 0)), RCODE_FORMERR);
      }
    });

    it('refuses a scope, spare bits, too few and too many octets, and a second one', () => {
      assert.equal(outcomeOf({ options: [encodeSubnet('10.0.0.0/8', 8)] }), RCODE_FORMERR);
      assert.equal(outcomeOf(subnetOption(0, 1, 25, 0, 1, 2, 3, 0x40)), RCODE_FORMERR);
      assert.equal(outcomeOf(subnetOption(0, 1, 25, 0, 1, 2, 3, 0x01)), RCODE_FORMERR);
      assert.equal(outcomeOf(subnetOption(0, 1, 24, 0, 1, 2)), RCODE_FORMERR);
      assert.equal(outcomeOf(subnetOption(0, 1, 24, 0, 1, 2, 3, 0)), RCODE_FORMERR);
      for (const short of [[], [0], [0, 1], [0, 1, 0]]) assert.equal(outcomeOf(subnetOption(...short)), RCODE_FORMERR);
      assert.equal(outcomeOf({ options: [encodeSubnet('10.0.0.0/8'), encodeSubnet('10.0.0.0/8')] }), RCODE_FORMERR);
    });

    it('forgets a longer address that came before', () => {
      const query = createQuery();
      parseBytes(encodeQuery({ subnet: '2001:db8:1:2:3:4:5:6/128' }), query);
      parseBytes(encodeQuery({ subnet: '10.0.0.0/8' }), query);
      assert.deepEqual([...query.subnet.words], [0x0a000000, 0, 0, 0]);
    });
  });

  it('takes nothing from what stands behind its message', () => {
    const whole = encodeQuery({ subnet: '192.0.2.0/24' });
    const questionEnd = encodeQuery({}).length;
    for (let length = 12; length < whole.length; length++) {
      const query = createQuery();
      assert.equal(parseQuery(query, whole, 0, length), RCODE_FORMERR);
      // The answer repeats the question and the subnet: neither may hold what somebody else has sent.
      assert.ok(query.questionEnd <= length, `${length} bytes`);
      assert.equal(query.questionEnd, length < questionEnd ? 12 : questionEnd);
      assert.equal(query.subnet.present, false);
    }
  });

  it('never reads beyond its message and never throws, whatever the bytes', () => {
    const memory = new Uint8Array(600);
    const [query, other] = [createQuery(), createQuery()];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(255), (message, around) => {
        const outcome = parseQuery(query, message, 0, message.length);
        memory.fill(around);
        memory.set(message, 100);
        // The same whatever stands around it, and in whatever state the query was.
        assert.equal(parseQuery(other, memory, 100, message.length), outcome);
        assert.ok([PARSED, PARSED_NOTIFY, SILENCE, RCODE_FORMERR, RCODE_NOTIMP, RCODE_BADVERS].includes(outcome));
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});
