// The batch socket itself, over real sockets on loopback: whatever is done to it, nothing is lost that need not be, and nothing leaks.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { createDesk } from '../../../src/answer/desk.ts';
import {
  BATCH as BATCH_SIZE,
  COUNT_QUEUE_FULL,
  COUNT_RECEIVE_FAILED,
  COUNT_SEND_FAILED,
  KIND_UDP,
  NATIVE_FILE,
  type NativeSocket,
  PEER_ANSWER_LENGTH,
  PEER_QUERY_LENGTH,
  PEER_WORDS,
} from '../../../src/native/load-native.ts';
import { buildProgram } from '../../support/build-addon.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';
import { readCounters } from '../../support/snapshot-fixture.ts';
import { isNativeMissing, NATIVE_VARIABLE, testNative } from '../../support/test-native.ts';
import { BATCH, DGRAM } from '../../support/udp-transports.ts';
import { waitUntil } from '../../unit/roles/fixture.ts';

const SMALL_BUFFER_BYTES = 4096;
const BUFFER_BYTES = 4 * 1024 * 1024;
const LIMIT_MS = 10_000;
/** A sanitizer keeps what has been freed for a while. */
const isSanitized = process.env[NATIVE_VARIABLE] !== undefined;

type Opened = { readonly socket: NativeSocket; readonly batches: number[] };

/** Says everything back. */
function openEcho(host = '127.0.0.1', receiveBytes = BUFFER_BYTES, before: () => void = () => undefined): Opened {
  const batches: number[] = [];
  const socket = testNative().open(KIND_UDP, host, 0, false, receiveBytes, BUFFER_BYTES, (count) => {
    before();
    batches.push(count);
    echo(socket, count);
  });
  return { socket, batches };
}

function echo({ peers, queries, answers }: NativeSocket, count: number): void {
  const queryStride = queries.length / BATCH_SIZE;
  const answerStride = answers.length / BATCH_SIZE;
  for (let index = 0; index < count; index++) {
    const length = peers[index * PEER_WORDS + PEER_QUERY_LENGTH] ?? 0;
    answers.set(queries.subarray(index * queryStride, index * queryStride + length), index * answerStride);
    peers[index * PEER_WORDS + PEER_ANSWER_LENGTH] = length;
  }
}

async function connectUdp(port: number, host = '127.0.0.1'): Promise<{ socket: Socket; came: string[] }> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const came: string[] = [];
  socket.on('message', (message) => came.push(message.toString()));
  // A port that has been closed meanwhile.
  socket.on('error', () => undefined);
  // Connected, it takes answers from the address that it asked and from no other.
  socket.connect(port, host);
  await once(socket, 'connect');
  return { socket, came };
}

async function askConnected(port: number, host = '127.0.0.1', text = 'hello'): Promise<void> {
  const { socket, came } = await connectUdp(port, host);
  socket.send(text);
  await waitUntil(() => came.length === 1, `an answer from ${host}`, LIMIT_MS).finally(() => socket.close());
  assert.deepEqual(came, [text]);
}

/** Sockets of this process. */
function countSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

