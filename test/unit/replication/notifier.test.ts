// Telling secondaries, against one that answers as a test says, over real sockets.

import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readWallClock } from '../../../src/replication/hmac.ts';
import { Notifier } from '../../../src/replication/notifier.ts';
import { decodeMessage } from '../../../src/wire/decode-message.ts';
import { formatName } from '../../../src/wire/name.ts';
import { bytes16, encodeName } from '../../support/dns-client.ts';
import { macOf, readSignature, signQuery, TEST_KEY } from '../../support/tsig.ts';

const ZONE = encodeName('copy.test.');
const SOA = {
  ttlSeconds: 60,
  data: Uint8Array.from([...encodeName('ns.test.'), 0, ...[42, 1, 2, 3, 4].flatMap((n) => [0, 0, ...bytes16(n)])]),
};
const LIMIT_MS = 4000;

describe('the notifier', () => {
  let secondary: Socket;
  let received: { readonly bytes: Uint8Array; readonly from: RemoteInfo }[] = [];
  let answer: (bytes: Uint8Array, from: RemoteInfo) => void = () => undefined;
  const send = (reply: Uint8Array, from: RemoteInfo) => secondary.send(reply, from.port, from.address);
  /** The request as an answer of this rcode. */
  const replyTo = (bytes: Uint8Array, rcode = 0) => {
    const reply = Uint8Array.from(bytes);
    reply[2] = (reply[2] ?? 0) | 0x80;
    reply[3] = rcode;
    return reply;
  };
  before(async () => {
    secondary = createSocket('udp4');
    secondary.bind(0, '127.0.0.1');
    await once(secondary, 'listening');
    secondary.on('message', (datagram, from) => {
      const bytes = new Uint8Array(datagram);
      received.push({ bytes, from });
      answer(bytes, from);
    });
  });
  after(() => secondary.close());
  beforeEach(() => {
    received = [];
    answer = () => undefined;
  });

  function open(firstTimeoutMs = 20, hasKey = true) {
    const lines: string[] = [];
    const say = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const key = { name: encodeName(TEST_KEY.name), algorithm: 'hmac-sha256' as const, secret: TEST_KEY.secret };
    const findKey = (name: string) => (hasKey && name === 'test-key' ? key : undefined);
    const notifier = new Notifier({ firstTimeoutMs }, { findKey, logger: { info: say, warn: say } });
    const target = { address: '127.0.0.1', port: secondary.address().port };
    return { notifier, lines, notice: { zone: ZONE, soa: SOA, target }, target };
  }
  async function until(holds: () => boolean): Promise<void> {
    for (const end = performance.now() + LIMIT_MS; !holds() && performance.now() < end; ) await sleep(5);
    assert.ok(holds());
  }

  test('says which zone has changed, and its SOA, and is content with an answer', async () => {
    const { notifier, notice, lines } = open(400);
    answer = (bytes, from) => send(replyTo(bytes), from);
    notifier.notify([notice]);
    await until(() => notifier.counts.acknowledged === 1);
    assert.equal(notifier.pending, 0);
    await sleep(450);
    notifier.close();
    assert.equal(received.length, 1);
    const message = decodeMessage(received[0]?.bytes ?? new Uint8Array(0));
    assert.ok(typeof message === 'object');
    assert.deepEqual([message.opcode, message.isAuthoritative, message.questions[0]?.type], [4, true, 6]);
    assert.equal(formatName(message.questions[0]?.name ?? ZONE), 'copy.test');
    assert.deepEqual(message.answers[0]?.data, SOA.data);
    assert.deepEqual(lines, []);
  });

  test('says it again, more and more rarely, six times; then counts it, and tells a streak once', async () => {
    const { notifier, notice, lines } = open(8);
    const other = { ...notice, zone: encodeName('other.test.') };
    notifier.notify([notice, other]);
    await until(() => notifier.counts.unanswered === 2);
    assert.equal(received.length, 12);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /takes no notice.*it does not answer/);
    answer = (bytes, from) => send(replyTo(bytes), from);
    notifier.notify([notice]);
    await until(() => notifier.counts.acknowledged === 1);
    notifier.close();
    assert.match(lines[1] ?? '', /takes notice again/);
  });

  test('takes a refusal for an answer', async () => {
    const { notifier, notice, lines } = open(1000);
    answer = (bytes, from) => send(replyTo(bytes, 5), from);
    notifier.notify([notice]);
    await until(() => notifier.counts.refused === 1);
    notifier.close();
    assert.equal(received.length, 1);
    assert.match(lines[0] ?? '', /it answers REFUSED/);
  });

  test('takes nothing for an answer that is none: another ID, zone or opcode, a query, noise', async () => {
    const { notifier, notice } = open(50);
    const forgeries = [
      (reply: Uint8Array) => reply.with(1, (reply[1] ?? 0) ^ 1),
      (reply: Uint8Array) => reply.with(13, (reply[13] ?? 0) ^ 1),
      (reply: Uint8Array) => reply.with(2, 0x84),
      (reply: Uint8Array) => reply.with(2, (reply[2] ?? 0) & 0x7f),
      (reply: Uint8Array) => reply.subarray(0, 20),
      () => Uint8Array.of(0),
    ];
    answer = (bytes, from) => {
      for (const forge of forgeries) send(forge(replyTo(bytes)), from);
    };
    notifier.notify([notice]);
    await until(() => received.length === 2);
    assert.deepEqual(notifier.counts, { acknowledged: 0, refused: 0, unanswered: 0, unsent: 0 });
    notifier.close();
  });

  test('signs with the key of the target, and takes answers that are signed with it alone', async () => {
    const { notifier, target, notice } = open(60);
    let turn = 0;
    answer = (bytes, from) => {
      const signature = readSignature(bytes);
      assert.ok(signature !== undefined);
      assert.deepEqual(signature.mac, macOf([signature.bare], { time: signature.time }));
      const reply = replyTo(signature.bare);
      const wrong = { ...TEST_KEY, secret: new Uint8Array(32) };
      const time = readWallClock();
      if (turn === 0) send(reply, from);
      else send(signQuery(reply, { priorMac: signature.mac, time, ...(turn === 1 ? { key: wrong } : {}) }).bytes, from);
      turn++;
    };
    notifier.notify([{ ...notice, target: { ...target, key: 'test-key' } }]);
    await until(() => notifier.counts.acknowledged === 1);
    notifier.close();
    assert.equal(turn, 3);
  });

  test('says which key is missing, and sends nothing unsigned', () => {
    const { notifier, target, notice, lines } = open(20, false);
    notifier.notify([{ ...notice, target: { ...target, key: 'test-key' } }]);
    notifier.close();
    assert.equal(notifier.counts.unsent, 1);
    assert.match(lines[0] ?? '', /the key test-key is not in dns\.tsig\.keyFile/);
    assert.equal(received.length, 0);
  });

  test('has a limit of how many are under way, and a newer notice takes the place of an older one', async () => {
    const { notifier, notice } = open(10_000);
    const notices = Array.from({ length: 100 }, (_, index) => ({ ...notice, zone: encodeName(`z${index}.test.`) }));
    notifier.notify(notices);
    await until(() => received.length === 64);
    await sleep(30);
    assert.deepEqual([received.length, notifier.pending], [64, 100]);
    notifier.notify(notices);
    assert.equal(notifier.pending, 100);
    answer = (bytes, from) => send(replyTo(bytes), from);
    for (const { bytes, from } of received) send(replyTo(bytes), from);
    await until(() => notifier.counts.acknowledged === 100);
    notifier.close();
  });

  test('one secondary that is down, with thousands of zones, keeps no other from hearing', async () => {
    const { notifier, notice, target } = open(10_000);
    // Port 9: nobody is there.
    const down = { ...target, address: '127.0.0.2', port: 9 };
    const zones = Array.from({ length: 2000 }, (_, index) => encodeName(`z${index}.test.`));
    answer = (bytes, from) => send(replyTo(bytes), from);
    notifier.notify(zones.flatMap((zone) => [down, target].map((to) => ({ ...notice, zone, target: to }))));
    await until(() => notifier.counts.acknowledged === 2000);
    assert.equal(notifier.pending, 2000);
    notifier.close();
  });

  test('one that failed is asked by a single notice until it is there again', async () => {
    const { notifier, notice } = open(8);
    const notices = Array.from({ length: 100 }, (_, index) => ({ ...notice, zone: encodeName(`z${index}.test.`) }));
    notifier.notify(notices);
    await until(() => notifier.counts.unanswered === 64);
    received = [];
    await sleep(100);
    const asked = new Set(received.map(({ bytes }) => bytes.join()));
    assert.ok(asked.size <= 2, `${asked.size} notices in a tenth of a second`);
    answer = (bytes, from) => send(replyTo(bytes), from);
    await until(() => notifier.pending === 0);
    assert.ok(notifier.counts.acknowledged >= 34, JSON.stringify(notifier.counts));
    notifier.close();
  });

  test('one that is down is told of though changes follow each other faster than notices are given up', async () => {
    const { notifier, notice, lines } = open(20);
    for (let change = 0; change < 4; change++) {
      notifier.notify([notice]);
      await sleep(50);
    }
    notifier.close();
    assert.equal(notifier.counts.unanswered, 3);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /it does not answer/);
  });

  test('sends nothing any more when it is closed', async () => {
    const { notifier, notice } = open(5);
    notifier.notify([notice]);
    await until(() => received.length > 0);
    notifier.close();
    const { length } = received;
    notifier.notify([notice]);
    await sleep(50);
    assert.ok(received.length <= length + 1);
  });
});
