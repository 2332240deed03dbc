// RFC 7858, "Specification for DNS over Transport Layer Security (TLS)", over real sockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { TLS } from '../../src/answer/answer-query.ts';
import { CONNECTION_EVENTS, CONNECTION_FAILED } from '../../src/answer/counters.ts';
import { createDesk } from '../../src/answer/desk.ts';
import type { Certificate } from '../../src/transport/certificate.ts';
import type { Listener } from '../../src/transport/listener.ts';
import { listenTls, type TlsOptions } from '../../src/transport/tls.ts';
import { decodeAnswer, encodeQuery, withLength } from '../support/dns-client.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { connectTls, makeCertificate, type TlsClient } from '../support/tls-client.ts';

const CERTIFICATE = makeCertificate();
const OPTIONS: TlsOptions = {
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  certificate: CERTIFICATE,
  handshakeTimeoutMs: 300,
  maxHandshakesPerSecond: 1000,
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
const many = (count: number, name: string) => Buffer.concat(Array.from({ length: count }, (_, id) => query(id, name)));
const failures = () => RFC_FIXTURE.desk.counters.connections[TLS * CONNECTION_EVENTS.length + CONNECTION_FAILED] ?? 0;

describe('RFC 7858', () => {
  let listener: Listener;
  const clients: TlsClient[] = [];
  const open = async (options: ConnectionOptions = {}, port = listener.port) => {
    const client = await connectTls(port, { ca: CERTIFICATE.chain, ...options });
    clients.push(client);
    return client;
  };
  before(async () => {
    listener = await listenTls(OPTIONS, RFC_FIXTURE.desk);
  });
  after(async () => {
    for (const client of clients) client.close();
    await listener.close();
  });

  // Section 3.3: "All messages (requests and responses) in the established TLS session MUST use the two-octet length field
  // described in Section 4.2.2 of [RFC1035]." And: "clients SHOULD pipeline multiple queries".
  it('answers any number of messages of a session, in order', async () => {
    const client = await open();
    client.send(Buffer.concat([query(1), query(2), query(3).subarray(0, 1)]));
    assert.deepEqual(ids(await client.receive(2)), [1, 2]);
    client.send(Buffer.concat([query(3).subarray(1), many(100, 'mail.example.com.')]));
    const messages = await client.receive(103);
    assert.deepEqual(ids(messages.slice(2)), [3, ...Array.from({ length: 100 }, (_, id) => id)]);
  });

  // Section 6: the ALPN protocol "dot" is registered for it. Clients need not name it.
  it('speaks "dot", also to a client that names nothing, and with no one who wants something else', async () => {
    assert.equal((await open()).tls.alpnProtocol, 'dot');
    const unnamed = await open({ ALPNProtocols: [] });
    unnamed.send(query(1));
    assert.deepEqual(ids(await unnamed.receive(1)), [1]);
    await assert.rejects(open({ ALPNProtocols: ['h2'] }));
  });

  // RFC 9325 section 3.1.1: "Implementations MUST NOT negotiate TLS version 1.1".
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    for (const [version, spoken] of [
      ['TLSv1.2', 'TLSv1.2'],
      ['TLSv1.3', 'TLSv1.3'],
    ] as const) {
      const client = await open({ minVersion: version, maxVersion: version });
      assert.equal(client.tls.getProtocol(), spoken);
      client.send(query(1));
      assert.deepEqual(ids(await client.receive(1)), [1]);
    }
    const old = open({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    await assert.rejects(old, /protocol version|EPROTO|ECONNRESET/);
  });

  it('has only ciphers with forward secrecy', async () => {
    await assert.rejects(open({ maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }));
    await assert.rejects(open({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }));
  });

  // Section 3.4: "the server […] close idle connections"; what holds for TCP holds here.
  it('closes an idle session, and one whose message does not get whole', async () => {
    const [idle, slow] = [await open(), await open()];
    slow.send(query(1).subarray(0, 5));
    const [idleMs, slowMs] = await Promise.all([idle.closed(), slow.closed()]);
    assert.ok(idleMs >= 300 && idleMs < 1500, `${idleMs} ms`);
    assert.ok(slowMs >= 150 && slowMs < 1000, `${slowMs} ms`);
  });

  it('lets go who does not come to the end of the handshake', async () => {
    const before = failures();
    const silent = connect(listener.port, '127.0.0.1');
    const half = connect(listener.port, '127.0.0.1');
    const begun = performance.now();
    // A record header and the beginning of a ClientHello.
    half.write(Buffer.from('1603010100010000fc0303', 'hex'));
    half.resume();
    silent.resume();
    await Promise.all([once(silent, 'close'), once(half, 'close')]);
    const ms = performance.now() - begun;
    assert.ok(ms >= 290 && ms < 1500, `${ms} ms`);
    assert.equal(failures(), before + 2);
  });

  it('lets handshakes that hang make room for a new one, and counts each connection as one thing', async () => {
    const desk = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1);
    const limits = { ...OPTIONS.limits, maxConnections: 3 };
    const small = await listenTls({ ...OPTIONS, limits }, desk);
    const hanging = Array.from({ length: 5 }, () =>
      connect(small.port, '127.0.0.1')
        .on('error', () => undefined)
        .resume(),
    );
    try {
      await Promise.all(hanging.map((socket) => once(socket, 'connect')));
      const client = await open({}, small.port);
      client.send(query(1));
      assert.deepEqual(ids(await client.receive(1)), [1]);
      await Promise.all([client.closed(), ...hanging.map((socket) => socket.destroyed || once(socket, 'close'))]);
      await sleep(20);
      const counts = CONNECTION_EVENTS.map((event, index) => [
        event,
        desk.counters.connections[TLS * CONNECTION_EVENTS.length + index],
      ]);
      assert.deepEqual(Object.fromEntries(counts), { accepted: 6, evicted: 3, refused: 0, 'timed-out': 1, failed: 2 });
    } finally {
      await small.close();
    }
  });

  it('lets go at once who speaks no TLS', async () => {
    const before = failures();
    const plain = connect(listener.port, '127.0.0.1');
    plain.on('error', () => undefined);
    plain.write(query(1));
    plain.resume();
    await once(plain, 'close');
    assert.equal(failures(), before + 1);
  });

  it('makes no more handshakes than it may, whoever asks', async () => {
    const saving = await listenTls({ ...OPTIONS, maxHandshakesPerSecond: 3 }, RFC_FIXTURE.desk);
    try {
      for (let turn = 0; turn < 3; turn++) await open({}, saving.port);
      await assert.rejects(open({}, saving.port));
      await sleep(500);
      await open({}, saving.port);
    } finally {
      await saving.close();
    }
  });

  it('does not renegotiate', async () => {
    const client = await open({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    client.tls.on('error', resolve);
    client.tls.renegotiate({}, resolve);
    assert.notEqual(await promise, null);
  });

  it('gives a peer that reads late but reads all of its answers', async () => {
    const client = await open();
    client.socket.pause();
    client.send(many(300, 'huge.example.com.'));
    await sleep(100);
    client.socket.resume();
    assert.deepEqual(
      ids(await client.receive(300)),
      Array.from({ length: 300 }, (_, id) => id),
    );
  });

  it('lets go of a peer that does not take its answers', async () => {
    const client = await open();
    client.socket.pause();
    const begun = performance.now();
    while (!client.socket.destroyed && performance.now() - begun < 4000) {
      client.send(many(200, 'huge.example.com.'));
      await sleep(5);
      if (client.socket.writableLength > 4_000_000) break;
    }
    const ms = await client.closed();
    assert.ok(ms < 6000, `${ms} ms`);
  });

  it('answers what was asked before the client closed its side', async () => {
    const client = await open();
    client.socket.end(Buffer.concat([query(1), query(2)]));
    assert.deepEqual(ids(await client.receive(2)), [1, 2]);
    await client.closed();
  });

  // Section 3.4: "session resumption […] can reduce the cost".
  it('resumes a session, also where another thread holds the connection', async () => {
    const other = await listenTls(OPTIONS, RFC_FIXTURE.desk);
    try {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const first = await open({ minVersion: version, maxVersion: version });
        assert.equal(first.tls.isSessionReused(), false);
        first.send(query(1));
        await first.receive(1);
        const session = version === 'TLSv1.3' ? first.tickets[0] : first.tls.getSession();
        const second = await open({ session, minVersion: version, maxVersion: version }, other.port);
        assert.equal(second.tls.isSessionReused(), true, version);
        second.send(query(1));
        assert.deepEqual(ids(await second.receive(1)), [1]);
      }
    } finally {
      await other.close();
    }
  });

  it('shows a new certificate from the next handshake on, while sessions that are open go on', async () => {
    const renewing = await listenTls(OPTIONS, RFC_FIXTURE.desk);
    try {
      const old = await open({}, renewing.port);
      const renewed: Certificate = makeCertificate();
      renewing.setCertificate?.(renewed);
      old.send(query(1));
      assert.deepEqual(ids(await old.receive(1)), [1]);
      await assert.rejects(open({}, renewing.port), /self-signed/);
      const next = await open({ ca: renewed.chain }, renewing.port);
      next.send(query(2));
      assert.deepEqual(ids(await next.receive(1)), [2]);
    } finally {
      await renewing.close();
    }
  });

  it('answers what it received before it closes, and ends handshakes that are under way', async () => {
    const closing = await listenTls(OPTIONS, RFC_FIXTURE.desk);
    const client = await open({}, closing.port);
    const half = connect(closing.port, '127.0.0.1');
    half.on('error', () => undefined);
    half.resume();
    await once(half, 'connect');
    client.send(query(1));
    assert.deepEqual(ids(await client.receive(1)), [1]);
    await closing.close();
    await client.closed();
    await assert.rejects(open({}, closing.port));
  });

  it('takes many sessions at once, each with answers of its own', async () => {
    const ask = async (id: number) => {
      const client = await open();
      client.send(query(id));
      return ids(await client.receive(1))[0];
    };
    const expected = Array.from({ length: 90 }, (_, id) => id);
    assert.deepEqual(await Promise.all(expected.map(ask)), expected);
  });
});
