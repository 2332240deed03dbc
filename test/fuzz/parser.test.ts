// A million hostile packets through the answer path: whatever the bytes, a value and never an exception.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import packet from 'dns-packet';
import fc from 'fast-check';
import { answerQuery, TCP, TLS, UDP } from '../../src/answer/answer-query.ts';
import { createDesk } from '../../src/answer/desk.ts';
import { createTsigDesk } from '../../src/answer/tsig-desk.ts';
import { computeHmac } from '../../src/replication/hmac.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { MAX_UDP_PAYLOAD } from '../../src/wire/response.ts';
import { OPEN_CONDUCT } from '../support/conduct.ts';
import { encodeName } from '../support/dns-client.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { NOW_SECONDS, TEST_KEY } from '../support/tsig.ts';
import { readCorpus } from './corpus.ts';
import { createPacket, createRandom, mutate } from './mutators.ts';

const MUTATIONS = 1_000_000;
/** Another seed for another million: AZIMUTH_FUZZ_SEED. */
const SEED = Number(process.env.AZIMUTH_FUZZ_SEED ?? 20_260_601);
/** Every so many answers are read by our strict decoder, and by an independent one: reading costs more than answering. */
const DECODE_EVERY = 8;
const DECODE_INDEPENDENTLY_EVERY = 256;
const MAX_TCP_BYTES = 65_535;
const FILL = 0xa5;
/** Over TLS answers are padded. */
const PROTOCOLS = [UDP, TCP, UDP, TLS] as const;

const { snapshot, state } = RFC_FIXTURE;
const desk = createDesk(snapshot, state, 99, 0, OPEN_CONDUCT);
const key = { name: encodeName(TEST_KEY.name), algorithm: 'hmac-sha256' as const, secret: TEST_KEY.secret };
desk.tsig = createTsigDesk([key], computeHmac, () => NOW_SECONDS);
const out = new Uint8Array(MAX_TCP_BYTES + 64).fill(FILL);

/** Answers, and checks what must be true of every answer. Returns its length. */
function answer(bytes: Uint8Array, length: number, protocol: number, turn: number): number {
  const limit = protocol === UDP ? MAX_UDP_PAYLOAD : MAX_TCP_BYTES;
  const answered = answerQuery(desk, bytes, 0, length, out, 0, limit, protocol);
  const explain = () => `seed ${SEED}, turn ${turn}: ${Buffer.from(bytes.subarray(0, length)).toString('hex')}`;
  if (answered === 0) {
    assert.ok(length < 12 || (bytes[2] ?? 0) >= 0x80, explain());
    return 0;
  }
  assert.ok(answered >= 12 && answered <= limit, explain());
  // What may be read of the size that a client takes must be kept.
  if (protocol === UDP && !desk.query.hasEdns) assert.ok(answered <= 512, explain());
  if (protocol === UDP) assert.ok(answered <= Math.max(512, desk.query.udpPayloadSize), explain());
  assert.ok(out[0] === bytes[0] && out[1] === bytes[1] && ((out[2] ?? 0) & 0x80) !== 0, explain());
  if (turn % DECODE_EVERY === 0) {
    const message = decodeMessage(out.subarray(0, answered));
    assert.ok(typeof message !== 'string', `${String(message)}: ${explain()}`);
    assert.equal(message.edns !== undefined, desk.query.hasEdns, explain());
  }
  if (turn % DECODE_INDEPENDENTLY_EVERY === 0) {
    assert.doesNotThrow(() => packet.decode(Buffer.from(out.subarray(0, answered))), explain());
  }
  return answered;
}

describe('hostile packets', () => {
  const corpus = readCorpus();

  it('of the corpus are answered by both protocols', () => {
    assert.ok(corpus.length > 50);
    for (const [turn, bytes] of corpus.entries()) {
      answer(bytes, bytes.length, UDP, turn * DECODE_INDEPENDENTLY_EVERY);
      answer(bytes, bytes.length, TCP, turn * DECODE_INDEPENDENTLY_EVERY);
    }
  });

  it(`of ${MUTATIONS.toLocaleString('en')} mutations are answered or passed over, and nothing is thrown`, {
    timeout: 120_000,
  }, (t) => {
    const random = createRandom(SEED);
    const mutant = createPacket();
    const began = performance.now();
    const kinds = new Map<number, number>();
    for (let turn = 0; turn < MUTATIONS; turn++) {
      mutate(mutant, corpus, random);
      const length = answer(mutant.bytes, mutant.length, PROTOCOLS[turn & 3] ?? UDP, turn);
      const kind = length === 0 ? -1 : (out[3] ?? 0) & 15;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(
      `${seconds.toFixed(1)} s; by rcode (-1: silence): ${JSON.stringify([...kinds].sort((a, b) => a[0] - b[0]))}`,
    );
    // Beyond what may be written nothing has been.
    assert.ok(out.subarray(MAX_TCP_BYTES).every((byte) => byte === FILL));
    // The mutators reach every part: answers, errors of each kind, silence.
    for (const kind of [-1, 0, 1, 3, 4, 5]) assert.ok((kinds.get(kind) ?? 0) > 1000, `rcode ${kind}`);
  });

  it('of pure noise are answered or passed over', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.constantFrom(UDP, TCP), (bytes, protocol) => {
        answer(bytes, bytes.length, protocol, 0);
      }),
      { seed: 8, numRuns: 5000 },
    );
  });
});
