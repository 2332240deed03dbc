import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { PLAIN_CONDUCT } from '../../../src/answer/conduct.ts';
import type { Counters } from '../../../src/answer/counters.ts';
import { AnswerThreads } from '../../../src/roles/answer-threads.ts';
import { CounterTotals } from '../../../src/roles/counter-totals.ts';
import { countThreads, ThreadStarter } from '../../../src/roles/thread-starter.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import type { Hint } from '../../../src/store/hint-store.ts';
import type { UdpTransport } from '../../../src/transport/listener.ts';
import { chooseTransport } from '../../../src/transport/udp.ts';
import { askUdp, decodeAnswer, encodeQuery } from '../../support/dns-client.ts';
import { dnsSettings } from '../../support/dns-settings.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';
import { pause, recordLog, waitUntil } from '../../unit/roles/fixture.ts';

const CLIENTS = 24;
const BLOCKED_MS = 2000;
/** Far below BLOCKED_MS, and still much for a machine that does other work. */
const ANSWER_LIMIT_MS = 1000;

function servingWith(address: string) {
  return createFixture({
    clusters: [{ id: 'eu', region: 'eu-west', endpoints: [{ id: 'a', address }] }],
    services: [{ name: 'www', zone: 'gtm.example.com', clusters: ['eu'] }],
  }).serving;
}

type Options = {
  readonly ports?: readonly number[];
  readonly transport?: UdpTransport;
  readonly threads?: number;
  /** Threads that run this instead. */
  readonly instead?: string;
  readonly onHint?: (hint: Hint) => void;
};

/** Knows the counters of each thread, in the order of the threads. */
class TotalsByThread extends CounterTotals {
  readonly threads: Counters[] = [];
  override follow(snapshot: Snapshot, counters: Counters): void {
    this.threads.push(counters);
    super.follow(snapshot, counters);
  }
}

