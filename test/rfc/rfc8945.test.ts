// RFC 8945, "Secret Key Transaction Authentication for DNS (TSIG)".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDesk } from '../../src/answer/desk.ts';
import { createTsigDesk } from '../../src/answer/tsig-desk.ts';
import { computeHmac } from '../../src/replication/hmac.ts';
import {
  createAnswerVerifier,
  isCovered,
  MAX_UNSIGNED_MESSAGES,
  verifyAnswer,
} from '../../src/transfer/verify-answers.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import type { TsigAlgorithm } from '../../src/wire/tsig.ts';
import { createTsigSigner, signMessage } from '../../src/wire/tsig-sign.ts';
import { onlyKey, verifyMessage } from '../../src/wire/tsig-verify.ts';
import { conductWith } from '../support/conduct.ts';
import { encodeName, encodeQuery, encodeRecord } from '../support/dns-client.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { askBytes, countersMoved } from '../support/snapshot-fixture.ts';
import {
  macOf,
  NOW_SECONDS,
  readSignature,
  signQuery,
  TEST_KEY,
  type TestKey,
  type TestSignature,
} from '../support/tsig.ts';

const LONG_KEY: TestKey = { name: 'other.example.', algorithm: 'sha512', secret: new Uint8Array(64).fill(9) };
const keyOf = ({ name, algorithm, secret }: TestKey) => ({
  name: encodeName(name),
  algorithm: `hmac-${algorithm}` as TsigAlgorithm,
  secret,
});
const fixture = { desk: createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1) };
fixture.desk.tsig = createTsigDesk([keyOf(TEST_KEY), keyOf(LONG_KEY)], computeHmac, () => NOW_SECONDS);
const QUERY = encodeQuery({ id: 77, name: 'mail.example.com.' });

const askRaw = (bytes: Uint8Array, key = TEST_KEY) => {
  const answer = askBytes(fixture.desk, bytes);
  const message = decodeMessage(answer);
  assert.ok(typeof message === 'object', String(message));
  return { answer, message, signature: readSignature(answer, key) };
};
const askSigned = (signature: TestSignature = {}, query = QUERY) => {
  const signed = signQuery(query, signature);
  return { ...askRaw(signed.bytes, signature.key), requestMac: signed.mac };
};

