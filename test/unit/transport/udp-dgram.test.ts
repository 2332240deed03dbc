import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { Listener } from '../../../src/transport/listener.ts';
import { listenTcp } from '../../../src/transport/tcp.ts';
import { listenUdp } from '../../../src/transport/udp-dgram.ts';
import { askUdp, connectTcp, decodeAnswer, encodeQuery, withLength } from '../../support/dns-client.ts';
import { RFC_FIXTURE } from '../../support/rfc-zone.ts';
import { countersMoved, createFixture, RESOLVER_DOCUMENT } from '../../support/snapshot-fixture.ts';

const TCP = { reusePort: false, maxConnections: 10, idleTimeoutMs: 1000, messageTimeoutMs: 500 };

describe('UDP by node:dgram', () => {
  let listener: Listener;
  before(async () => {
    listener = await listenUdp({ host: '127.0.0.1', port: 0, reusePort: false }, RFC_FIXTURE.desk);
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
      if (seen.size === 500) resolve();
    });
    for (let id = 0; id < 500; id++)
      socket.send(encodeQuery({ id, name: 'mail.example.com.' }), listener.port, '127.0.0.1');
    await Promise.race([promise, once(socket, 'close', { signal: AbortSignal.timeout(3000) })]);
    socket.close();
    assert.equal(seen.size, 500);
  });

  it('truncates where TCP does not, and says nothing to what deserves nothing', async () => {
    const answer = await askUdp(listener.port, encodeQuery({ name: 'huge.example.com.', udpSize: 4096 }));
    assert.equal(answer && decodeAnswer(answer).isTruncated, true);
    for (const bytes of [new Uint8Array(0), new Uint8Array(11), encodeQuery({ flags: 0x8000 })]) {
      assert.equal(await askUdp(listener.port, bytes, { timeoutMs: 50 }), undefined);
    }
    assert.ok(await askUdp(listener.port, encodeQuery({ name: 'mail.example.com.' })));
  });

  it('serves IPv6 on a socket of its own, and goes by the source there', async () => {
    const fixture = createFixture(RESOLVER_DOCUMENT);
    const v6 = await listenUdp({ host: '::1', port: 0, reusePort: false }, fixture.desk);
    try {
      const answer = await askUdp(v6.port, encodeQuery({}), { host: '::1' });
      assert.deepEqual([...(answer ? (decodeAnswer(answer).answers[0]?.data ?? []) : [])], [198, 51, 100, 6]);
      assert.deepEqual(Object.keys(countersMoved(fixture, () => {})), []);
      assert.equal(fixture.desk.client.family, 6);
    } finally {
      await v6.close();
    }
  });

  it('says what to do when it cannot be bound', async () => {
    const { port } = listener;
    await assert.rejects(
      listenUdp({ host: '127.0.0.1', port, reusePort: false }, RFC_FIXTURE.desk),
      /udp 127\.0\.0\.1 port \d+ \(EADDRINUSE\): another process/,
    );
    await assert.rejects(
      listenUdp({ host: '203.0.113.1', port: 0, reusePort: false }, RFC_FIXTURE.desk),
      /EADDRNOTAVAIL/,
    );
    const tcp = await listenTcp({ ...TCP, host: '127.0.0.1', port: 0 }, RFC_FIXTURE.desk);
    await assert.rejects(
      listenTcp({ ...TCP, host: '127.0.0.1', port: tcp.port }, RFC_FIXTURE.desk),
      /tcp .* \(EADDRINUSE\)/,
    );
    await tcp.close();
  });

  it('answers what it received before it closes, and then no more', async () => {
    const closing = await listenUdp({ host: '127.0.0.1', port: 0, reusePort: false }, RFC_FIXTURE.desk);
    const asked = askUdp(closing.port, encodeQuery({ name: 'mail.example.com.' }));
    await new Promise((resolve) => setImmediate(resolve));
    await closing.close();
    assert.ok(await asked);
    assert.equal(await askUdp(closing.port, encodeQuery({}), { timeoutMs: 50 }).catch(() => undefined), undefined);
  });
});

describe('TCP', () => {
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