function open(
  context: TestContext,
  { ports = [0], transport = 'dgram', threads: count = 1, instead, onHint }: Options = {},
) {
  const totals = new TotalsByThread();
  const log = recordLog();
  const workers: Worker[] = [];
  const threads = new AnswerThreads(
    {
      ...dnsSettings(),
      transport,
      threads: count,
      listen: ports.map((port) => ({ host: '127.0.0.1', port })),
      conduct: PLAIN_CONDUCT,
    },
    {
      logger: log.logger,
      totals,
      ...(onHint && { onHint }),
      spawn() {
        const file = new URL('../../../src/roles/answer-thread.ts', import.meta.url);
        const worker = instead === undefined ? new Worker(file) : new Worker(instead, { eval: true });
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
    /** Of each thread, since the last snapshot. */
    requestsByThread: () =>
      totals.threads.slice(-count).map(({ requests }) => requests.reduce((sum, value) => sum + value, 0)),
  };
}

/** A socket that asks over and over, so that the kernel hands what it asks to one thread. */
async function connectClient(context: TestContext, port: number) {
  const socket = createSocket('udp4');
  context.after(() => socket.close());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let id = 0;
  return {
    /** Rejects when there is no answer. */
    async ask(): Promise<string> {
      socket.send(encodeQuery({ id: ++id, name: 'www.gtm.example.com.' }));
      const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
      const { id: answered, answers } = decodeAnswer(answer);
      assert.equal(answered, id);
      return Array.from(answers[0]?.data ?? []).join('.');
    },
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

  test('hand on what a primary says has changed, once a second of each zone and the last of it too', async (context) => {
    const heard: { readonly zone: string; readonly atMs: number }[] = [];
    const { threads, totals } = open(context, { onHint: ({ zone }) => heard.push({ zone, atMs: performance.now() }) });
    const primaries = [{ address: '127.0.0.1' }];
    const zones = ['a.test', 'b.test'].map((name) => ({ name, primaries }));
    await threads.serve(createFixture({ zones }).serving);
    const port = threads.addresses[0]?.port ?? 0;
    const tell = async (name: string) => {
      const answer = await askUdp(port, encodeQuery({ flags: 0x2400, name, type: 'SOA' }));
      assert.equal(answer && decodeAnswer(answer).rcode, 0);
    };
    for (let turn = 0; turn < 10; turn++) await tell('a.test.');
    await tell('b.test.');
    await waitUntil(() => heard.length === 3);
    assert.deepEqual(
      heard.map(({ zone }) => zone),
      ['a.test', 'b.test', 'a.test'],
    );
    const [first, , third] = heard;
    assert.ok((third?.atMs ?? 0) - (first?.atMs ?? 0) > 900);
    assert.deepEqual(totals.read('hints'), [{ labels: { outcome: 'accepted' }, value: 11 }]);
    await pause(1200);
    assert.equal(heard.length, 3);
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

test('one thread less than there are processors answers, and not more than a few, unless the setting says how many', () => {
  assert.deepEqual(
    [1, 2, 4, 64].map((processors) => countThreads(0, processors, true)),
    [1, 1, 3, 8],
  );
  assert.equal(countThreads(0, 64, false), 1);
  assert.equal(countThreads(20, 4, true), 20);
});

test('of threads that were begun each is taken once, one that died meanwhile by nobody, and then another begins', async (context) => {
  const starter = new ThreadStarter();
  starter.begin('compile', 2);
  const first = starter.take('compile');
  context.after(() => first.terminate());
  const begun = starter.begun('compile');
  assert.ok(begun !== undefined && begun !== first);
  await begun.terminate();
  const other = starter.take('compile');
  context.after(() => other.terminate());
  assert.ok(other !== begun && other !== first);
  assert.ok(other.threadId > 0, 'it is running');
});

const cannotShare = process.platform !== 'linux' && 'only Linux spreads queries over those who share an address';

describe('two answer threads on one address', { skip: cannotShare }, () => {
  const { transport } = chooseTransport('auto');
  async function openShared(context: TestContext) {
    const opened = open(context, { transport, threads: 2 });
    await opened.threads.serve(servingWith('203.0.113.1'));
    const port = opened.threads.addresses[0]?.port ?? 0;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connectClient(context, port)));
    return { ...opened, port, clients };
  }

  test('both answer, and each of them takes every swap', async (context) => {
    const { threads, clients, requestsByThread } = await openShared(context);
    for (let swap = 2; swap < 5; swap++) {
      const address = `203.0.113.${swap}`;
      await threads.serve(servingWith(address));
      assert.deepEqual(new Set(await Promise.all(clients.map(({ ask }) => ask()))), new Set([address]));
      const [first = 0, second = 0] = requestsByThread();
      assert.ok(first > 0 && second > 0 && first + second === CLIENTS, `${first} and ${second}`);
    }
  });

  test('one dies and is replaced: whoever the other one answers misses nothing', async (context) => {
    const { clients, workers, requestsByThread, log } = await openShared(context);
    const answeredBySecond = [];
    for (const client of clients) {
      const [, before] = requestsByThread();
      await client.ask();
      if (requestsByThread()[1] !== before) answeredBySecond.push(client);
    }
    assert.ok(answeredBySecond.length > 0);
    const died = workers[0]?.terminate();
    // While it dies, while it is dead, and while another one takes its place. An answer that is missing rejects.
    while (workers.length < 3) await Promise.all(answeredBySecond.map(({ ask }) => ask()));
    for (let turn = 0; turn < 20; turn++) await Promise.all(answeredBySecond.map(({ ask }) => ask()));
    await died;
    assert.equal(log.count('an answer thread ended'), 1);
    const isServing = async () => {
      const [before = 0] = requestsByThread();
      await Promise.all(clients.map(({ ask }) => ask()));
      return (requestsByThread()[0] ?? 0) > before;
    };
    for (let tries = 0; tries < 100 && !(await isServing()); tries++) await pause(20);
    assert.ok(await isServing());
  });

  test('another instance is refused the address, although both would share it', async (context) => {
    const { port } = await openShared(context);
    const other = open(context, { transport, threads: 2, ports: [port] });
    await assert.rejects(
      other.threads.serve(servingWith('203.0.113.2')),
      (error) => error instanceof Error && /\(EADDRINUSE\): another process listens there/.test(error.message),
    );
  });

  test(`a control thread that is busy for ${BLOCKED_MS} ms delays no answer`, async (context) => {
    const { port } = await openShared(context);
    const query = encodeQuery({ name: 'www.gtm.example.com.' });
    const asker = new Worker(
      `const { parentPort, workerData: { port, query } } = require('node:worker_threads');
       const socket = require('node:dgram').createSocket('udp4');
       let askedAt = 0, longest = 0, answers = 0;
       const ask = () => {
         askedAt = performance.now();
         socket.send(query);
       };
       socket.on('message', () => {
         if (answers++ > 0) longest = Math.max(longest, performance.now() - askedAt);
         ask();
       });
       socket.connect(port, '127.0.0.1', () => {
         parentPort.postMessage('ready');
         ask();
       });
       parentPort.on('message', () => {
         parentPort.postMessage({ longest, answers, waited: performance.now() - askedAt });
         process.exit();
       });`,
      { eval: true, workerData: { port, query } },
    );
    await once(asker, 'message');
    const until = performance.now() + BLOCKED_MS;
    while (performance.now() < until);
    asker.postMessage('tell');
    const [{ longest, answers, waited }] = await once(asker, 'message');
    context.diagnostic(`${answers} answers one after the other, the slowest in ${longest.toFixed(1)} ms`);
    assert.ok(answers > 100 && longest < ANSWER_LIMIT_MS && waited < ANSWER_LIMIT_MS, `${longest} and ${waited} ms`);
  });
});
