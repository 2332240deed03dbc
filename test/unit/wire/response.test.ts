import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createQuery, parseQuery, type Query } from '../../../src/wire/query.ts';
import {
  beginResponse,
  createResponse,
  finishResponse,
  QUESTION_OFFSET,
  type Response,
  writeForeignRecord,
  writeRecord,
} from '../../../src/wire/response.ts';
import { decodeAnswer, encodeName, encodeQuery, type QueryShape } from '../../support/dns-client.ts';

/** Answers are composed in the middle of memory, whose rest must stay as it is. */
const MARGIN = 16;
const FILL = 0xee;

function begin(shape: QueryShape, size: number): { query: Query; response: Response; memory: Uint8Array } {
  const bytes = encodeQuery(shape);
  const query = createQuery();
  parseQuery(query, bytes, 0, bytes.length);
  const memory = new Uint8Array(size + 2 * MARGIN).fill(FILL);
  const response = createResponse();
  beginResponse(response, query, memory, MARGIN, size);
  return { query, response, memory };
}

const address = Uint8Array.of(192, 0, 2, 1);
const writeA = (response: Response) => {
  const written = writeRecord(response, QUESTION_OFFSET, 1, 60, address, 0, 4);
  if (written) response.answers++;
  return written;
};

function finish({ query, response, memory }: ReturnType<typeof begin>, rcode = 0, isAuthoritative = true, scope = 0) {
  const length = finishResponse(response, query, rcode, isAuthoritative, scope);
  const around = [...memory.subarray(0, MARGIN), ...memory.subarray(MARGIN + length)];
  return { length, around, message: decodeAnswer(memory.slice(MARGIN, MARGIN + length)) };
}

describe('composing a response', () => {
  it('repeats id, opcode, RD, CD and the question byte for byte, and sets QR and AA', () => {
    const begun = begin({ id: 0x8001, flags: 0x0110, name: 'wWw.ExAmPlE.', type: 'TYPE4711', class: 'CH' }, 512);
    const { message } = finish(begun);
    assert.equal(message.id, 0x8001);
    assert.equal(message.isResponse && message.isAuthoritative && message.recursionDesired, true);
    assert.equal(message.checkingDisabled, true);
    assert.equal(message.recursionAvailable || message.authenticData || message.isTruncated, false);
    assert.deepEqual(message.questions, [{ name: encodeName('wWw.ExAmPlE.'), type: 4711, class: 3 }]);
  });

  it('says no more than the header where no question could be read', () => {
    const { message, length } = finish(begin({ flags: 0x2800 }, 512), 4, false);
    assert.equal(length, 12);
    assert.deepEqual([message.opcode, message.rcode, message.questions.length], [5, 4, 0]);
  });

  it('writes whole records as long as they fit, to the last byte', () => {
    const questionEnd = encodeQuery({}).length;
    for (const [room, fits] of [
      [16, true],
      [15, false],
    ] as const) {
      const begun = begin({}, questionEnd + 16 + room);
      assert.equal(writeA(begun.response), true);
      assert.equal(writeA(begun.response), fits);
      assert.equal(finish(begun).message.answers.length, fits ? 2 : 1);
    }
  });

  it('never writes outside of what it was given', () => {
    for (let size = 60; size < 140; size++) {
      const begun = begin({ subnet: '2001:db8::/56' }, size);
      if (begun.response.at > begun.response.limit) continue;
      while (writeA(begun.response));
      const { length, around } = finish(begun);
      assert.ok(length <= size, `${length} of ${size}`);
      assert.ok(around.every((byte) => byte === FILL));
    }
  });

  it('keeps room for OPT and client subnet, however full it is', () => {
    const begun = begin({ subnet: '2001:db8:1:2:3:4:5:6/128', dnssecOk: true }, 512);
    while (writeA(begun.response));
    const { message, length } = finish(begun, 0, true, 64);
    assert.ok(length <= 512 && length > 512 - 16);
    assert.equal(message.edns?.clientSubnet?.scopePrefixLength, 64);
    assert.equal(message.edns?.clientSubnet?.sourcePrefixLength, 128);
    assert.equal(message.edns?.dnssecOk, true);
  });

  it('carries OPT exactly when the query did, with our payload size and version 0', () => {
    assert.equal(finish(begin({}, 512)).message.edns, undefined);
    const { edns } = finish(begin({ udpSize: 4096 }, 512)).message;
    assert.deepEqual([edns?.udpPayloadSize, edns?.version, edns?.dnssecOk], [1232, 0, false]);
    assert.deepEqual(edns?.options, []);
  });

  it('splits an extended rcode between header and OPT', () => {
    const begun = begin({ version: 1 }, 512);
    const { message } = finish(begun, 16, false);
    assert.equal(message.rcode, 16);
    assert.equal((begun.memory[MARGIN + 3] ?? 0) & 15, 0);
    assert.equal(message.edns?.version, 0);
  });

  it('hands the client subnet back as it came, for every length', () => {
    for (const [address, most] of [
      ['198.51.100.255', 32],
      ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 128],
    ] as const) {
      for (let length = 0; length <= most; length++) {
        const shape = { subnet: `${address}/${length}` };
        const sent = decodeAnswer(encodeQuery(shape)).edns?.clientSubnet;
        const { edns } = finish(begin(shape, 512), 0, true, 7 % (most + 1)).message;
        assert.deepEqual(edns?.clientSubnet, { ...sent, scopePrefixLength: 7 });
      }
    }
  });

  it('writes owners that stand nowhere in the message in full, if there is room', () => {
    const owner = encodeName('ns1.example.net.');
    const begun = begin({}, encodeQuery({}).length + owner.length + 14);
    const { response } = begun;
    assert.equal(writeForeignRecord(response, owner, 0, owner.length, 1, 0x7fffffff, address, 0, 4), true);
    response.additionals++;
    assert.equal(writeForeignRecord(response, owner, 0, 1, 1, 0, address, 0, 0), false);
    const { message } = finish(begun);
    const [record] = message.additionals;
    assert.deepEqual(record?.name, owner);
    assert.equal(record?.ttlSeconds, 0x7fffffff);
  });

  it('can be begun anew with nothing left of before', () => {
    const begun = begin({ edns: true }, 512);
    writeA(begun.response);
    begun.response.truncated = true;
    const bytes = encodeQuery({ name: 'a.' });
    parseQuery(begun.query, bytes, 0, bytes.length);
    beginResponse(begun.response, begun.query, begun.memory, MARGIN, 512);
    const { message } = finish(begun, 0, false);
    assert.deepEqual([message.answers.length, message.isTruncated, message.isAuthoritative], [0, false, false]);
    assert.equal(message.edns, undefined);
  });
});