describe('the batch socket', { skip: isNativeMissing }, () => {
  test('answers from the address that was asked, where it listens on all', async () => {
    const v4 = openEcho('0.0.0.0').socket;
    for (const host of ['127.0.0.1', '127.0.0.2', '127.99.1.7']) await askConnected(v4.port, host);
    v4.close();
    const v6 = openEcho('::').socket;
    await askConnected(v6.port, '::1');
    v6.close();
  });

  test('gives each of ten thousand that come at once to who asked', async () => {
    const { socket, batches } = openEcho();
    const clients = await Promise.all(Array.from({ length: 100 }, () => connectUdp(socket.port)));
    for (let turn = 0; turn < 100; turn++)
      for (const [who, client] of clients.entries()) client.socket.send(`${who}:${turn}`);
    const answered = () => clients.reduce((sum, { came }) => sum + came.length, 0);
    // What had no room is told with the datagram that comes after it.
    const accounted = () => answered() + (socket.counts[COUNT_QUEUE_FULL] ?? 0);
    for (let more = 0; accounted() < 10_000 && more < 100; more++) {
      await sleep(20);
      clients[0]?.socket.send('0:more');
    }
    assert.ok(answered() >= 2000, `${answered()} answers`);
    assert.ok(batches.some((count) => count === BATCH_SIZE));
    for (const [who, { came }] of clients.entries()) {
      assert.ok(came.every((text) => text.startsWith(`${who}:`)));
      const turns = came.filter((text) => text !== '0:more');
      assert.equal(new Set(turns).size, turns.length);
    }
    for (const client of clients) client.socket.close();
    socket.close();
  });

  test('counts what had no room while the thread was busy', async () => {
    const { socket, batches } = openEcho('127.0.0.1', SMALL_BUFFER_BYTES);
    const { socket: client, came } = await connectUdp(socket.port);
    const sent = 200;
    // Sent at once, as the queue of a connected socket is empty: nobody reads before all are there.
    for (let turn = 0; turn < sent; turn++) client.send('x'.repeat(500));
    await waitUntil(() => batches.length > 0, 'a batch', LIMIT_MS);
    await waitUntil(() => came.length === batches.reduce((sum, count) => sum + count, 0), 'answers', LIMIT_MS);
    const lost = sent - came.length;
    client.send('one more');
    await waitUntil(() => came.includes('one more'), 'one more', LIMIT_MS);
    assert.ok(lost > 0);
    assert.equal(socket.counts[COUNT_QUEUE_FULL], lost);
    client.close();
    socket.close();
  });

  for (const { name, listen } of [BATCH, DGRAM]) {
    test(`does not answer port 0, and counts it, by ${name}`, async (context) => {
      const { snapshot, state } = RFC_FIXTURE;
      const desk = createDesk(snapshot, state, 1);
      const listener = await listen({ host: '127.0.0.1', port: 0, reusePort: false }, desk);
      const { status } = spawnSync(buildProgram('send-from-port-zero'), [String(listener.port)]);
      if (status === 77 && process.env.CI !== 'true') context.skip('needs CAP_NET_RAW');
      else {
        assert.equal(status, 0);
        await waitUntil(() => readCounters({ desk })['dropped port-zero'] === 1, 'a drop', LIMIT_MS);
      }
      await listener.close();
    });
  }

  test('closes while datagrams come in, twice, and within onBatch; what that batch would have answered is not sent', async () => {
    const before = countSockets();
    for (let round = 0; round < 20; round++) {
      const closing: Opened = openEcho('127.0.0.1', BUFFER_BYTES, () => round % 2 === 0 && closing.socket.close());
      const { socket: client, came } = await connectUdp(closing.socket.port);
      for (let turn = 0; turn < 300; turn++) client.send('x');
      for (let turn = 0; turn < round % 3; turn++) await breathe();
      if (round % 2 === 0) await waitUntil(() => closing.batches.length > 0, 'a batch', LIMIT_MS);
      closing.socket.close();
      closing.socket.close();
      await sleep(5);
      if (round % 2 === 0) assert.deepEqual([closing.batches.length, came.length], [1, 0]);
      client.close();
      await breathe();
    }
    assert.equal(countSockets(), before);
  });

  test('gives back an address at once', async () => {
    const first = openEcho().socket;
    const { port } = first;
    first.close();
    testNative()
      .open(KIND_UDP, '127.0.0.1', port, false, BUFFER_BYTES, BUFFER_BYTES, () => undefined)
      .close();
  });

  test('opened and closed a thousand times leaves no descriptor and no memory behind', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const openMany = async (times: number) => {
      for (let turn = 0; turn < times; turn++) {
        openEcho().socket.close();
        await breathe();
      }
    };
    await openMany(100);
    collect();
    const sockets = countSockets();
    const { rss, arrayBuffers } = process.memoryUsage();
    await openMany(1000);
    assert.equal(countSockets(), sockets);
    // Each has a third of a megabyte. Finalizers run some turns after the collection that found their object.
    const grown = () => {
      collect();
      const now = process.memoryUsage();
      return now.arrayBuffers - arrayBuffers > 10_000_000 || (!isSanitized && now.rss - rss > 60_000_000);
    };
    for (let turn = 0; turn < 50 && grown(); turn++) await sleep(10);
    assert.equal(grown(), false);
  });

  test('refuses what it cannot open, and names the code and the call', () => {
    const { open } = testNative();
    const nothing = () => undefined;
    const refused = (pattern: RegExp, ...args: Parameters<typeof open>) =>
      assert.throws(
        () => open(...args),
        (error) => error instanceof Error && 'code' in error && pattern.test(`${error.code} ${error.message}`),
      );
    const before = countSockets();
    const port = openEcho();
    refused(/^EADDRINUSE bind: /, KIND_UDP, '127.0.0.1', port.socket.port, false, 1, 1, nothing);
    refused(/^EADDRNOTAVAIL bind: /, KIND_UDP, '203.0.113.1', 0, false, 1, 1, nothing);
    port.socket.close();
    for (const [kind, address, number, receiveBytes, sendBytes] of [
      [3, '127.0.0.1', 0, 1, 1],
      [KIND_UDP, 'localhost', 0, 1, 1],
      [KIND_UDP, '', 0, 1, 1],
      [KIND_UDP, `127.0.0.1${' '.repeat(100)}`, 0, 1, 1],
      [KIND_UDP, '127.0.0.1', 65_536, 1, 1],
      [KIND_UDP, '127.0.0.1', -1, 1, 1],
      [KIND_UDP, '127.0.0.1', 0, 2 ** 31, 1],
      [KIND_UDP, '127.0.0.1', 0, 1, 2 ** 31],
    ] as const) {
      refused(/^EINVAL /, kind, address, number, false, receiveBytes, sendBytes, nothing);
    }
    for (const args of [[], [0], [0, '127.0.0.1', 0, false, 1, 1, {}], [0, '127.0.0.1', 0, 1, 1, 1, nothing]]) {
      assert.throws(() => Reflect.apply(open, undefined, args), { code: 'EINVAL' });
    }
    assert.equal(countSockets(), before);
  });

  const inWorker = (code: string) => {
    const file = process.env[NATIVE_VARIABLE] ?? NATIVE_FILE;
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { open } = require(${JSON.stringify(file)});
      const listen = (host, onBatch) => open(0, host, 0, false, 1 << 20, 1 << 20, onBatch);
      const echo = (socket) => { socket.answers.set(socket.queries.subarray(0, 5)); socket.peers[7] = 5; };
      ${code}`;
    return new Worker(source, { eval: true });
  };
  const portOf = async (worker: Worker): Promise<number> => {
    const [port] = await once(worker, 'message', { signal: AbortSignal.timeout(LIMIT_MS) });
    return port;
  };

  test('ends with its thread, which is terminated while it receives', async () => {
    const before = countSockets();
    for (let round = 0; round < 5; round++) {
      const worker = inWorker(`
        const socket = listen('127.0.0.1', () => echo(socket));
        const another = listen('127.0.0.1', () => {});
        if (${round} === 1) another.close();
        if (${round} === 2) listen('127.0.0.1', () => { for (;;); });
        parentPort.postMessage(socket.port);`);
      const port = await portOf(worker);
      const { socket: client } = await connectUdp(port);
      const flood = setInterval(() => {
        for (let turn = 0; turn < 50; turn++) client.send('hello');
      });
      await sleep(20);
      await worker.terminate();
      clearInterval(flood);
      client.close();
      testNative()
        .open(KIND_UDP, '127.0.0.1', port, false, 1, 1, () => undefined)
        .close();
    }
    await breathe();
    assert.equal(countSockets(), before);
  });

  test('lets what onBatch throws end its thread, and sends nothing of that batch', async () => {
    const worker = inWorker(`
      const socket = listen('127.0.0.1', () => { echo(socket); throw new Error('as it happens'); });
      parentPort.postMessage(socket.port);`);
    const { socket: client, came } = await connectUdp(await portOf(worker));
    const failed = once(worker, 'error', { signal: AbortSignal.timeout(LIMIT_MS) });
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    client.send('hello');
    const [error] = await failed;
    assert.equal(error.message, 'as it happens');
    assert.equal(await exited, 1);
    assert.deepEqual(came, []);
    client.close();
  });

  test('serves on where the thread outlives what onBatch has thrown, from the address that is asked', async () => {
    const worker = inWorker(`
      process.on('uncaughtException', () => {});
      let turn = 0;
      const socket = listen('0.0.0.0', () => { echo(socket); if (turn++ === 0) throw new Error('once'); });
      parentPort.postMessage(socket.port);`);
    const port = await portOf(worker);
    const { socket: client, came } = await connectUdp(port, '127.0.0.2');
    client.send('first');
    await sleep(50);
    assert.deepEqual(came, []);
    client.close();
    await askConnected(port, '127.0.0.2');
    await worker.terminate();
  });

  test('comes to what onBatch has left for later, and then to what it has promised', async () => {
    const seen: string[] = [];
    const socket = testNative().open(KIND_UDP, '127.0.0.1', 0, false, BUFFER_BYTES, BUFFER_BYTES, () => {
      setImmediate(() => {
        seen.push('later');
        void Promise.resolve().then(() => seen.push('promised'));
      });
    });
    const { socket: client } = await connectUdp(socket.port);
    client.send('hello');
    await waitUntil(() => seen.includes('promised'), 'a batch', LIMIT_MS);
    assert.deepEqual(seen, ['later', 'promised']);
    client.close();
    socket.close();
  });

  test('sends unasked to whoever is written there, and says what the kernel says', async () => {
    const { socket } = openEcho();
    const { socket: first, came } = await connectUdp(socket.port);
    const { socket: second, came: cameToSecond } = await connectUdp(socket.port);
    const write = (index: number, port: number, address: number, text: string) => {
      const peer = index * PEER_WORDS;
      socket.peers.set([4, port, address], peer);
      socket.answers.set(Buffer.from(text), (index * socket.answers.length) / BATCH_SIZE);
      socket.peers[peer + PEER_ANSWER_LENGTH] = text.length;
    };
    write(0, first.address().port, 0x7f000001, 'one');
    write(1, second.address().port, 0x7f000001, 'two');
    assert.equal(socket.send(2), 2);
    assert.equal(socket.peers[PEER_ANSWER_LENGTH], 0);
    await waitUntil(() => came.length + cameToSecond.length === 2, 'both', LIMIT_MS);
    assert.deepEqual([came, cameToSecond], [['one'], ['two']]);
    // From a socket of loopback nobody else can be reached.
    write(0, 9, 0xcb007101, 'out');
    assert.throws(() => socket.send(1), /sendmmsg: /);
    assert.throws(() => socket.send(BATCH_SIZE + 1), { code: 'EINVAL' });
    socket.close();
    assert.throws(() => socket.send(1), { code: 'EBADF' });
    first.close();
    second.close();
  });

  test('counts nothing where nothing was lost', async () => {
    const { socket } = openEcho();
    await askConnected(socket.port);
    assert.deepEqual(
      [COUNT_QUEUE_FULL, COUNT_RECEIVE_FAILED, COUNT_SEND_FAILED].map((index) => socket.counts[index]),
      [0, 0, 0],
    );
    socket.close();
  });
});
