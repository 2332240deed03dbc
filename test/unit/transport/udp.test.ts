// One suite for both ways to read UDP: whoever asks cannot tell them apart.

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { createDesk, type Desk } from '../../../src/answer/desk.ts';
import { type Listener, MAX_UDP_QUERY_BYTES } from '../../../src/transport/listener.ts';
import { listenTcp } from '../../../src/transport/tcp.ts';
import { readCorpus } from '../../fuzz/corpus.ts';
import { askUdp, connectTcp, decodeAnswer, encodeQuery, withLength } from '../../support/dns-client.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';
import { createFixture, RESOLVER_DOCUMENT, readCounters } from '../../support/snapshot-fixture.ts';
import { BATCH, DGRAM, type TestedTransport } from '../../support/udp-transports.ts';

const TCP = {
  reusePort: false,
  limits: {
    maxConnections: 10,
    maxConnectionsPerPrefix: 10,
    firstByteTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    messageTimeoutMs: 500,
  },
};
const LOOPBACK = { host: '127.0.0.1', port: 0, reusePort: false };
const MAIL = encodeQuery({ id: 0xbeef, name: 'mail.example.com.' });
const TOO_LONG_BYTES = MAX_UDP_QUERY_BYTES + 1;

/** One that begins like every other. */
function openDesk(): Desk {
  const { snapshot, state } = RFC_FIXTURE;
  return createDesk(snapshot, state, 7);
}

/** Sends packets one after the other and, behind each, a query that is surely answered. Returns what came before that. */
async function converse(port: number, packets: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const answers: (Uint8Array | undefined)[] = [];
  for (const packet of packets) {
    const answer = await exchange(socket, packet);
    answers.push(answer);
  }
  socket.close();
  return answers;
}

async function exchange(socket: Socket, packet: Uint8Array): Promise<Uint8Array | undefined> {
  const came: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const limit = setTimeout(() => reject(new Error('no answer to a good query')), 5000);
  const collect = (message: Buffer) => {
    came.push(message);
    if (message.readUInt16BE(0) === 0xbeef) resolve();
  };
  socket.on('message', collect);
  socket.send(packet);
  socket.send(MAIL);
  await promise.finally(() => clearTimeout(limit));
  socket.off('message', collect);
  assert.ok(came.length <= 2);
  return came.length === 2 ? came[0] : undefined;
}

