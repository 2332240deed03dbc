// A flood of names that do not exist, to a real answer thread over real sockets: those who ask for names that do exist get
// their answers, from the very network that the flood pretends to come from, and memory stays as it is.

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Conduct } from '../../src/answer/conduct.ts';
import { AnswerThreads } from '../../src/roles/answer-threads.ts';
import { type CounterFamily, CounterTotals } from '../../src/roles/counter-totals.ts';
import { chooseTransport } from '../../src/transport/udp.ts';
import { conductWith } from '../support/conduct.ts';
import { decodeAnswer, encodeQuery } from '../support/dns-client.ts';
import { dnsSettings } from '../support/dns-settings.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';

const FLOOD_QUERIES = 60_000;
/** On their way at once: what fits into any kernel's queue, so that nothing is lost but what is withheld. */
const MOST_UNDER_WAY = 100;
const GOOD_PAUSE_MS = 5;
/** The flood goes on until these have been asked, however seldom a busy machine lets them. */
const GOOD_QUERIES = 100;
/** A busy machine may leave a thread alone for seconds. */
const ANSWER_LIMIT_MS = 10_000;
/** Much of it is ours, who ask; a kilobyte for each query would be more. */
const MAX_GROWTH_BYTES = 40 * 1024 * 1024;
const LIMIT = 500;

/** Where the name of a query begins with eight digits, other ones each time. */
const FIRST_DIGIT = 13;

async function openThreads(conduct: Conduct) {
  const totals = new CounterTotals();
  const threads = new AnswerThreads(
    {
      ...dnsSettings(),
      transport: chooseTransport('auto').transport,
      conduct,
      threads: 1,
    },
    { logger: pino({ level: 'silent' }), totals },
  );
  await threads.serve(RFC_FIXTURE.serving);
  const port = threads.addresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
  const sum = (family: CounterFamily) => totals.read(family).reduce((total, { value }) => total + value, 0);
  return { threads, port, sum };
}

async function connect(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/**
 * Sends queries, each for another name, as fast as they are dealt with: so many, and more until `isEnough`. Returns how many.
 * `countHandled`: how many of them have been.
 */
async function flood(
  socket: Socket,
  queries: number,
  countHandled: () => number,
  isEnough: () => boolean = () => true,
): Promise<number> {
  const query = encodeQuery({ name: '00000000.flood.example.com.', edns: true });
  const start = countHandled();
  let sent = 0;
  for (; sent < queries || !isEnough(); sent++) {
    query.set(Buffer.from(String(sent).padStart(8, '0')), FIRST_DIGIT);
    socket.send(Uint8Array.from(query));
    // A thread that is faster than we are would have us never stop, and ask nothing else.
    if (sent % MOST_UNDER_WAY === 0) await breathe();
    while (sent - (countHandled() - start) > MOST_UNDER_WAY) await breathe();
  }
  return sent;
}

type Asked = { asked: number; answered: number };

/** Asks for names that exist, one after the other, until the end; counts how many there were, and how many were answered. */
async function askGood(socket: Socket, good: Asked, end: Promise<unknown>): Promise<void> {
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const id = ++good.asked & 0xffff;
    const received = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    socket.send(encodeQuery({ id, name: good.asked % 2 === 0 ? 'www.example.com.' : 'mail.example.com.' }));
    try {
      const [bytes] = await received;
      const message = decodeAnswer(bytes);
      if (message.id === id && message.answers.length === 1) good.answered++;
    } catch {
      // Counted as asked.
    }
    await sleep(GOOD_PAUSE_MS);
  }
}

describe('a flood of random names', { timeout: 120_000 }, () => {
  for (const limit of [0, LIMIT]) {
    const what = limit === 0 ? 'is answered from memory' : 'is withheld by the rate limit';
    it(`${what}, while good queries are answered and memory stays as it is`, async (t) => {
      const { threads, port, sum } = await openThreads(conductWith({ rateLimit: { responsesPerSecond: limit } }));
      const [bad, good] = [await connect(port), await connect(port)];
      t.after(async () => {
        bad.close();
        good.close();
        await threads.close();
      });
      const asked: Asked = { asked: 0, answered: 0 };
      // The good ones are requests too, and would make room for as many more under way.
      const countHandled = () => sum('requests') - asked.asked;
      // Code is compiled, and the heap finds its size.
      await flood(bad, FLOOD_QUERIES / 3, countHandled);
      const before = process.memoryUsage.rss();
      const limitedBefore = sum('limited');
      const begun = performance.now();
      // One that got no answer ends it, as that decides it.
      const isEnough = () => asked.asked >= GOOD_QUERIES || asked.answered < asked.asked - 1;
      const flooding = flood(bad, FLOOD_QUERIES, countHandled, isEnough);
      await askGood(good, asked, flooding);
      const queries = await flooding;
      const seconds = (performance.now() - begun) / 1000;
      const growth = process.memoryUsage.rss() - before;
      const withheld = sum('limited') - limitedBefore;
      t.diagnostic(
        `${Math.round(queries / seconds)} queries/s, ${withheld} withheld, ${asked.answered} of ${asked.asked} good ones answered, ` +
          `${(growth / 2 ** 20).toFixed(1)} MB more`,
      );
      assert.ok(
        asked.answered >= 0.999 * asked.asked,
        `${asked.answered} of ${asked.asked} good queries were answered`,
      );
      assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more`);
      // Each second has its share, and one more was begun at either end.
      if (limit > 0) assert.ok(withheld >= queries - limit * (seconds + 2), `${withheld} were withheld`);
      else assert.deepEqual([withheld, sum('responses')], [0, sum('requests')]);
    });
  }
});
