// Queries by way of a balancer, over every transport: who asked is whom the PROXY header names, and the answer goes back to
// the balancer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { connect as connectSecure } from 'node:tls';
import { HTTPS, TCP, TLS } from '../../../src/answer/answer-query.ts';
import {
  CONNECTION_EVENTS,
  CONNECTION_FAILED,
  CONNECTION_REFUSED,
  DROPPED_PROXY_HEADER,
} from '../../../src/answer/counters.ts';
import { parsePrefix } from '../../../src/model/address.ts';
import { listenHttps } from '../../../src/transport/https.ts';
import { listenTcp } from '../../../src/transport/tcp.ts';
import { listenTls } from '../../../src/transport/tls.ts';
import { trustPeers } from '../../../src/transport/trusted-peers.ts';
import { askUdp, connectTcp, decodeAnswer, encodeQuery, followStream, withLength } from '../../support/dns-client.ts';
import { encodeProxyHeader, type ProxyShape } from '../../support/proxy-header.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';
import { makeCertificate } from '../../support/tls-client.ts';
import { BATCH, DGRAM } from '../../support/udp-transports.ts';

const CERTIFICATE = makeCertificate();
const EU = '203.0.113.1';
const US = '203.0.113.2';
const LONDONER = '81.2.69.7';
const LONDONER_V6 = '2a00:1::7';
const NEW_YORKER = '12.1.2.7';

/** Clients of Europe get EU, all others US: an answer tells whom it was for. */
function createPlace(from = '127.0.0.0/8') {
  const { desk } = createFixture({
    clusters: [
      { id: 'eu', region: 'eu-west', endpoints: [{ id: 'a', address: EU }] },
      { id: 'us', region: 'us-east', endpoints: [{ id: 'a', address: US }] },
    ],
    services: [
      {
        name: 'www',
        zone: 'gtm.example.com',
        clusters: ['us', 'eu'],
        rank: [{ match: { continent: ['EU'] }, use: ['eu'] }, { by: 'priority' }],
      },
    ],
  });
  const trusted = trustPeers([parsePrefix(from) ?? assert.fail()]);
  const limits = {
    maxConnections: 50,
    maxConnectionsPerPrefix: 2,
    firstByteTimeoutMs: 300,
    idleTimeoutMs: 2000,
    messageTimeoutMs: 1000,
  };
  const options = { host: '127.0.0.1', port: 0, reusePort: false, trusted, limits, certificate: CERTIFICATE };
  return { desk, options: { ...options, handshakeTimeoutMs: 1000, maxHandshakesPerSecond: 1000, path: '/dns-query' } };
}

const QUERY = encodeQuery({ name: 'www.gtm.example.com.' });
const header = (client: string, shape: ProxyShape = {}) => encodeProxyHeader({ client, ...shape });
const chosen = (answer: Uint8Array | undefined) =>
  answer && [...(decodeAnswer(answer).answers[0]?.data ?? [])].join('.');
const joined = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);

for (const transport of [DGRAM, BATCH]) {
  describe(`a datagram of a balancer (${transport.name})`, { skip: transport.skip }, () => {
    async function open(context: TestContext, from?: string) {
      const { desk, options } = createPlace(from);
      const listener = await transport.listen(options, desk);
      context.after(() => listener.close());
      const ask = async (...parts: readonly Uint8Array[]) =>
        chosen(await askUdp(listener.port, joined(...parts), { timeoutMs: 300 }));
      return { desk, ask };
    }

    it('is answered for the client that its header names', async (context) => {
      const { ask } = await open(context);
      assert.equal(await ask(header(LONDONER, { transport: 2 }), QUERY), EU);
      assert.equal(await ask(header(NEW_YORKER, { transport: 2 }), QUERY), US);
      assert.equal(await ask(header(LONDONER_V6, { transport: 2, tail: new Uint8Array(100) }), QUERY), EU);
      assert.equal(await ask(header(LONDONER, { command: 0 }), QUERY), US);
    });

    it('is dropped and counted without a header, or with a broken one', async (context) => {
      const { ask, desk } = await open(context);
      assert.equal(await ask(QUERY), undefined);
      assert.equal(await ask(header(LONDONER, { version: 1 }), QUERY), undefined);
      assert.equal(await ask(header(LONDONER).subarray(0, 20)), undefined);
      assert.equal(desk.counters.dropped[DROPPED_PROXY_HEADER], 3);
      assert.equal(await ask(header(LONDONER)), undefined);
      assert.equal(await ask(header(LONDONER), QUERY), EU);
    });

    it('is answered as it is where its sender is not trusted, and a header is none then', async (context) => {
      const { ask, desk } = await open(context, '192.0.2.0/24');
      assert.equal(await ask(QUERY), US);
      assert.notEqual(await ask(header(LONDONER), QUERY), EU);
      assert.equal(desk.counters.dropped[DROPPED_PROXY_HEADER], 0);
    });
  });
}

