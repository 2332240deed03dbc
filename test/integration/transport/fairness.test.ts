// One thread, everything at once: no kind of work keeps the others from their turn, whatever comes in.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createDesk } from '../../../src/answer/desk.ts';
import { NATIVE_FILE } from '../../../src/native/load-native.ts';
import { MAX_MESSAGES_PER_TURN } from '../../../src/transport/stream-connection.ts';
import { listenTcp } from '../../../src/transport/tcp.ts';
import { askUdp, connectTcp, encodeQuery, withLength } from '../../support/dns-client.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';
import { isNativeMissing } from '../../support/test-native.ts';
import { BATCH, DGRAM } from '../../support/udp-transports.ts';

const FLOOD_MS = 1000;
/** Far below FLOOD_MS, and still much for a machine that does other work. */
const MAX_GAP_MS = 400;
const TCP = {
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  limits: {
    maxConnections: 10,
    maxConnectionsPerPrefix: 10,
    firstByteTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    messageTimeoutMs: 5000,
  },
};
const UDP = { host: '127.0.0.1', port: 0, reusePort: false };
const QUERY = encodeQuery({ name: 'mail.example.com.' });

function openDesk() {
  const { snapshot, state } = RFC_FIXTURE;
  return createDesk(snapshot, state, 1);
}

const FLOOD = `
  const { parentPort, workerData: { file, port, query, forMs } } = require('node:worker_threads');
  const socket = require(file).open(0, '127.0.0.1', 0, false, 1 << 20, 1 << 20, () => {});
  const stride = socket.answers.length / 64;
  const end = performance.now() + forMs;
  function flood() {
    if (performance.now() > end) { socket.close(); return; }
    for (let round = 0; round < 10; round++) {
      for (let index = 0; index < 64; index++) {
        socket.answers.set(query, index * stride);
        socket.peers.set([4, port, 0x7f000001, 0, 0, 0, 0, query.length], index * 8);
      }
      try { socket.send(64); } catch {}
    }
    setImmediate(flood);
  }
  flood();
`;

describe('fairness within an answer thread', () => {
  test('timers and TCP go on under a flood of UDP', { skip: isNativeMissing }, async (context) => {
    const desk = openDesk();
    const udp = await BATCH.listen(UDP, desk);
    const tcp = await listenTcp(TCP, desk);
    const client = await connectTcp(tcp.port);
    const workerData = { file: NATIVE_FILE, port: udp.port, query: QUERY, forMs: FLOOD_MS };
    const flood = new Worker(FLOOD, { eval: true, workerData });
    await once(flood, 'online');
    const ended = once(flood, 'exit');
    let isEnded = false;
    void ended.then(() => {
      isEnded = true;
    });
    let longestMs = 0;
    let turns = 0;
    for (let before = performance.now(); !isEnded; turns++) {
      client.send(withLength(QUERY));
      await client.receive(turns + 1, 5000);
      await new Promise((resolve) => setTimeout(resolve, 1));
      longestMs = Math.max(longestMs, performance.now() - before);
      before = performance.now();
    }
    const answered = desk.counters.requests.reduce((sum, count) => sum + count, 0);
    context.diagnostic(`${answered} queries, ${turns} of them by TCP, the slowest in ${longestMs.toFixed(1)} ms`);
    assert.ok(turns > 3 && longestMs < MAX_GAP_MS, `${turns} turns, the longest ${longestMs} ms`);
    client.close();
    await tcp.close();
    await udp.close();
  });

  test('a TCP peer that asks for thousands at once is answered some at a time, in order, and UDP in between', async () => {
    const desk = openDesk();
    const udp = await DGRAM.listen(UDP, desk);
    const tcp = await listenTcp(TCP, desk);
    const client = await connectTcp(tcp.port);
    const count = 2000;
    const requests = () => desk.counters.requests.reduce((sum, value) => sum + value, 0);
    const messages = Array.from({ length: count }, (_, id) =>
      withLength(encodeQuery({ id, name: 'mail.example.com.' })),
    );
    client.send(Buffer.concat(messages));
    const asked = askUdp(udp.port, QUERY, { timeoutMs: 5000 }).then(() => requests());
    let most = 0;
    for (let before = 0; before < count; ) {
      await breathe();
      const now = requests();
      most = Math.max(most, now - before);
      before = now;
    }
    // In one round of the loop: what has just come, what waited for its turn, and the one of UDP.
    assert.ok(most <= 2 * MAX_MESSAGES_PER_TURN + 1, `${most} in one turn`);
    assert.ok((await asked) < count, 'UDP was answered after TCP');
    const answers = await client.receive(count, 10_000);
    assert.ok(answers.every((answer, id) => answer[0] === id >>> 8 && answer[1] === (id & 0xff)));
    client.close();
    await tcp.close();
    await udp.close();
  });

  test('all that was asked is answered where the peer has ended its side, and where the listener closes', async () => {
    const desk = openDesk();
    const tcp = await listenTcp(TCP, desk);
    const half = await connectTcp(tcp.port);
    const count = 300;
    half.socket.end(Buffer.concat(Array.from({ length: count }, () => withLength(QUERY))));
    assert.equal((await half.receive(count)).length, count);
    const client = await connectTcp(tcp.port);
    client.send(Buffer.concat(Array.from({ length: count }, () => withLength(QUERY))));
    await client.receive(1);
    const closing = tcp.close();
    assert.equal((await client.receive(count)).length, count);
    await closing;
    assert.ok((await client.closed()) >= 0);
  });
});
