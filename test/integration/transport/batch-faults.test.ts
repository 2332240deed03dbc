// System calls that fail, by order (test/native/faults.c): each failure costs what it concerns, and nothing else.

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { constants } from 'node:os';
import { before, describe, test } from 'node:test';
import { createDesk } from '../../../src/answer/desk.ts';
import {
  COUNT_WAITING,
  KIND_UDP,
  loadNative,
  type Native,
  PEER_ANSWER_LENGTH,
  PEER_WORDS,
} from '../../../src/native/load-native.ts';
import type { Listener } from '../../../src/transport/listener.ts';
import { listenUdpBatch } from '../../../src/transport/udp-batch.ts';
import { buildFaultyAddon, cannotBuild } from '../../support/build-addon.ts';
import { encodeQuery } from '../../support/dns-client.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';
import { readCounters } from '../../support/snapshot-fixture.ts';
import { NATIVE_VARIABLE } from '../../support/test-native.ts';
import { waitUntil } from '../../unit/roles/fixture.ts';

const SCRIPT = 'AZIMUTH_TEST_FAULTS';
const LOOPBACK = { host: '127.0.0.1', port: 0, reusePort: false };
const QUERIES = 20;
const LIMIT_MS = 10_000;
const { errno } = constants;

describe('a system call that fails', { skip: cannotBuild }, () => {
  let native: Native;
  before(() => {
    const loaded = loadNative(process.env[NATIVE_VARIABLE] ?? buildFaultyAddon());
    if (!loaded.ok) throw new Error(loaded.reason);
    native = loaded.native;
  });

  async function open() {
    const { snapshot, state } = RFC_FIXTURE;
    const desk = createDesk(snapshot, state, 1);
    const listener = listenUdpBatch(LOOPBACK, desk, native);
    const client = createSocket('udp4');
    const ids: number[] = [];
    client.on('message', (message) => ids.push(message.readUInt16BE(0)));
    client.connect(listener.port, '127.0.0.1');
    await once(client, 'connect');
    return { listener, client, ids, dropped: () => readCounters({ desk }) };
  }

  function ask(client: Socket, from: number, count = QUERIES): void {
    for (let id = from; id < from + count; id++) client.send(encodeQuery({ id, name: 'mail.example.com.' }));
  }

  /** Asks in one go while the calls fail, and once more after. Returns the ids that were answered, and what was counted. */
  async function askUnder(script: string, lost = 0) {
    const { listener, client, ids, dropped } = await open();
    process.env[SCRIPT] = script;
    ask(client, 0);
    await waitUntil(() => process.env[SCRIPT] === '', `all of ${script}`, LIMIT_MS);
    await waitUntil(() => ids.length >= QUERIES - lost, `${QUERIES - lost} answers`, LIMIT_MS);
    ask(client, 100, 1);
    await waitUntil(() => ids.includes(100), 'an answer afterwards', LIMIT_MS);
    await close(listener, client);
    return { ids: ids.filter((id) => id < 100), dropped: dropped() };
  }

  async function close(listener: Listener, client: Socket): Promise<void> {
    await listener.close();
    client.close();
  }

  const all = Array.from({ length: QUERIES }, (_, id) => id);
  const {
    EINTR,
    EAGAIN,
    ENOBUFS,
    EPERM,
    EHOSTUNREACH,
    ECONNREFUSED,
    ENOMEM,
    EMFILE,
    EACCES,
    ENOPROTOOPT,
    EBADF,
    EEXIST,
  } = errno;

  for (const [what, script] of [
    ['part of the answers is taken, several times', 'sendmmsg=3 sendmmsg=1 sendmmsg=5'],
    ['the send buffer is full at once', `sendmmsg=-${EAGAIN}`],
    [
      'the send buffer fills up, and again when it was writable',
      `sendmmsg=2 sendmmsg=-${EAGAIN} sendmmsg=4 sendmmsg=-${EAGAIN}`,
    ],
    ['sending is interrupted', `sendmmsg=-${EINTR} sendmmsg=2 sendmmsg=-${EINTR}`],
    ['receiving is interrupted', `recvmmsg=-${EINTR} recvmmsg=-${EINTR}`],
    ['datagrams come in one by one', 'recvmmsg=1 recvmmsg=1 recvmmsg=2'],
    ['there is nothing after all', `recvmmsg=-${EAGAIN}`],
    ['epoll reports an error', `poll=-${EBADF}`],
    ['epoll reports an error while answers wait', `sendmmsg=2 sendmmsg=-${EAGAIN} poll=-${EBADF} poll=-${EBADF}`],
  ] as const) {
    test(`loses nothing and repeats nothing: ${what}`, async () => {
      const { ids, dropped } = await askUnder(script);
      assert.deepEqual(ids, all);
      assert.equal(
        Object.keys(dropped).some((key) => key.startsWith('dropped')),
        false,
      );
    });
  }

  for (const [name, code] of Object.entries({ ENOBUFS, EPERM, EHOSTUNREACH, ECONNREFUSED })) {
    test(`loses the one datagram that is refused with ${name}, and counts it`, async () => {
      // The first batch may be any number: its first datagram, and the third of what is left then.
      const { ids, dropped } = await askUnder(`recvmmsg=10 sendmmsg=-${code} sendmmsg=2 sendmmsg=-${code}`, 2);
      assert.deepEqual(ids, [1, 2, ...all.slice(4)]);
      assert.equal(dropped['dropped unsent'], 2);
    });
  }

  test('is counted where there is no memory to receive with, and what has come is read later', async () => {
    const { ids, dropped } = await askUnder(`recvmmsg=-${ENOMEM}`);
    assert.deepEqual(ids, all);
    assert.equal(dropped['dropped overload'], 1);
  });

  test('is told as answers that wait, for which closing waits too', async () => {
    const waiting: (number | undefined)[] = [];
    const note = () => waiting.push(socket.counts[COUNT_WAITING]);
    const socket = native.open(KIND_UDP, '127.0.0.1', 0, false, 1 << 20, 1 << 20, (count) => {
      for (let index = 0; index < count; index++) socket.peers[index * PEER_WORDS + PEER_ANSWER_LENGTH] = 1;
      // Before the loop asks the kernel again.
      setImmediate(note);
    });
    const client = createSocket('udp4');
    let answers = 0;
    client.on('message', () => answers++);
    process.env[SCRIPT] = `sendmmsg=2 sendmmsg=-${EAGAIN}`;
    for (let turn = 0; turn < 5; turn++) client.send('x', socket.port, '127.0.0.1');
    await waitUntil(() => answers === 5, 'every answer', LIMIT_MS);
    assert.ok((waiting[0] ?? 0) > 0);
    assert.equal(socket.counts[COUNT_WAITING], 0);
    socket.close();
    client.close();
  });

  for (const [call, code, message] of [
    ['socket', EMFILE, /\(EMFILE\): socket: too many open files/],
    ['bind', EACCES, /\(EACCES\): ports below 1024/],
    ['getsockname', ENOBUFS, /\(ENOBUFS\): getsockname: /],
    ['uv_poll_init', EEXIST, /\(EEXIST\): uv_poll_init: /],
  ] as const) {
    test(`says which while opening: ${call}`, async () => {
      process.env[SCRIPT] = `${call}=-${code}`;
      const { snapshot, state } = RFC_FIXTURE;
      assert.throws(() => listenUdpBatch(LOOPBACK, createDesk(snapshot, state, 1), native), message);
      assert.equal(process.env[SCRIPT], '');
      const { listener, client, ids } = await open();
      ask(client, 0, 1);
      await waitUntil(() => ids.length === 1, 'an answer', LIMIT_MS);
      await close(listener, client);
    });
  }

  test('is fatal for an option that answers depend on, and none for the others', async () => {
    const { snapshot, state } = RFC_FIXTURE;
    const desk = createDesk(snapshot, state, 1);
    const reports = (options: typeof LOOPBACK, pattern: RegExp) => {
      process.env[SCRIPT] = `setsockopt=-${ENOPROTOOPT}`;
      assert.throws(() => listenUdpBatch(options, desk, native), pattern);
    };
    reports({ ...LOOPBACK, reusePort: true }, /\(ENOPROTOOPT\): setsockopt SO_REUSEPORT: /);
    reports({ ...LOOPBACK, host: '0.0.0.0' }, /\(ENOPROTOOPT\): setsockopt PKTINFO: /);
    reports({ ...LOOPBACK, host: '::1' }, /\(ENOPROTOOPT\): setsockopt IPV6_V6ONLY: /);
    process.env[SCRIPT] = Array(4).fill(`setsockopt=-${ENOPROTOOPT}`).join(' ');
    const { listener, client, ids } = await open();
    assert.equal(process.env[SCRIPT], '');
    ask(client, 0);
    await waitUntil(() => ids.length === QUERIES, 'every answer', LIMIT_MS);
    await close(listener, client);
  });
});