describe('RFC 8945', () => {
  // Section 5.3: "When a server has generated a response to a signed request, it signs the response using the same
  // algorithm and key."
  for (const key of [TEST_KEY, LONG_KEY]) {
    it(`answers a signed query, and signs the answer with the same key: ${key.algorithm}`, () => {
      const { message, signature, requestMac } = askSigned({ key });
      assert.equal(message.rcode, 0);
      assert.equal(message.answers.length, 1);
      assert.ok(signature !== undefined);
      // 5.3: "The request MAC, including the MAC Size field, is part of the digest."
      const expected = macOf([signature.bare], { key, priorMac: requestMac, time: signature.time });
      assert.deepEqual(signature.mac, expected);
      assert.equal(signature.time, NOW_SECONDS);
      assert.equal(signature.error, 0);
    });
  }

  it('answers a signed query as an unsigned one', () => {
    const { signature } = askSigned();
    assert.deepEqual(signature?.bare, askBytes(fixture.desk, QUERY));
  });

  // Section 4.2: the original ID is that of the message before a forwarder gave it another.
  it('digests the original ID, and answers to the one that came', () => {
    const { bytes } = signQuery(QUERY);
    bytes[1] = 0x63;
    const { message } = askRaw(bytes);
    assert.equal(message.rcode, 0);
    assert.equal(message.id, 0x63);
  });

  // Section 5.2.1: "If a non-forwarding server does not recognize the key or algorithm used by the client (or recognizes the
  // algorithm but does not implement it), the server MUST generate an error response with RCODE 9 (NOTAUTH) and TSIG ERROR
  // 17 (BADKEY). This response MUST be unsigned".
  it('says BADKEY, unsigned, of a key that it does not know, and of another algorithm than the key has', () => {
    const unknown: TestKey = { ...TEST_KEY, name: 'unknown.' };
    for (const signature of [
      { key: unknown },
      { key: { ...TEST_KEY, algorithm: 'sha512' } as const },
      { algorithmName: 'hmac-md5.sig-alg.reg.int.' },
    ]) {
      const asked = askSigned(signature);
      assert.equal(asked.message.rcode, 9);
      assert.equal(asked.message.answers.length, 0);
      assert.equal(asked.signature?.error, 17);
      assert.equal(asked.signature?.mac.length, 0);
    }
  });

  it('says so where it has no keys at all', () => {
    const desk = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1);
    const message = decodeMessage(askBytes(desk, signQuery(QUERY).bytes));
    assert.ok(typeof message === 'object');
    assert.equal(message.rcode, 9);
  });

  // Section 5.2.2: "If a MAC fails to verify, the server MUST generate an error response as specified in Section 5.3.2 with
  // RCODE 9 (NOTAUTH) and TSIG ERROR 16 (BADSIG)."
  it('says BADSIG, unsigned, of a MAC that is wrong in any bit, and of a message that was changed', () => {
    const { bytes, mac } = signQuery(QUERY);
    const macAt = Buffer.from(bytes).indexOf(mac);
    for (const at of [macAt, macAt + 31, 2, 20]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      const { message, signature } = askRaw(changed);
      assert.equal(message.rcode, 9, `octet ${at}`);
      assert.equal(signature?.error, 16);
      assert.equal(signature?.mac.length, 0);
    }
  });

  // Section 5.2.3: "A response indicating a BADTIME error MUST be signed by the same key as the request. It MUST include the
  // client's current time in the Time Signed field, the server's current time (an unsigned 48-bit integer) in the Other Data
  // field, and 6 in the Other Len field."
  it('says BADTIME, signed, with both times, of a message from beyond the fudge', () => {
    for (const time of [NOW_SECONDS - 301, NOW_SECONDS + 301]) {
      const { message, signature, requestMac } = askSigned({ time });
      assert.equal(message.rcode, 9);
      assert.ok(signature !== undefined);
      assert.equal(signature.error, 18);
      assert.equal(signature.time, time);
      const now = [0, 0, ...[24, 16, 8, 0].map((shift) => (NOW_SECONDS >>> shift) & 0xff)];
      assert.deepEqual([...signature.other], now);
      const expected = macOf([signature.bare], { priorMac: requestMac, time, error: 18, other: now });
      assert.deepEqual(signature.mac, expected);
    }
    assert.equal(askSigned({ time: NOW_SECONDS - 300 }).message.rcode, 0);
    assert.equal(askSigned({ time: NOW_SECONDS - 40, fudge: 30 }).message.rcode, 9);
  });

  // Section 5.2: the MAC is checked before the time.
  it('does not tell its time to those who do not know the key', () => {
    const { bytes } = signQuery(QUERY, { time: NOW_SECONDS - 5000, key: { ...TEST_KEY, secret: new Uint8Array(32) } });
    assert.equal(askRaw(bytes).signature?.error, 16);
  });

  // Section 5.2.2.1: "MAC size" that is less than the larger of 10 octets and half the length of the hash is FORMERR, as is one
  // that is greater than the hash.
  it('takes a truncated MAC of at least half its octets, and no shorter one', () => {
    assert.equal(askSigned({ macBytes: 16 }).message.rcode, 0);
    for (const macBytes of [0, 10, 15]) assert.equal(askSigned({ macBytes }).message.rcode, 1, `${macBytes}`);
    assert.equal(askSigned({ key: LONG_KEY, macBytes: 31 }).message.rcode, 1);
    const { bytes, mac } = signQuery(QUERY);
    const macAt = Buffer.from(bytes).indexOf(mac);
    const longer = Uint8Array.from([...bytes.subarray(0, macAt - 2), 0, 33, ...mac, 0, ...bytes.subarray(macAt + 32)]);
    const lengthAt = Buffer.from(longer).lastIndexOf(Buffer.from([0, 250, 0, 255])) + 9;
    longer[lengthAt] = (longer[lengthAt] ?? 0) + 1;
    assert.equal(askRaw(longer).message.rcode, 1);
  });

  // Section 5.1: "If multiple TSIG records are detected or a TSIG record is present in any other position, the DNS message is
  // dropped and a response with RCODE 1 (FORMERR) MUST be returned."
  it('answers FORMERR where the TSIG is not the last record, stands twice, or says nothing that can be read', () => {
    const { bytes } = signQuery(QUERY);
    const opt = encodeRecord([0], 41, 1232, [0, 0, 0, 0], []);
    const behind = Uint8Array.from([...bytes, ...opt]);
    behind[11] = 2;
    assert.equal(askRaw(behind).message.rcode, 1);
    assert.equal(askRaw(signQuery(bytes).bytes).message.rcode, 1);
    for (const [type, recordClass, ttl] of [
      [250, 1, 0],
      [250, 255, 1],
    ] as const) {
      const record = encodeRecord(encodeName(TEST_KEY.name) as never, type, recordClass, [0, 0, 0, ttl], [0, 0, 0, 0]);
      assert.equal(askRaw(encodeQuery({ additionals: [record] })).message.rcode, 1);
    }
  });

  it('keeps room for the signature in an answer over UDP', () => {
    const huge = encodeQuery({ name: 'big.example.com.', udpSize: 700 });
    const { answer, message, signature } = askSigned({}, huge);
    assert.ok(answer.length <= 700, `${answer.length}`);
    assert.ok(message.isTruncated);
    assert.ok(signature !== undefined);
  });

  // Section 5.3: "If addition of the TSIG record will cause the message to be truncated, the server MUST alter the response so
  // that a TSIG can be included. This response contains only the question and a TSIG record, has the TC bit set, and has RCODE
  // 0 (NOERROR)."
  it('sends the question and the signature alone where options would leave no room for both', () => {
    const label = (letter: string, length: number) => `${letter.repeat(length)}.`;
    const key: TestKey = { ...LONG_KEY, name: label('k', 63) + label('l', 61) };
    const desk = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1);
    desk.tsig = createTsigDesk([keyOf(key)], computeHmac, () => NOW_SECONDS);
    const name = `${label('a', 63)}${label('b', 63)}${label('c', 63)}${label('d', 48)}example.com.`;
    const query = encodeQuery({ name, edns: true, udpSize: 512, subnet: '2001:db8::/128' });
    for (const time of [NOW_SECONDS, NOW_SECONDS - 1000]) {
      const { bytes, mac } = signQuery(query, { key, time });
      const answer = askBytes(desk, bytes);
      const message = decodeMessage(answer);
      const signature = readSignature(answer, key);
      assert.ok(typeof message === 'object' && signature !== undefined);
      assert.ok(answer.length <= 512, `${answer.length} octets`);
      assert.deepEqual(
        [message.isTruncated, message.rcode, message.questions.length, message.edns],
        [true, 0, 1, undefined],
      );
      const { error, other } = signature;
      assert.deepEqual(signature.mac, macOf([signature.bare], { key, priorMac: mac, time, error, other: [...other] }));
    }
  });

  it('counts what came of signatures', () => {
    const moved = countersMoved(
      fixture,
      () => {
        askSigned();
        askSigned({ time: 1 });
        askSigned({ key: { ...TEST_KEY, name: 'unknown.' } });
      },
      'signatures',
    );
    assert.deepEqual(moved, { verified: 1, 'bad-time': 1, 'bad-key': 1 });
  });

  it('lets the rate limit alone where a signature is right, and only there', () => {
    const conduct = conductWith({ rateLimit: { responsesPerSecond: 2, slip: 0 } });
    const desk = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1, 0, conduct);
    desk.tsig = fixture.desk.tsig;
    const answered = (query: Uint8Array) =>
      Array.from({ length: 20 }, () => askBytes(desk, query).length).filter((length) => length > 0).length;
    assert.equal(answered(signQuery(QUERY).bytes), 20);
    assert.equal(answered(signQuery(QUERY, { key: { ...TEST_KEY, name: 'unknown.' } }).bytes), 2);
  });

  // Section 5.3.1: "The TSIG MUST be included on all DNS messages in the response. […] a client that receives DNS messages and
  // verifies TSIG MUST accept up to 99 intermediary messages without a TSIG".
  it('signs every message of a stream, each over the one before; and verifies over messages that were not', () => {
    const key = keyOf(TEST_KEY);
    const { mac: requestMac } = signQuery(QUERY);
    const signer = createTsigSigner(computeHmac, key, requestMac);
    const room = new Uint8Array(2000);
    const compose = () => {
      room.set(QUERY);
      const length = signMessage(signer, room, 0, QUERY.length, NOW_SECONDS);
      return room.slice(0, length);
    };
    const [first, second] = [readSignature(compose()), readSignature(compose())];
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(first.mac, macOf([QUERY], { priorMac: requestMac }));
    assert.deepEqual(second.mac, macOf([QUERY], { priorMac: first.mac, isContinued: true }));

    const mac = macOf([QUERY, QUERY, QUERY], { priorMac: second.mac, isContinued: true });
    const third = signQuery(QUERY, { priorMac: second.mac, isContinued: true });
    const signed = Buffer.from(third.bytes);
    signed.set(mac, signed.indexOf(third.mac));
    const common = { hmac: computeHmac, findKey: onlyKey(key), nowSeconds: NOW_SECONDS, priorMac: second.mac };
    const unsigned = [QUERY, QUERY];
    assert.ok(verifyMessage(signed, QUERY.length, { ...common, unsigned, isContinued: true }).ok);
    assert.ok(!verifyMessage(signed, QUERY.length, { ...common, unsigned: [QUERY], isContinued: true }).ok);
    assert.ok(!verifyMessage(signed, QUERY.length, { ...common, unsigned }).ok);
  });
});

