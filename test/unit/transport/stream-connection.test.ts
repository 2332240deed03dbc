// Answers of several messages, over a real socket. What a connection does with single answers: test/rfc/rfc7766.test.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TCP } from '../../../src/answer/answer-query.ts';
import type { AnswerMessage, AnswerSeries } from '../../../src/transport/answer-message.ts';
import { clientOf } from '../../../src/transport/client-address.ts';
import { StreamConnection } from '../../../src/transport/stream-connection.ts';
import { connectTcp, decodeAnswer, encodeQuery, withLength } from '../../support/dns-client.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';

/** Serves one connection with `answer`. */
async function serve(context: TestContext, answer: AnswerMessage, messageTimeoutMs = 1000) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const limits = { firstByteTimeoutMs: 5000, idleTimeoutMs: 5000, messageTimeoutMs };
    const client = clientOf(socket.remoteAddress);
    new StreamConnection(
      socket,
      { limits, protocol: TCP, client, onMessages: () => undefined, answer },
      RFC_FIXTURE.desk,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = await connectTcp(typeof address === 'object' && address !== null ? address.port : 0);
  context.after(() => {
    client.close();
    server.close();
  });
  return client;
}

/** `count` messages of `length` bytes, each beginning with its number. */
function countingSeries(count: number, length: number): AnswerSeries & { composed: number; closed: number } {
  return {
    composed: 0,
    closed: 0,
    next(out, start, size) {
      assert.ok(length <= size);
      if (this.composed === count) return 0;
      out.fill(0, start, start + length);
      new DataView(out.buffer).setUint32(out.byteOffset + start, this.composed++);
      return length;
    },
    close() {
      this.closed++;
    },
  };
}

const numberOf = (message: Uint8Array) => new DataView(message.buffer, message.byteOffset).getUint32(0);
const query = (id: number) => withLength(encodeQuery({ id, name: 'mail.example.com.' }));

/** The first message is answered by the series, all others as always. */
function seriesFirst(series: AnswerSeries): AnswerMessage {
  let isFirst = true;
  return (_desk, message, out) => {
    if (isFirst) {
      isFirst = false;
      return series;
    }
    out.set(message, 2);
    return message.length;
  };
}

describe('an answer of several messages', () => {
  it('goes out whole and in order, before the answer to what was asked behind it', async (context) => {
    const series = countingSeries(500, 100);
    const client = await serve(context, seriesFirst(series));
    client.send(Buffer.concat([query(7), query(8)]));
    const messages = await client.receive(501);
    assert.deepEqual(
      messages.slice(0, 500).map(numberOf),
      Array.from({ length: 500 }, (_, index) => index),
    );
    assert.equal(decodeAnswer(messages[500] ?? new Uint8Array()).id, 8);
    assert.equal(series.closed, 1);
  });

  it('lets everything else have its turn, however long its messages take to compose', async (context) => {
    let inTurn = 0;
    let most = 0;
    const slow = countingSeries(40, 100);
    const series: AnswerSeries = {
      next(out, start, size) {
        for (const end = performance.now() + 3; performance.now() < end; );
        most = Math.max(most, ++inTurn);
        return slow.next(out, start, size);
      },
      close: () => slow.close(),
    };
    const client = await serve(context, seriesFirst(series));
    const turns = setInterval(() => {
      inTurn = 0;
    }, 1);
    context.after(() => clearInterval(turns));
    client.send(query(1));
    await client.receive(40);
    assert.ok(most <= 3, `${most} messages of 3 ms each while a timer of 1 ms was due`);
  });

  it('is composed no faster than the peer takes it, and given up when the peer takes nothing for too long', async (context) => {
    const series = countingSeries(100_000, 60_000);
    const client = await serve(context, seriesFirst(series), 300);
    client.socket.pause();
    client.send(query(1));
    await sleep(150);
    const early = series.composed;
    await sleep(100);
    assert.equal(series.composed, early, 'more was composed although nothing was taken');
    assert.ok(early < 1000, `${early} messages wait`);
    await sleep(300);
    assert.equal(series.closed, 1);
    await client.closed();
  });

  it('ends with its connection', async (context) => {
    const series = countingSeries(100_000, 60_000);
    const client = await serve(context, () => series, 10_000);
    client.socket.pause();
    client.send(query(1));
    await sleep(50);
    client.socket.resetAndDestroy();
    for (let tries = 0; tries < 100 && series.closed === 0; tries++) await sleep(10);
    assert.ok(series.composed < 100_000);
    assert.equal(series.closed, 1);
  });
});