describe('a connection of a balancer', () => {
  async function openTcp(context: TestContext, from?: string) {
    const { desk, options } = createPlace(from);
    const listener = await listenTcp(options, desk);
    context.after(() => listener.close());
    const open = async () => {
      const client = await connectTcp(listener.port);
      context.after(() => client.close());
      return client;
    };
    const count = (event: number) => desk.counters.connections[TCP * CONNECTION_EVENTS.length + event];
    return { open, count };
  }

  it('is answered for the client that its header names, in whatever pieces it comes', async (context) => {
    const { open } = await openTcp(context);
    const bytes = joined(header(LONDONER, { tail: new Uint8Array(50) }), withLength(QUERY), withLength(QUERY));
    const whole = await open();
    whole.send(bytes);
    assert.deepEqual((await whole.receive(2)).map(chosen), [EU, EU]);
    const pieces = await open();
    for (const byte of bytes) {
      pieces.send(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    assert.deepEqual((await pieces.receive(2)).map(chosen), [EU, EU]);
    const behind = await open();
    behind.send(header(NEW_YORKER));
    await new Promise((resolve) => setTimeout(resolve, 50));
    behind.send(withLength(QUERY));
    assert.deepEqual((await behind.receive(1)).map(chosen), [US]);
  });

  it('is ended without a header: at once where something else comes, else in time', async (context) => {
    const { open, count } = await openTcp(context);
    const [plain, silent, slow] = [await open(), await open(), await open()];
    plain.send(withLength(QUERY));
    slow.send(header(LONDONER).subarray(0, 20));
    assert.ok((await plain.closed()) < 250);
    const waited = await Promise.all([silent.closed(), slow.closed()]);
    assert.ok(
      waited.every((ms) => ms >= 250 && ms < 1500),
      `${waited}`,
    );
    assert.equal(count(CONNECTION_FAILED), 3);
  });

  it('counts as one of the client that it names, and not of the balancer', async (context) => {
    const { open, count } = await openTcp(context);
    const connect = async (client: string) => {
      const connection = await open();
      connection.send(joined(header(client), withLength(QUERY)));
      return connection;
    };
    for (const client of [LONDONER, LONDONER, NEW_YORKER, NEW_YORKER]) await (await connect(client)).receive(1);
    await (await connect(LONDONER)).closed();
    assert.equal(count(CONNECTION_REFUSED), 1);
  });

  it('is DNS from its first byte where its peer is not trusted', async (context) => {
    const { open } = await openTcp(context, '192.0.2.0/24');
    const plain = await open();
    plain.send(withLength(QUERY));
    assert.deepEqual((await plain.receive(1)).map(chosen), [US]);
    const lying = await open();
    lying.send(joined(header(LONDONER), withLength(QUERY)));
    await lying.closed();
    assert.equal(lying.messages.length, 0);
  });

  for (const [name, protocol, alpn] of [
    ['TLS', TLS, 'dot'],
    ['HTTPS', HTTPS, 'http/1.1'],
  ] as const) {
    it(`begins with its header in front of ${name}`, async (context) => {
      const { desk, options } = createPlace();
      const listener = await (protocol === TLS ? listenTls(options, desk) : listenHttps(options, desk));
      context.after(() => listener.close());
      const plain = connectPlain(listener.port, '127.0.0.1');
      await once(plain, 'connect');
      plain.write(header(LONDONER));
      const secure = connectSecure({
        socket: plain,
        servername: 'localhost',
        ca: CERTIFICATE.chain,
        ALPNProtocols: [alpn],
      });
      context.after(() => secure.destroy());
      await once(secure, 'secureConnect');
      if (protocol === TLS) {
        const client = followStream(secure);
        client.send(withLength(QUERY));
        assert.deepEqual((await client.receive(1)).map(chosen), [EU]);
        return;
      }
      const target = `/dns-query?dns=${Buffer.from(QUERY).toString('base64url')}`;
      secure.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      const answer = Buffer.concat(await secure.toArray());
      assert.equal(chosen(answer.subarray(answer.indexOf('\r\n\r\n') + 4)), EU);
    });
  }
});
