import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { AnswerThreads } from '../../src/roles/answer-threads.ts';
import { CounterTotals } from '../../src/roles/counter-totals.ts';
import { createFixture } from '../support/snapshot-fixture.ts';
import { createRandom, listSeeds, mutate } from './mutate.ts';
import { WORLD_DOCUMENT } from './world.ts';

const UDP_PACKETS = 40_000;
const TCP_MESSAGES = 10_000;
/** Sent without a pause; then the other side gets a moment, or the kernel drops what should be tested. */
const BURST = 64;
const CONNECTION_MESSAGES = 20;
const ANSWER_LIMIT_MS = 2000;
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

describe('hostile messages over live sockets', () => {
  const faults: unknown[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => faults.push(line) });
  const tcp = { maxConnections: 64, idleTimeoutMs: 2000, messageTimeoutMs: 1000 };
  const threads = new AnswerThreads(
    { listen: [{ host: '127.0.0.1', port: 0 }], tcp },
    { logger, totals: new CounterTotals() },
  );
  let port = 0;

  before(async () => {
    await threads.serve(createFixture(WORLD_DOCUMENT).serving);
    port = threads.addresses[0]?.port ?? 0;
  });
  after(() => threads.close());

  /** A question that must be answered whatever happened before. */
  async function askOverUdp(): Promise<void> {
    const socket = createSocket('udp4');
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
    try {
      const answered = once(socket, 'message', { signal: limit });
      socket.send(listSeeds()[0] ?? '', port, '127.0.0.1');
      const [answer] = await answered;
      assert.equal(answer[3] & 15, 0);
    } finally {
      socket.close();
    }
  }

  it(`goes on answering through ${UDP_PACKETS} mutated datagrams`, async () => {
    const random = createRandom(4711);
    const seeds = listSeeds();
    const socket = createSocket('udp4');
    let answers = 0;
    socket.on('message', () => answers++);
    const before = process.memoryUsage().rss;
    for (let count = 0; count < UDP_PACKETS; count++) {
      socket.send(mutate(seeds, random), port, '127.0.0.1');
      if (count % BURST === 0) await sleep(1);
    }
    await sleep(50);
    socket.close();
    assert.ok(answers > UDP_PACKETS / 20, `only ${answers} answers`);
    await askOverUdp();
    assert.ok(process.memoryUsage().rss - before < MAX_GROWTH_BYTES);
    assert.deepEqual(faults, []);
  });

  it(`goes on answering through ${TCP_MESSAGES} mutated messages in streams that are cut, glued and left hanging`, async () => {
    const random = createRandom(815);
    const seeds = listSeeds();
    for (let sent = 0; sent < TCP_MESSAGES; sent += CONNECTION_MESSAGES) {
      const stream = Buffer.concat(
        Array.from({ length: CONNECTION_MESSAGES }, () => {
          const message = mutate(seeds, random);
          const prefix = Buffer.alloc(2);
          // Mostly the true length; at times one that is too small, or more than will ever come.
          const length = random() < 0.9 ? message.length : Math.floor(random() * 65_536);
          prefix.writeUInt16BE(length);
          return Buffer.concat([prefix, message]);
        }),
      );
      await sendInPieces(stream, random() < 0.2);
    }
    await askOverUdp();
    assert.deepEqual(faults, []);
  });

  /** Ends, or just goes away in the middle, when the server has closed or a moment has passed. */
  async function sendInPieces(stream: Buffer, isRude: boolean): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.resume();
    const cut = Math.floor(stream.length / 2);
    socket.write(stream.subarray(0, cut));
    if (isRude) socket.once('connect', () => setTimeout(() => socket.resetAndDestroy(), 2));
    else socket.end(stream.subarray(cut));
    await Promise.race([closed, sleep(5)]);
    socket.destroy();
  }
});
