import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { answerQuery, TCP, UDP } from '../../src/answer/answer-query.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { createFixture } from '../support/snapshot-fixture.ts';
import { createRandom, listSeeds, mutate } from './mutate.ts';
import { WORLD_DOCUMENT } from './world.ts';

const PACKETS = 1_000_000;
/** Decoding costs more than answering: every so many answers are read back in full. */
const DECODED_EVERY = 16;
const DNS_PACKET_EVERY = 256;
const SEED = 20_261_123;

const { desk } = createFixture(WORLD_DOCUMENT);
const out = new Uint8Array(65_535);

/** Answers one message and holds the answer against everything that must be true of any. */
function check(message: Uint8Array, protocol: number, depth: 'length' | 'decoded' | 'independent'): number {
  const length = answerQuery(desk, message, 0, message.length, out, 0, out.length, protocol);
  if (length === 0) return 0;
  assert.ok(length >= 12, 'an answer has a header');
  assert.ok(length <= (protocol === UDP ? 1232 : 65_535), `${length} bytes are too many`);
  assert.equal(out[0], message[0]);
  assert.equal(out[1], message[1]);
  assert.ok((out[2] ?? 0) & 0x80, 'an answer is a response');
  if (depth === 'length') return length;
  const answer = decodeMessage(out.subarray(0, length));
  assert.notEqual(typeof answer, 'string', `the answer is ${String(answer)}`);
  if (depth === 'independent') dnsPacket.decode(Buffer.from(out.subarray(0, length)));
  return length;
}

describe('hostile messages, in process', () => {
  it(`answers or ignores ${PACKETS} mutated messages, and never throws`, (t) => {
    const random = createRandom(SEED);
    const seeds = listSeeds();
    const began = performance.now();
    let answered = 0;
    for (let count = 0; count < PACKETS; count++) {
      const message = mutate(seeds, random);
      const depth = count % DNS_PACKET_EVERY === 0 ? 'independent' : count % DECODED_EVERY === 0 ? 'decoded' : 'length';
      try {
        if (check(message, count % 3 === 0 ? TCP : UDP, depth) > 0) answered++;
      } catch (cause) {
        assert.fail(`message ${count}, ${Buffer.from(message).toString('hex')}: ${String(cause)}`);
      }
    }
    t.diagnostic(`${answered} answered, ${PACKETS - answered} ignored, in ${Math.round(performance.now() - began)} ms`);
    // Both kinds must be there, or the mutations are not what they should be.
    assert.ok(answered > PACKETS / 10 && answered < PACKETS);
  });

  it('survives bytes that were never a message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (message, isTcp) => {
        check(message, isTcp ? TCP : UDP, 'decoded');
      }),
      { numRuns: 20_000, seed: SEED },
    );
  });

  it('gives the good messages among its seeds a good answer, so that mutations begin from something', () => {
    const rcodes = listSeeds().map((message) => {
      check(message, UDP, 'independent');
      return (out[3] ?? 0) & 15;
    });
    assert.ok(rcodes.filter((rcode) => rcode === 0).length >= 8, rcodes.join());
  });
});
