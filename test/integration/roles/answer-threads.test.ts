import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { AnswerThreadData } from '../../../src/roles/answer-thread.ts';
import { AnswerThreads } from '../../../src/roles/answer-threads.ts';
import { CounterTotals } from '../../../src/roles/counter-totals.ts';
import { askUdp, decodeAnswer, encodeQuery } from '../../support/dns-client.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';
import { pause, recordLog, waitUntil } from '../../unit/roles/fixture.ts';

function servingWith(address: string) {
  return createFixture({
    clusters: [{ id: 'eu', region: 'eu-west', endpoints: [{ id: 'a', address }] }],
    services: [{ name: 'www', zone: 'gtm.example.com', clusters: ['eu'] }],
  }).serving;
}

type Options = {
  readonly ports?: readonly number[];
  readonly threads?: number;
  /** Threads that run this instead. */
  readonly instead?: string;
};

function open(context: TestContext, { ports = [0], threads: count = 1, instead }: Options = {}) {
  const totals = new CounterTotals();
  const log = recordLog();
  const workers: Worker[] = [];
  const threads = new AnswerThreads(
    {
      transport: 'dgram',
      threads: count,
      listen: ports.map((port) => ({ host: '127.0.0.1', port })),
      tcp: { maxConnections: 10, idleTimeoutMs: 1000, messageTimeoutMs: 1000 },
    },
    {
      logger: log.logger,
      totals,
      spawn(workerData: AnswerThreadData) {
        const file = new URL('../../../src/roles/answer-thread.ts', import.meta.url);
        const worker = instead === undefined ? new Worker(file, { workerData }) : new Worker(instead, { eval: true });
        workers.push(worker);
        return worker;
      },
    },
  );
  context.after(() => threads.close());
  return {
    threads,
    totals,
    log,
    workers,
    ask: async () => {
      const port = threads.addresses.find(({ protocol }) => protocol === 'udp')?.port;
      if (port === undefined) return undefined;
      const answer = await askUdp(port, encodeQuery({ name: 'www.gtm.example.com.' }), { timeoutMs: 100 });
      return answer === undefined ? undefined : Array.from(decodeAnswer(answer).answers[0]?.data ?? []).join('.');
    },
    requests: () => totals.read('requests').reduce((sum, { value }) => sum + value, 0),
  };
}

describe('the answer threads', () => {
  test('answer from what was handed over last, and count across swaps', async (context) => {
    const { threads, ask, requests } = open(context);
    threads.open();
    assert.deepEqual(threads.addresses, []);
    await threads.serve(servingWith('203.0.113.1'));
    assert.deepEqual(
      threads.addresses.map(({ protocol }) => protocol),
      ['udp', 'tcp'],
    );
    assert.equal(await ask(), '203.0.113.1');
    await threads.serve(servingWith('203.0.113.2'));
    assert.equal(await ask(), '203.0.113.2');
    assert.equal(requests(), 2);
  });

  test('one that dies is replaced on the same addresses: answers go on, counts are kept, swaps come through', async (context) => {
    const { threads, ask, requests, workers, log } = open(context);
    await threads.serve(servingWith('203.0.113.1'));
    assert.equal(await ask(), '203.0.113.1');
    // As an unforeseen message would: what is thrown in there is caught by nobody.
    workers[0]?.postMessage({ kind: 'serve', swap: 0, listen: [], snapshot: {}, state: {}, counters: {} });
    await waitUntil(() => log.count('an answer thread ended') === 1);
    await threads.serve(servingWith('203.0.113.2'));
    let answer: string | undefined;
    for (let tries = 0; tries < 60 && answer === undefined; tries++) answer = await ask();
    assert.equal(answer, '203.0.113.2');
    assert.equal(requests(), 2);
    assert.equal(workers.length, 2);
  });

  test('closing twice, with the thread dead and not yet replaced, ends at once and for good', async (context) => {
    const { threads, workers, ask } = open(context);
    await threads.serve(servingWith('203.0.113.1'));
    await workers[0]?.terminate();
    const begun = performance.now();
    const waitingSwap = threads.serve(servingWith('203.0.113.2'));
    await Promise.all([threads.close(), threads.close()]);
    await waitingSwap;
    assert.ok(performance.now() - begun < 1000);
    await threads.serve(servingWith('203.0.113.3'));
    threads.open();
    await pause(300);
    assert.equal(workers.length, 1);
    assert.equal(await ask(), undefined);
  });

  test('closing before anything was served, or while the first snapshot is on its way, ends both', async (context) => {
    const idle = open(context);
    idle.threads.open();
    await idle.threads.close();
    const early = open(context);
    const serving = early.threads.serve(servingWith('203.0.113.1'));
    await early.threads.close();
    await serving;
    assert.equal(await early.ask(), undefined);
  });

  test('an address that is taken is told with advice, and the addresses bound before it are free again', async (context) => {
    const taken = createSocket('udp4').bind(0, '127.0.0.1');
    const free = createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(taken, 'listening'), once(free, 'listening')]);
    context.after(() => taken.close());
    const [freePort, takenPort] = [free.address().port, taken.address().port];
    free.close();
    const { threads } = open(context, { ports: [freePort, takenPort] });
    await assert.rejects(
      threads.serve(servingWith('203.0.113.1')),
      (error) => error instanceof Error && error.message.includes(`udp 127.0.0.1 port ${takenPort} (EADDRINUSE): `),
    );
    const again = createSocket('udp4').bind(freePort, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });

  test('one that dies before it listens, again and again, is tried at growing intervals', async (context) => {
    const { threads, log, workers } = open(context, { instead: 'throw new Error("no luck")' });
    const serving = threads.serve(servingWith('203.0.113.1'));
    await waitUntil(() => log.count('an answer thread ended') === 2);
    const delays = log.lines.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs]));
    assert.deepEqual(delays, [250, 500]);
    assert.equal(workers.length, 2);
    await threads.close();
    await serving;
  });
});
