// Fetching a zone with a key: what is signed, how, and what is not.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { type Asked, signStream } from '../../support/fake-primary.ts';
import { A, B, createFetcher, WHOLE } from '../../support/fetch-from.ts';
import { readSignature, signQuery, TEST_KEY } from '../../support/tsig.ts';
import { soa } from '../../support/zone-answers.ts';

describe('fetching a zone with a key', { timeout: 60_000 }, () => {
  const { open, fetch, close } = createFetcher();
  afterEach(close);

  const signed =
    (isSigned?: (index: number) => boolean, count = 1) =>
    (asked: Asked) => {
      if (asked.type === 'SOA') return asked.send(...signStream(asked, [asked.compose([soa(9)])]));
      const middle = Array.from({ length: count }, () => asked.compose([]));
      const messages = [asked.compose([soa(9), A]), ...middle, asked.compose([B, soa(9)])];
      asked.send(...signStream(asked, messages, isSigned));
    };
  const reasonOf = async (answer: (asked: Asked) => void, held?: number) => {
    const primary = await open(answer);
    const outcome = await fetch(primary.port, { hasKey: true, ...(held === undefined ? {} : { held }) });
    return { reason: outcome.status === 'failed' ? outcome.reason : outcome.status, queries: primary.queries };
  };

  it('takes a zone whose every message is signed, or every hundredth', async () => {
    for (const [isSigned, count] of [
      [undefined, 5],
      [(index: number) => index === 0 || index === 6, 5],
      [(index: number) => index === 0 || index === 100, 99],
      [(index: number) => index % 100 === 0, 299],
    ] as const) {
      const { port } = await open(signed(isSigned, count));
      assert.deepEqual(await fetch(port, { hasKey: true }), WHOLE);
    }
  });

  it('takes none whose first or last message is not signed, nor one with a hundred between two signatures', async () => {
    const first = await reasonOf(signed((index) => index !== 0));
    assert.equal(first.reason, 'the primary answers without a signature, which the key test-key asks for');
    const last = await reasonOf(signed((index) => index !== 2));
    assert.equal(last.reason, 'the last message of the transfer is not signed');
    const rare = await reasonOf(signed((index) => index === 0 || index === 101, 100));
    assert.equal(rare.reason, 'the primary sends more than 99 messages without a signature');
  });

  it('takes no message that was changed, wherever it stands, and does not ask again', async () => {
    for (const at of [0, 1, 2]) {
      const { reason, queries } = await reasonOf((asked) => {
        if (asked.type === 'SOA') return signed()(asked);
        const messages = [[soa(9), A], [B], [soa(9)]].map((records) => asked.compose(records));
        const stream = signStream(asked, messages, (index) => index !== 1);
        // An octet of the TTL of its first record.
        const changed = stream.map((message, index) => (index === at ? flip(message, 45) : message));
        asked.send(...changed);
      }, 7);
      assert.match(reason, /^a signature of the primary with the key test-key is wrong$/, `${at}`);
      assert.deepEqual(queries, ['1 SOA', '1 IXFR']);
    }
  });

  it('takes no answer that was signed with something else', async () => {
    const other = { ...TEST_KEY, secret: new Uint8Array(32) };
    const answerWith = (changed: object) => (asked: Asked) =>
      asked.send(...signStream(asked, [asked.compose([soa(9)])], undefined, changed));
    assert.match((await reasonOf(answerWith({ key: other }))).reason, /is wrong$/);
    assert.match((await reasonOf(answerWith({ priorMac: new Uint8Array(32) }))).reason, /is wrong$/);
    assert.match(
      (await reasonOf(answerWith({ key: { ...TEST_KEY, name: 'x.' } }))).reason,
      /another key or algorithm than test-key$/,
    );
    assert.match((await reasonOf(answerWith({ time: 1_000_000 }))).reason, /of another time than ours$/);
  });

  it('takes no refusal for a signed answer, and says what the primary finds wrong with the key', async () => {
    const refuse =
      (error: number, flags = 0x8009) =>
      (asked: Asked) => {
        const macBytes = error === 18 ? 32 : 0;
        const priorMac = readSignature(asked.raw)?.mac ?? new Uint8Array(0);
        const signature = { time: Math.floor(Date.now() / 1000), error, macBytes, priorMac };
        asked.send(
          ...(error === 0
            ? [asked.compose([], { flags })]
            : [signQuery(asked.compose([], { flags }), signature).bytes]),
        );
      };
    assert.equal(
      (await reasonOf(refuse(0, 0x8005))).reason,
      'the primary answers REFUSED without a signature, which the key test-key asks for',
    );
    assert.match((await reasonOf(refuse(16))).reason, /\(BADSIG\)$/);
    assert.match((await reasonOf(refuse(17))).reason, /\(BADKEY\)$/);
    assert.match((await reasonOf(refuse(18))).reason, /\(BADTIME\)$/);
    assert.match((await reasonOf(refuse(22))).reason, /the TSIG error 22/);
  });

  it('passes over signatures where it has no key', async () => {
    const { port } = await open((asked) => {
      const records = asked.type === 'SOA' ? [soa(9)] : [soa(9), A, B, soa(9)];
      asked.send(...signStream(asked, [asked.compose(records)]));
    });
    assert.deepEqual(await fetch(port), WHOLE);
  });
});

function flip(message: Uint8Array, at: number): Uint8Array {
  const changed = message.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