function suite({ name, skip, listen }: TestedTransport): void {
  describe(`UDP by ${name}`, { skip }, () => {
    let listener: Listener;
    before(async () => {
      listener = await listen(LOOPBACK, openDesk());
    });
    after(() => listener.close());

    it('answers each datagram with one', async () => {
      for (let id = 1; id <= 20; id++) {
        const answer = await askUdp(listener.port, encodeQuery({ id, name: 'mail.example.com.' }));
        assert.equal(answer && decodeAnswer(answer).id, id);
        assert.equal(answer && decodeAnswer(answer).answers.length, 1);
      }
    });

    it('answers many that come at once', async () => {
      const socket = createSocket('udp4');
      const seen = new Set<number>();
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on('message', (message) => {
        seen.add(decodeAnswer(message).id);
        if (seen.size === 200) resolve();
      });
      for (let id = 0; id < 200; id++)
        socket.send(encodeQuery({ id, name: 'mail.example.com.' }), listener.port, '127.0.0.1');
      await Promise.race([promise, once(socket, 'close', { signal: AbortSignal.timeout(5000) })]);
      socket.close();
      assert.equal(seen.size, 200);
    });

    it('truncates where TCP does not', async () => {
      const answer = await askUdp(listener.port, encodeQuery({ name: 'huge.example.com.', udpSize: 4096 }));
      assert.equal(answer && decodeAnswer(answer).isTruncated, true);
    });

    it('says nothing to what deserves nothing, and counts it by its cause', async () => {
      const desk = openDesk();
      const counting = await listen(LOOPBACK, desk);
      const longest = new Uint8Array(TOO_LONG_BYTES - 1);
      longest.set(encodeQuery({ name: 'mail.example.com.' }));
      const packets = [new Uint8Array(0), new Uint8Array(11), encodeQuery({ flags: 0x8000 })];
      const tooLong = [new Uint8Array(TOO_LONG_BYTES), new Uint8Array(60_000)];
      const answers = await converse(counting.port, [...packets, ...tooLong, longest]);
      assert.deepEqual(answers.slice(0, -1), Array(packets.length + tooLong.length).fill(undefined));
      const last = answers.at(-1);
      assert.equal(last && decodeAnswer(last).rcode, 1);
      await counting.close();
      const counters = readCounters({ desk });
      assert.equal(counters['dropped malformed'], packets.length - 1);
      assert.equal(counters['dropped response'], 1);
      assert.equal(counters['dropped oversized'], tooLong.length);
    });

    it('answers a datagram of any kind with the bytes that answerQuery gives', async () => {
      const desk = openDesk();
      const comparing = await listen(LOOPBACK, desk);
      const reference = openDesk();
      const counted = await DGRAM.listen(LOOPBACK, reference);
      const corpus = readCorpus();
      const answers = await converse(comparing.port, corpus);
      assert.deepEqual(answers, await converse(counted.port, corpus));
      assert.ok(answers.filter((answer) => answer !== undefined).length > corpus.length / 2);
      await comparing.close();
      await counted.close();
      assert.deepEqual(readCounters({ desk }), readCounters({ desk: reference }));
    });

    it('goes on where those who asked are gone before they are answered', async () => {
      for (let turn = 0; turn < 20; turn++) {
        const socket = createSocket('udp4');
        await new Promise((resolve) => socket.send(MAIL, listener.port, '127.0.0.1', resolve));
        socket.close();
      }
      assert.ok(await askUdp(listener.port, MAIL));
    });

    it('serves IPv6 on a socket of its own, and goes by the source there', async () => {
      const fixture = createFixture(RESOLVER_DOCUMENT);
      const v6 = await listen({ host: '::', port: 0, reusePort: false }, fixture.desk);
      const v4 = await listen({ host: '127.0.0.1', port: v6.port, reusePort: false }, fixture.desk);
      for (const [host, last] of [
        ['::1', 6],
        ['127.0.0.1', 4],
      ] as const) {
        const answer = await askUdp(v6.port, encodeQuery({}), { host });
        assert.equal(answer && decodeAnswer(answer).answers[0]?.data[3], last);
        assert.equal(fixture.desk.client.family, last);
      }
      await v6.close();
      await v4.close();
    });

    it('listens on several addresses with one desk, and with another socket on the same', {
      skip: process.platform !== 'linux' && 'only Linux shares addresses, and has all of 127.0.0.0/8',
    }, async () => {
      const desk = openDesk();
      const listeners = [];
      for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '::1']) {
        listeners.push(await listen({ host, port: 0, reusePort: true }, desk));
      }
      const [first] = listeners;
      assert.ok(first);
      listeners.push(await listen({ host: first.host, port: first.port, reusePort: true }, desk));
      const asked = listeners.flatMap((one) => Array.from({ length: 10 }, () => askUdp(one.port, MAIL, one)));
      for (const answer of await Promise.all(asked)) assert.equal(answer && decodeAnswer(answer).answers.length, 1);
      for (const one of listeners) await one.close();
    });

    it('says what to do when it cannot be bound', async () => {
      const { port } = listener;
      const desk = openDesk();
      await assert.rejects(
        listen({ host: '127.0.0.1', port, reusePort: false }, desk),
        /udp 127\.0\.0\.1 port \d+ \(EADDRINUSE\): another process/,
      );
      await assert.rejects(listen({ host: '203.0.113.1', port: 0, reusePort: false }, desk), /EADDRNOTAVAIL/);
    });

    it('answers what it received before it closes, then no more, and the address is free', async () => {
      const closing = await listen(LOOPBACK, openDesk());
      const asked = askUdp(closing.port, MAIL);
      await new Promise((resolve) => setImmediate(resolve));
      await closing.close();
      const again = await listen({ ...LOOPBACK, port: closing.port }, openDesk());
      assert.ok(await asked);
      await again.close();
      assert.equal(await askUdp(closing.port, MAIL, { timeoutMs: 50 }).catch(() => undefined), undefined);
    });
  });
}

suite(DGRAM);
suite(BATCH);

describe('TCP', () => {
  it('says what to do when it cannot be bound', async () => {
    const listener = await listenTcp({ ...TCP, host: '127.0.0.1', port: 0 }, RFC_FIXTURE.desk);
    const taken = { ...TCP, host: '127.0.0.1', port: listener.port };
    await assert.rejects(listenTcp(taken, RFC_FIXTURE.desk), /tcp .* \(EADDRINUSE\)/);
    await listener.close();
  });

  it('goes by the address of its peer, IPv4 and IPv6', async () => {
    const fixture = createFixture(RESOLVER_DOCUMENT);
    for (const [host, last] of [
      ['127.0.0.1', 4],
      ['::1', 6],
    ] as const) {
      const listener = await listenTcp({ ...TCP, host, port: 0 }, fixture.desk);
      const client = await connectTcp(listener.port, host);
      client.send(withLength(encodeQuery({})));
      const [answer] = await client.receive(1);
      assert.equal(answer && decodeAnswer(answer).answers[0]?.data[3], last);
      client.close();
      await listener.close();
    }
  });
});
