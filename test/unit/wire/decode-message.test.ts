// The strict decoder: what it reads, against dns-packet as an independent encoder; what it refuses; and that no bytes make it
// throw or take long.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import packet from 'dns-packet';
import fc from 'fast-check';
import { type DecodedMessage, decodeMessage } from '../../../src/wire/decode-message.ts';
import { formatName } from '../../../src/wire/name.ts';
import { formatRecordData } from '../../../src/wire/record-data.ts';
import { formatRecordType } from '../../../src/wire/record-types.ts';

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function decode(bytes: Uint8Array): DecodedMessage {
  const message = decodeMessage(bytes);
  assert.ok(typeof message !== 'string', `decodes, not: ${String(message)}`);
  return message;
}

/** A response with counts for question, answer, authority, additional. */
function header(questions: number, answers: number, authorities: number, additionals: number): string {
  const counts = [questions, answers, authorities, additionals].map((count) => count.toString(16).padStart(4, '0'));
  return `1234 8400 ${counts.join(' ')}`;
}

const QUESTION = '0161 00 0001 0001';

describe('decodeMessage', () => {
  const FLAGS: readonly (readonly [string, keyof DecodedMessage])[] = [
    ['8000', 'isResponse'],
    ['0400', 'isAuthoritative'],
    ['0200', 'isTruncated'],
    ['0100', 'recursionDesired'],
    ['0080', 'recursionAvailable'],
    ['0020', 'authenticData'],
    ['0010', 'checkingDisabled'],
  ];
  for (const [bit, field] of FLAGS) {
    it(`reads ${bit} of the flags as ${field} and as nothing else`, () => {
      const message = decode(bytesOf(`0001 ${bit} 0000 0000 0000 0000`));
      for (const [, other] of FLAGS) assert.equal(message[other], other === field);
      assert.equal(message.id, 1);
      assert.equal(message.opcode, 0);
      assert.equal(message.rcode, 0);
    });
  }

  it('reads opcode and rcode, and joins the extended rcode of the OPT record', () => {
    const message = decode(bytesOf('0001 2805 0000 0000 0000 0001 00 0029 04d0 01 00 8000 0000'));
    assert.equal(message.opcode, 5);
    assert.equal(message.rcode, 0x15);
    assert.equal(message.edns?.udpPayloadSize, 1232);
    assert.equal(message.edns?.dnssecOk, true);
    assert.deepEqual(message.additionals, []);
  });

  it('decompresses owners and the names in data', () => {
    // 12: "a.b", at 14 "b"; MX 10 c.<14>
    const bytes = bytesOf(`${header(1, 1, 0, 0)} 0161 0162 00 000f 0001  c00c 000f 0001 0000003c 0006 000a 0163 c00e`);
    const [answer] = decode(bytes).answers;
    assert.ok(answer !== undefined);
    assert.equal(formatName(answer.name), 'a.b');
    assert.equal(formatRecordData(answer.type, answer.data), '10 c.b.');
    assert.equal(answer.ttlSeconds, 60);
  });

  it('reads all sections that dns-packet writes, to the same names, TTLs and data', () => {
    const label = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.test`);
    const uint16 = fc.nat(0xffff);
    const base = { name, ttl: fc.nat(0x7fffffff) };
    const quoted = (text: string) => `"${text}"`;
    type Generated = { name: string; type: string; ttl: number; data: unknown; text: string };
    const record = fc.oneof(
      fc
        .record({ ...base, address: fc.ipV4() })
        .map(({ address, ...rest }) => ({ ...rest, type: 'A', data: address, text: address })),
      fc
        .record({ ...base, target: name })
        .chain(({ target, ...rest }) =>
          fc
            .constantFrom('NS', 'CNAME', 'PTR', 'DNAME')
            .map((type) => ({ ...rest, type, data: target, text: `${target}.` })),
        ),
      fc.record({ ...base, preference: uint16, exchange: name }).map(({ preference, exchange, ...rest }) => ({
        ...rest,
        type: 'MX',
        data: { preference, exchange },
        text: `${preference} ${exchange}.`,
      })),
      fc.record({ ...base, parts: fc.array(label, { minLength: 1, maxLength: 3 }) }).map(({ parts, ...rest }) => ({
        ...rest,
        type: 'TXT',
        data: parts,
        text: parts.map(quoted).join(' '),
      })),
      fc
        .record({ ...base, priority: uint16, weight: uint16, port: uint16, target: name })
        .map(({ priority, weight, port, target, ...rest }) => ({
          ...rest,
          type: 'SRV',
          data: { priority, weight, port, target },
          text: `${priority} ${weight} ${port} ${target}.`,
        })),
      fc
        .record({ ...base, mname: name, rname: name, serial: fc.nat(0x7fffffff) })
        .map(({ mname, rname, serial, ...rest }) => ({
          ...rest,
          type: 'SOA',
          data: { mname, rname, serial, refresh: 1, retry: 2, expire: 3, minimum: 4 },
          text: `${mname}. ${rname}. ${serial} 1 2 3 4`,
        })),
    );
    const records = fc.array(record, { maxLength: 6 });
    const toPacket = ({ text: _, ...rest }: Generated) => ({ ...rest, class: 'IN' });
    fc.assert(
      fc.property(uint16, name, records, records, records, (id, qname, answers, authorities, additionals) => {
        const encoded = packet.encode({
          id,
          type: 'response',
          questions: [{ name: qname, type: 'A' }],
          answers: answers.map(toPacket),
          authorities: authorities.map(toPacket),
          additionals: additionals.map(toPacket),
        });
        const message = decode(new Uint8Array(encoded));
        assert.equal(message.id, id);
        assert.deepEqual(
          message.questions.map((question) => formatName(question.name)),
          [qname],
        );
        const sections = [message.answers, message.authorities, message.additionals];
        for (const [index, expected] of [answers, authorities, additionals].entries()) {
          const actual = sections[index]?.map(({ name, type, ttlSeconds, data }) => ({
            name: formatName(name),
            type: formatRecordType(type),
            ttl: ttlSeconds,
            text: formatRecordData(type, data),
          }));
          assert.deepEqual(
            actual,
            expected.map(({ name, type, ttl, text }) => ({ name, type, ttl, text })),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it('reads the EDNS options and client subnet that dns-packet writes', () => {
    const options = [
      { code: 'CLIENT_SUBNET', family: 2, sourcePrefixLength: 44, scopePrefixLength: 0, ip: '2001:db8:10::' },
    ];
    const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options };
    const { edns } = decode(
      new Uint8Array(packet.encode({ type: 'query', questions: [{ name: 'a.test', type: 'A' }], additionals: [opt] })),
    );
    assert.equal(edns?.udpPayloadSize, 4096);
    assert.deepEqual(
      edns?.options.map(({ code }) => code),
      [8],
    );
    assert.deepEqual(edns?.clientSubnet, {
      family: 2,
      sourcePrefixLength: 44,
      scopePrefixLength: 0,
      address: bytesOf('20010db8001000000000000000000000'),
    });
  });

  const opt = (options: string): string => {
    const length = (options.replaceAll(' ', '').length / 2).toString(16).padStart(4, '0');
    return `${header(0, 0, 0, 1)} 00 0029 04d0 00000000 ${length} ${options}`;
  };
  const FAULTS: readonly (readonly [string, string, 'short' | 'form'])[] = [
    ['no bytes', '', 'short'],
    ['a header cut short', '1234 8400 0000 0000 0000 00', 'short'],
    ['a question that is missing', header(1, 0, 0, 0), 'short'],
    ['a label that runs out', `${header(1, 0, 0, 0)} 0361`, 'short'],
    ['a pointer cut in two', `${header(1, 0, 0, 0)} c0`, 'short'],
    ['a record whose data runs out', `${header(0, 1, 0, 0)} 00 0010 0001 00000000 0005 01`, 'short'],
    ['bytes behind the message', `${header(1, 0, 0, 0)} ${QUESTION} 00`, 'form'],
    ['a pointer to itself', `${header(1, 0, 0, 0)} c00c 0001 0001`, 'form'],
    ['a pointer forwards', `${header(1, 0, 0, 0)} c010 0001 0001 00`, 'form'],
    ['a pointer back to where its own name began', `${header(1, 0, 0, 0)} 0161 c00c 0001 0001`, 'form'],
    ['a pointer into the header', `${header(1, 0, 0, 0)} c004 0001 0001`, 'form'],
    ['two pointers that point at each other', `${header(2, 0, 0, 0)} c012 0001 0001 c00c 0001 0001`, 'form'],
    ['a label of a retired type', `${header(1, 0, 0, 0)} 4161 00 0001 0001`, 'form'],
    [
      'a name of 256 octets',
      `${header(1, 0, 0, 0)} ${'3f'.padEnd(128, '61').repeat(3)} ${'3e'.padEnd(126, '61')} 00 0001 0001`,
      'form',
    ],
    ['an A record of five octets', `${header(0, 1, 0, 0)} 00 0001 0001 00000000 0005 0102030405`, 'form'],
    ['an AAAA record of four octets', `${header(0, 1, 0, 0)} 00 001c 0001 00000000 0004 01020304`, 'form'],
    ['a name that ends before its data does', `${header(0, 1, 0, 0)} 00 0002 0001 00000000 0004 0161 00 00`, 'form'],
    [
      'a name that runs past its data',
      `${header(0, 2, 0, 0)} 00 0002 0001 00000000 0002 0161 00 0010 0001 00000000 0000`,
      'form',
    ],
    ['a SOA without its numbers', `${header(0, 1, 0, 0)} 00 0006 0001 00000000 0002 00 00`, 'form'],
    ['OPT among the answers', `${header(0, 1, 0, 0)} 00 0029 04d0 00000000 0000`, 'form'],
    ['two OPT records', `${header(0, 0, 0, 2)} 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000`, 'form'],
    ['an OPT record that is not owned by the root', `${header(0, 0, 0, 1)} 0161 00 0029 04d0 00000000 0000`, 'form'],
    ['an option that runs past the OPT record', opt('000a 0005 01'), 'form'],
    ['half an option', opt('000a 00'), 'form'],
    ['a client subnet of an unknown family', opt('0008 0005 0003 08 00 0a'), 'form'],
    ['a client subnet longer than its family allows', opt('0008 0009 0001 21 00 0a00000080'), 'form'],
    ['a client subnet with an octet too many', opt('0008 0006 0001 08 00 0a00'), 'form'],
    ['a client subnet with an octet too few', opt('0008 0005 0001 10 00 0a'), 'form'],
    ['a client subnet with bits behind its prefix', opt('0008 0007 0001 17 00 0a0001'), 'form'],
    ['two client subnets', opt('0008 0004 0001 00 00 0008 0004 0001 00 00'), 'form'],
  ];
  for (const [what, hex, fault] of FAULTS) {
    it(`calls ${what} ${fault}`, () => assert.equal(decodeMessage(bytesOf(hex)), fault));
  }

  it('takes a client subnet of prefix length 0, of either family or of none', () => {
    for (const family of [0, 1, 2]) {
      const subnet = decode(bytesOf(opt(`0008 0004 000${family} 00 00`))).edns?.clientSubnet;
      assert.equal(subnet?.family, family);
      assert.equal(subnet?.address.length, [0, 4, 16][family]);
    }
  });

  it('takes records without data in updates, and other addresses in other classes', () => {
    assert.equal(decode(bytesOf(`${header(0, 1, 0, 0)} 00 0001 00ff 00000000 0000`)).answers[0]?.data.length, 0);
    assert.equal(decode(bytesOf(`${header(0, 1, 0, 0)} 00 0002 00ff 00000000 0000`)).answers[0]?.data.length, 0);
    assert.equal(decode(bytesOf(`${header(0, 1, 0, 0)} 00 0001 0003 00000000 0003 000102`)).answers[0]?.data.length, 3);
  });

  it('calls every message that is cut short, short', () => {
    const whole = packet.encode({
      type: 'response',
      questions: [{ name: 'www.zone.test', type: 'A' }],
      answers: [{ name: 'www.zone.test', type: 'A', ttl: 9, data: '192.0.2.1' }],
      additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [] }],
    });
    for (let length = 0; length < whole.length; length++) {
      assert.equal(decodeMessage(new Uint8Array(whole.subarray(0, length))), 'short', `${length} bytes`);
    }
  });

  it('does not throw on 100,000 random and mutated messages, and takes less than three seconds of CPU', () => {
    // A fixed generator (xorshift), so that a failure comes again.
    let state = 0x9e3779b9;
    const random = (below: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
    const whole = packet.encode({
      id: 7,
      type: 'response',
      questions: [{ name: 'www.zone.test', type: 'A' }],
      answers: [
        {
          name: 'www.zone.test',
          type: 'SRV',
          ttl: 9,
          data: { priority: 1, weight: 2, port: 3, target: 'a.zone.test' },
        },
        { name: 'www.zone.test', type: 'MX', ttl: 9, data: { preference: 1, exchange: 'mx.zone.test' } },
      ],
      authorities: [{ name: 'zone.test', type: 'NS', ttl: 9, data: 'ns.zone.test' }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          flags: 0,
          options: [
            { code: 'CLIENT_SUBNET', family: 1, sourcePrefixLength: 24, scopePrefixLength: 0, ip: '192.0.2.0' },
          ],
        },
      ],
    });
    const outcomes = { message: 0, short: 0, form: 0 };
    const began = process.cpuUsage();
    for (let run = 0; run < 100_000; run++) {
      const isMutant = run % 4 !== 0;
      const bytes = isMutant ? Uint8Array.from(whole) : Uint8Array.from({ length: random(120) }, () => random(256));
      for (let change = random(5); isMutant && change >= 0; change--) {
        bytes[random(bytes.length)] = random(3) === 0 ? 0xc0 | random(4) : random(256);
      }
      const cut = random(8) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
      const outcome = decodeMessage(cut);
      outcomes[typeof outcome === 'string' ? outcome : 'message']++;
    }
    const tookMs = process.cpuUsage(began).user / 1000;
    assert.ok(tookMs < 3000, `took ${tookMs} ms`);
    // All three ways out were taken often, so that the mutants are neither all broken nor all whole.
    for (const [outcome, count] of Object.entries(outcomes)) assert.ok(count > 2000, `${outcome}: ${count}`);
  });

  it('is not held up by the longest chains of pointers that fit a message', () => {
    // An owner at 12, whose data holds pointers, each to the one before; then records owned by the last that can be reached.
    const bytes = new Uint8Array(65_535);
    const chainStart = 25;
    const chainEnd = 16_383;
    const chainLength = (chainEnd - chainStart).toString(16).padStart(4, '0');
    bytes.set(bytesOf(`${header(0, 0xffff, 0, 0)} 0161 00 000a 0001 00000000 ${chainLength}`));
    for (let at = chainStart; at < chainEnd; at += 2) {
      const target = at === chainStart ? 12 : at - 2;
      bytes.set([0xc0 | (target >>> 8), target & 0xff], at);
    }
    const reached = chainStart + 2 * 125;
    const pointer = [0xc0 | (reached >>> 8), reached & 0xff];
    for (let at = chainEnd; at + 12 <= bytes.length; at += 12) bytes.set([...pointer, 0, 16, 0, 1], at);
    assert.equal(
      decodeMessage(bytes.subarray(0, chainEnd + 12 * 4000)),
      'short',
      'pointers within the limit are followed',
    );
    bytes.set([0xff, 0xfd], chainEnd);
    const began = performance.now();
    assert.equal(decodeMessage(bytes), 'form');
    assert.ok(performance.now() - began < 100);
  });
});
