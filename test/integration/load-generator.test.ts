// The bench's load generator against servers that misbehave in known ways: what it says of them must be what they did.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { joinMessages } from '../bench/compose-queries.ts';
import { whyNoLoad } from '../bench/load/build-load.ts';
import { type LoadPlan, runLoad, startLoad } from '../bench/load/run-load.ts';
import { composeQuery } from '../support/dns-ask.ts';
import { openProcesses, type Processes } from '../support/processes.ts';

const NOERROR = { rcode: 0, answers: 0 };
const SERVFAIL = 2;

/** The query as its own answer, without records. */
function answerTo(query: Uint8Array, rcode = 0): Uint8Array {
  const answer = Uint8Array.from(query);
  answer[2] = (answer[2] ?? 0) | 0x80;
  answer[3] = rcode;
  return answer;
}

async function serveUdp(answer: (query: Uint8Array, count: number) => Uint8Array | undefined) {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', (query, { port, address }) => {
    const reply = answer(query, count++);
    if (reply !== undefined) socket.send(reply, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

describe('the load generator of the bench', { skip: whyNoLoad() ?? false }, () => {
  let processes: Processes;
  let plan: Pick<LoadPlan, 'protocol' | 'file' | 'expected' | 'isPinned'>;

  before(async () => {
    processes = await openProcesses();
    const file = join(processes.makeDirectory('queries'), 'queries');
    const queries = Array.from({ length: 10 }, (_, id) => composeQuery(id, { name: `x${id}.example.com` }));
    writeFileSync(file, joinMessages(queries));
    plan = { protocol: 'udp', file, expected: NOERROR, isPinned: false };
  });
  after(() => processes.close());

  test('counts what is not answered as lost, and what is answered otherwise as wrong', async () => {
    const server = await serveUdp((query, count) => {
      if (count % 10 === 0) return undefined;
      return answerTo(query, count % 10 === 1 ? SERVFAIL : 0);
    });
    const pace = { kind: 'rate', perSecond: 1000 } as const;
    const { sent, answered, lost, wrong } = await runLoad(processes, {
      ...plan,
      port: server.port,
      seconds: 0.5,
      pace,
    });
    server.close();
    assert.deepEqual({ sent, answered, lost, wrong }, { sent: 500, answered: 450, lost: 50, wrong: 50 });
  });

  test('tells of a stall with every query that fell into it, not with one', async () => {
    let isStalled = false;
    const server = await serveUdp((query, count) => {
      if (count === 200 && !isStalled) {
        isStalled = true;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      }
      return answerTo(query);
    });
    const pace = { kind: 'rate-asleep', perSecond: 500 } as const;
    const { lost, latencyUs } = await runLoad(processes, { ...plan, port: server.port, seconds: 1, pace });
    server.close();
    assert.equal(lost, 0);
    // Of 500 queries 150 were sent during the 300 ms, and waited for what was left of them.
    assert.ok(latencyUs.p90 > 150_000, `p90 is ${latencyUs.p90} µs`);
    assert.ok(latencyUs.max >= 290_000, `the longest is ${latencyUs.max} µs`);
  });

  test('tells its own lateness from the latency of the server', async () => {
    const server = await serveUdp((query) => answerTo(query));
    const pace = { kind: 'rate-asleep', perSecond: 500 } as const;
    const load = await startLoad(processes, { ...plan, port: server.port, seconds: 1, pace });
    await sleep(300);
    process.kill(load.pid, 'SIGSTOP');
    await sleep(200);
    process.kill(load.pid, 'SIGCONT');
    const { latencyUs, latenessUs } = await load.figures;
    server.close();
    // Of 500 queries 100 should have been sent during the 200 ms: each was late by what was left of them.
    assert.ok(latenessUs.p90 > 80_000 && latenessUs.max >= 190_000, JSON.stringify(latenessUs));
    assert.ok(latenessUs.p50 < 50_000, JSON.stringify(latenessUs));
    assert.ok(latencyUs.max >= latenessUs.max, JSON.stringify(latencyUs));
  });

  test('keeps so many queries under way as it was told to', async () => {
    const waiting: (() => void)[] = [];
    const socket = createSocket('udp4');
    let most = 0;
    socket.on('message', (query, { port, address }) => {
      waiting.push(() => socket.send(answerTo(query), port, address));
      most = Math.max(most, waiting.length);
      setTimeout(() => waiting.shift()?.(), 5);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const pace = { kind: 'peak', outstanding: 32 } as const;
    const port = socket.address().port;
    const { answered } = await runLoad(processes, { ...plan, port, seconds: 0.3, pace });
    socket.close();
    assert.ok(answered > 32);
    assert.equal(most, 32);
  });

  test('reads answers over TCP wherever the stream is cut', async () => {
    const server = createServer((connection) => {
      let received = Buffer.alloc(0);
      connection.on('error', () => undefined);
      connection.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        const replies: Uint8Array[] = [];
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const length = received.readUInt16BE(0);
          replies.push(answerTo(received.subarray(2, 2 + length)));
          received = received.subarray(2 + length);
        }
        const bytes = joinMessages(replies);
        // In the middle of a message, and of its length.
        for (const [from, to] of [
          [0, 1],
          [1, 40],
          [40, bytes.length],
        ])
          connection.write(bytes.subarray(from, to));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const pace = { kind: 'rate', perSecond: 2000 } as const;
    const figures = await runLoad(processes, { ...plan, protocol: 'tcp', port, seconds: 0.5, pace });
    server.close();
    const { sent, answered, lost, wrong } = figures;
    assert.deepEqual({ sent, answered, lost, wrong }, { sent: 1000, answered: 1000, lost: 0, wrong: 0 });
  });

  test('refuses to run for longer than a minute', async () => {
    const pace = { kind: 'rate', perSecond: 1 } as const;
    await assert.rejects(runLoad(processes, { ...plan, port: 9, seconds: 61, pace }), /SECONDS is at most 60/);
  });
});