describe('RFC 8945, as the client', () => {
  const key = keyOf(TEST_KEY);
  const { bytes: query, mac: queryMac } = signQuery(QUERY);
  const open = () => createAnswerVerifier(computeHmac, key, queryMac);
  const ANSWER = Uint8Array.from(QUERY);
  ANSWER[2] = 0x84;
  /** So many answers, of which those are signed for which it says so. */
  const compose = (count: number, isSigned: (index: number) => boolean) => {
    let priorMac = queryMac;
    let isContinued = false;
    let messages: Uint8Array[] = [];
    return Array.from({ length: count }, (_, index) => {
      messages.push(ANSWER);
      if (!isSigned(index)) return ANSWER;
      const signature = { priorMac, isContinued };
      const { bytes, mac } = signQuery(ANSWER, signature);
      priorMac = macOf(messages, signature);
      isContinued = true;
      messages = [];
      const signed = Buffer.from(bytes);
      signed.set(priorMac, signed.lastIndexOf(mac));
      return new Uint8Array(signed);
    });
  };
  /** What is wrong with the first of them that is not right; whether the last is covered. */
  const verify = (answers: readonly Uint8Array[], nowSeconds = NOW_SECONDS) => {
    const verifier = open();
    for (const answer of answers) {
      const wrong = verifyAnswer(verifier, answer, nowSeconds);
      if (wrong !== undefined) return wrong;
    }
    return isCovered(verifier);
  };

  // Section 5.3.1: "For backward compatibility, a client that receives DNS messages and verifies TSIG MUST accept up to 99
  // intermediary messages without a TSIG and MUST verify that both the first and last message contain a TSIG."
  it('takes up to 99 messages without a signature between two that have one', () => {
    assert.equal(verify(compose(5, () => true)), true);
    for (const between of [1, MAX_UNSIGNED_MESSAGES]) {
      const count = between + 2;
      assert.equal(verify(compose(count, (index) => index === 0 || index === count - 1)), true);
    }
    const count = MAX_UNSIGNED_MESSAGES + 3;
    const rare = verify(compose(count, (index) => index === 0 || index === count - 1));
    assert.match(String(rare), /more than 99 messages without a signature/);
  });

  it('asks for a signature on the first and on the last message', () => {
    assert.match(String(verify(compose(3, (index) => index > 0))), /answers without a signature/);
    assert.equal(verify(compose(3, (index) => index < 2)), false);
  });

  // Section 5.3.1: "DNS Messages" are "all messages after the last message that included a TSIG", with the current one.
  it('finds a message that was changed, left out, or put in, by the next signature', () => {
    const answers = compose(6, (index) => index === 0 || index === 5);
    const changed = Uint8Array.from(ANSWER);
    changed[3] = 1;
    for (const stream of [answers.with(2, changed), answers.toSpliced(2, 1), answers.toSpliced(2, 0, ANSWER)]) {
      assert.match(String(verify(stream)), /is wrong$/);
    }
    assert.equal(verify(answers), true);
  });

  it('takes the signatures that we make, and none of another query', () => {
    const answer = askBytes(fixture.desk, query);
    assert.equal(verify([answer]), true);
    assert.match(
      String(verify([askBytes(fixture.desk, signQuery(QUERY, { time: NOW_SECONDS - 1 }).bytes)])),
      /is wrong$/,
    );
    assert.match(String(verify([answer], NOW_SECONDS + 301)), /of another time/);
  });

  // Section 5.4: "Regardless of the RCODE, a message containing a TSIG RR that is unsigned as specified in Section 5.3.2 or that
  // fails verification SHOULD NOT be considered an acceptable response, as it may have been spoofed or manipulated."
  it('takes no error for an answer, and tells what it says', () => {
    const reasonOf = (signature: TestSignature) =>
      String(verify([askBytes(fixture.desk, signQuery(QUERY, signature).bytes)]));
    assert.match(reasonOf({ key: { ...TEST_KEY, secret: new Uint8Array(32) } }), /\(BADSIG\)$/);
    assert.match(reasonOf({ time: NOW_SECONDS - 4000 }), /\(BADTIME\)$/);
    assert.match(reasonOf({ key: { ...TEST_KEY, name: 'unknown.' } }), /\(BADKEY\)$/);
  });
});
