// RFC 7766, "DNS Transport over TCP - Implementation Requirements", over real sockets.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TCP } from '../../src/answer/answer-query.ts';
import {
  CONNECTION_ACCEPTED,
  CONNECTION_EVENTS,
  CONNECTION_REFUSED,
  CONNECTION_TIMED_OUT,
} from '../../src/answer/counters.ts';
import { createDesk, type Desk } from '../../src/answer/desk.ts';
import type { Listener } from '../../src/transport/listener.ts';
import { listenTcp, type TcpOptions } from '../../src/transport/tcp.ts';
import {
  connectTcp,
  decodeAnswer,
  encodeQuery,
  followStream,
  type TcpClient,
  withLength,
} from '../support/dns-client.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';

const OPTIONS: TcpOptions = {
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  limits: {
    maxConnections: 100,
    maxConnectionsPerPrefix: 100,
    firstByteTimeoutMs: 400,
    idleTimeoutMs: 400,
    messageTimeoutMs: 200,
  },
};

const query = (id: number, name = 'mail.example.com.') => withLength(encodeQuery({ id, name }));
const ids = (messages: readonly Uint8Array[]) => messages.map((message) => decodeAnswer(message).id);
const countOf = ({ counters }: Desk, event: number) => counters.connections[TCP * CONNECTION_EVENTS.length + event];
const concatenate = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('RFC 7766', () => {
  let listener: Listener;
  const clients: TcpClient[] = [];
  const open = async (port = listener.port) => {
    const client = await connectTcp(port);
    clients.push(client);
    return client;
  };
  before(async () => {
    listener = await listenTcp(OPTIONS, RFC_FIXTURE.desk);
  });
  after(async () => {
    for (const client of clients) client.close();
    await listener.close();
  });

  // Section 8: "DNS clients and servers SHOULD pass the two-octet length field, and the message described by that length
  // field, to the TCP layer at the same time". Servers take what they get: RFC 1035 section 4.2.2 knows no segments.
  it('takes a message octet by octet', async () => {
    const client = await open();
    const bytes = query(1);
    for (let at = 0; at < bytes.length; at++) {
      client.send(bytes.subarray(at, at + 1));
      await sleep(1);
    }
    assert.deepEqual(ids(await client.receive(1)), [1]);
  });

  it('takes two messages of one segment, and a length that is torn apart', async () => {
    const client = await open();
    client.send(concatenate([query(1), query(2), query(3).subarray(0, 1)]));
    assert.deepEqual(ids(await client.receive(2)), [1, 2]);
    client.send(query(3).subarray(1, 2));
    await sleep(20);
    client.send(concatenate([query(3).subarray(2), query(4).subarray(0, 9)]));
    assert.deepEqual(ids(await client.receive(3)), [1, 2, 3]);
    client.send(query(4).subarray(9));
    assert.deepEqual(ids(await client.receive(4)), [1, 2, 3, 4]);
  });

  // Section 6.2.1.1: "The server SHOULD answer all pipelined queries, even if they are received in quick succession."
  it('answers a hundred messages at once, in order', async () => {
    const client = await open();
    client.send(concatenate(Array.from({ length: 100 }, (_, id) => query(id))));
    assert.deepEqual(
      ids(await client.receive(100)),
      Array.from({ length: 100 }, (_, id) => id),
    );
  });

  // Section 6.2.3: "if a server […] closes an idle connection".
  it('closes a connection without a query after the idle timeout, and each message starts that anew', async () => {
    const silent = await open();
    const busy = await open();
    const closedBusy = busy.closed();
    for (let turn = 0; turn < 4; turn++) {
      busy.send(query(turn));
      await sleep(200);
    }
    const silentMs = await silent.closed();
    assert.ok(silentMs < 1200, `${silentMs} ms`);
    assert.equal(busy.messages.length, 4);
    const busyMs = await closedBusy;
    assert.ok(busyMs >= 900, `${busyMs} ms`);
  });

  it('closes a connection whose message does not get whole in time, however busily it trickles', async () => {
    const client = await open();
    const closed = client.closed();
    const bytes = query(1);
    for (let at = 0; at < 8 && !client.socket.destroyed; at++) {
      client.send(bytes.subarray(at, at + 1));
      await sleep(50);
    }
    const ms = await closed;
    assert.ok(ms >= 190 && ms < 800, `${ms} ms`);
    assert.equal(client.messages.length, 0);
  });

  it('does not give the piece of a message behind a whole one more time than that', async () => {
    const client = await open();
    client.send(concatenate([query(1), query(2).subarray(0, 3)]));
    assert.deepEqual(ids(await client.receive(1)), [1]);
    const ms = await client.closed();
    assert.ok(ms >= 190 && ms < 800, `${ms} ms`);
  });

  it('answers what was asked before the client closed its side', async () => {
    const client = await open();
    client.socket.end(concatenate([query(1), query(2)]));
    assert.deepEqual(ids(await client.receive(2)), [1, 2]);
    await client.closed();
  });

  it('answers a malformed message and goes on', async () => {
    const client = await open();
    client.send(concatenate([withLength(encodeQuery({ id: 1, counts: [2, 0, 0, 0] })), query(2)]));
    const [malformed] = await client.receive(2);
    assert.equal(malformed && decodeAnswer(malformed).rcode, 1);
  });

  it('ends a connection that speaks no DNS: a response, an empty message, another protocol', async () => {
    const texts = ['GET / HTTP/1.1\r\nHost: example.com\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'];
    const others = texts.map((text) => Buffer.from(text, 'latin1'));
    for (const bytes of [withLength(encodeQuery({ flags: 0x8000 })), Uint8Array.of(0, 0), ...others]) {
      const client = await open();
      client.send(bytes);
      await client.closed();
      assert.equal(client.messages.length, 0);
    }
  });

  it('does not go on with what came behind such a message', async () => {
    const client = await open();
    client.send(concatenate([query(1), Uint8Array.of(0, 0), query(2)]));
    await client.closed();
    assert.ok(client.messages.length <= 1);
  });

  // Section 10 advises limits on the total of connections, and to close idle ones where there are too many.
  it('makes room for a new connection by closing the one that has been idle longest', async () => {
    const small = await listenTcp(
      { ...OPTIONS, limits: { ...OPTIONS.limits, maxConnections: 3, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 } },
      RFC_FIXTURE.desk,
    );
    try {
      const [first, second, third] = [await open(small.port), await open(small.port), await open(small.port)];
      first.send(query(1));
      await first.receive(1);
      // The second has not said anything for the longest time now.
      const fourth = await open(small.port);
      await second.closed();
      fourth.send(query(4));
      third.send(query(3));
      first.send(query(2));
      assert.deepEqual(ids(await fourth.receive(1)), [4]);
      assert.deepEqual(ids(await third.receive(1)), [3]);
      assert.deepEqual(ids(await first.receive(2)), [1, 2]);
    } finally {
      await small.close();
    }
  });

  // Section 6.2.2: "servers MAY impose limits on the number of concurrent TCP connections being handled for any particular client IP address or subnet."
  it('refuses a client that has its share of connections, and takes it again when one of them is closed', async () => {
    const desk = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1);
    const openConnections = new Int32Array(4);
    const limits = { ...OPTIONS.limits, maxConnectionsPerPrefix: 2, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 };
    const shared = await listenTcp({ ...OPTIONS, limits, openConnections }, desk);
    try {
      const [first, second] = [await open(shared.port), await open(shared.port)];
      first.send(query(1));
      second.send(query(2));
      await Promise.all([first.receive(1), second.receive(1)]);
      const third = await open(shared.port);
      await third.closed(1000);
      await sleep(20);
      assert.equal(openConnections[TCP], 2);
      assert.equal(countOf(desk, CONNECTION_REFUSED), 1);
      first.close();
      await sleep(50);
      const fourth = await open(shared.port);
      fourth.send(query(4));
      assert.deepEqual(ids(await fourth.receive(1)), [4]);
      second.send(query(5));
      assert.deepEqual(ids(await second.receive(2)), [2, 5]);
      assert.equal(countOf(desk, CONNECTION_ACCEPTED), 4);
    } finally {
      await shared.close();
    }
    await sleep(20);
    assert.equal(openConnections[TCP], 0);
  });

  it('closes nobody for the sake of a client that has its share already', async () => {
    const limits = { ...OPTIONS.limits, maxConnections: 4, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 };
    const full = await listenTcp({ ...OPTIONS, limits: { ...limits, maxConnectionsPerPrefix: 1 } }, RFC_FIXTURE.desk);
    const openFrom = (localAddress: string) => {
      const client = followStream(connect({ port: full.port, host: '127.0.0.1', localAddress }));
      clients.push(client);
      return client;
    };
    try {
      const others = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map(openFrom);
      for (const other of others) other.send(query(1));
      await Promise.all(others.map((other) => other.receive(1)));
      const greedy = openFrom('127.0.0.1');
      greedy.send(query(2));
      await greedy.receive(1);
      await Promise.all([1, 2, 3].map(() => openFrom('127.0.0.1').closed(1000)));
      for (const other of others) other.send(query(3));
      for (const other of others) assert.deepEqual(ids(await other.receive(2)), [1, 3]);
    } finally {
      await full.close();
    }
  });

  // RFC 9210 section 4.2 has servers bound what a connection may hold on to: one on which nothing comes is of no use.
  it('closes a connection on which nothing has come, sooner than one that has asked', async () => {
    const desk = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1);
    const limits = { ...OPTIONS.limits, firstByteTimeoutMs: 150, idleTimeoutMs: 600 };
    const listener = await listenTcp({ ...OPTIONS, limits }, desk);
    try {
      const [silent, asking] = [await open(listener.port), await open(listener.port)];
      asking.send(query(1));
      const [silentMs, askingMs] = await Promise.all([silent.closed(), asking.closed()]);
      assert.ok(silentMs >= 140 && silentMs < 500, `${silentMs} ms`);
      assert.ok(askingMs >= 590, `${askingMs} ms`);
      assert.equal(countOf(desk, CONNECTION_TIMED_OUT), 2);
    } finally {
      await listener.close();
    }
  });

  it('reads no further from a peer that does not take its answers, and lets it go in the end', async () => {
    const client = await open();
    client.socket.pause();
    const many = concatenate(Array.from({ length: 200 }, (_, id) => query(id, 'huge.example.com.')));
    let taken = 0;
    const begun = performance.now();
    // Each answer has 3 kB: the peer's own socket buffers fill first, then the backlog.
    while (!client.socket.destroyed && performance.now() - begun < 4000) {
      client.send(many);
      taken += 200;
      await sleep(5);
      if (client.socket.writableLength > 4_000_000) break;
    }
    assert.ok(taken > 0);
    const ms = await client.closed();
    assert.ok(ms < 6000, `${ms} ms`);
  });

  it('gives a peer that reads late but reads all of its answers', async () => {
    const client = await open();
    client.socket.pause();
    client.send(concatenate(Array.from({ length: 300 }, (_, id) => query(id, 'huge.example.com.'))));
    await sleep(100);
    client.socket.resume();
    const messages = await client.receive(300);
    assert.deepEqual(
      ids(messages),
      Array.from({ length: 300 }, (_, id) => id),
    );
  });

  it('answers what it received before it closes', async () => {
    const closing = await listenTcp(OPTIONS, RFC_FIXTURE.desk);
    const client = await open(closing.port);
    client.send(query(1));
    await client.receive(1);
    const idle = await open(closing.port);
    await closing.close();
    await Promise.all([client.closed(), idle.closed()]);
    await assert.rejects(connectTcp(closing.port));
  });
});
