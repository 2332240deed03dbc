// RFC 8484, "DNS Queries over HTTPS (DoH)", over real sockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HTTPS } from '../../src/answer/answer-query.ts';
import { type HttpsListenOptions, listenHttps } from '../../src/transport/https.ts';
import type { Listener } from '../../src/transport/listener.ts';
import { decodeAnswer, encodeQuery, type QueryShape } from '../support/dns-client.ts';
import {
  askHttp1,
  askHttp2,
  connectHttp2,
  type HttpAnswer,
  type HttpQuestion,
  openStream,
  readAnswer,
} from '../support/https-client.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { createFixture } from '../support/snapshot-fixture.ts';
import { connectTls, makeCertificate } from '../support/tls-client.ts';

const CERTIFICATE = makeCertificate();
const OPEN = new Int32Array(HTTPS + 1);
const OPTIONS: HttpsListenOptions = {
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  certificate: CERTIFICATE,
  handshakeTimeoutMs: 1000,
  maxHandshakesPerSecond: 1000,
  path: '/dns-query',
  openConnections: OPEN,
  limits: {
    maxConnections: 100,
    maxConnectionsPerPrefix: 100,
    firstByteTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    messageTimeoutMs: 400,
  },
};

const MEDIA_TYPE = 'application/dns-message';
const encoded = (shape: QueryShape) => Buffer.from(encodeQuery(shape)).toString('base64url');
const get = (shape: QueryShape): HttpQuestion => ({ path: `/dns-query?dns=${encoded(shape)}` });
const post = (body: Uint8Array, contentType = MEDIA_TYPE): HttpQuestion => ({
  path: '/dns-query',
  method: 'POST',
  headers: { 'content-type': contentType },
  body,
});
const cacheControl = ({ headers }: HttpAnswer) => headers['cache-control'];

describe('RFC 8484', () => {
  let listener: Listener;
  let session: ClientHttp2Session;
  before(async () => {
    listener = await listenHttps(OPTIONS, RFC_FIXTURE.desk);
  });
  after(() => listener.close(), { timeout: 5000 });

  const versions: readonly [string, (question: HttpQuestion) => Promise<HttpAnswer>][] = [
    [
      'HTTP/2',
      async (question) => {
        session = await connectHttp2(listener.port, CERTIFICATE.chain);
        try {
          return await askHttp2(session, question);
        } finally {
          session.close();
        }
      },
    ],
    ['HTTP/1.1', (question) => askHttp1(listener.port, CERTIFICATE.chain, question)],
  ];

  for (const [version, ask] of versions) {
    describe(`over ${version}`, () => {
      // Section 4.1: "DoH servers MUST implement both the POST and GET methods."
      it('answers a message in the path and one in the body', async () => {
        for (const question of [
          get({ id: 0, name: 'mail.example.com.' }),
          post(encodeQuery({ id: 7, name: 'mail.example.com.' })),
        ]) {
          const { status, headers, body } = await ask(question);
          assert.equal(status, 200);
          assert.equal(headers['content-type'], MEDIA_TYPE);
          assert.equal(Number(headers['content-length']), body.length);
          const { id, answers } = decodeAnswer(body);
          assert.deepEqual([id, answers.length], [question.method === 'POST' ? 7 : 0, 1]);
        }
      });

      // Section 4.2.1: "Successful HTTP responses with a 2xx status code […] are used for any valid DNS response,
      // regardless of the DNS response code."
      it('answers 200 whatever the rcode', async () => {
        for (const [name, rcode] of [
          ['nowhere.example.com.', 3],
          ['www.example.net.', 5],
        ] as const) {
          const { status, body } = await ask(get({ name }));
          assert.deepEqual([status, decodeAnswer(body).rcode], [200, rcode]);
        }
      });

      // Section 5.1: "The assigned freshness lifetime of a DoH HTTP response MUST be less than or equal to the smallest TTL
      // in the Answer section of the DNS response. A freshness lifetime equal to the smallest TTL in the Answer section is
      // RECOMMENDED."
      it('may be kept for as long as the least TTL of the answer', async () => {
        assert.equal(cacheControl(await ask(get({ name: 'txt.example.com.', type: 'TXT' }))), 'private, max-age=120');
      });

      // Section 5.1: "If the DNS response has no records in the Answer section, and the DNS response has an SOA record in
      // the Authority section, the response freshness lifetime MUST NOT be greater than the MINIMUM field from that SOA".
      it('may be kept for as long as the SOA says where there is nothing', async () => {
        assert.equal(cacheControl(await ask(get({ name: 'nowhere.example.com.' }))), 'private, max-age=60');
        assert.equal(cacheControl(await ask(get({ name: 'mail.example.com.', type: 'AAAA' }))), 'private, max-age=60');
      });

      it('may not be kept when it is a refusal', async () => {
        assert.equal(cacheControl(await ask(get({ name: 'www.example.net.' }))), 'private, max-age=0');
      });

      const mail = encoded({ name: 'mail.example.com.' });
      const refusals: readonly [string, number, HttpQuestion][] = [
        ['another path', 404, { path: `/?dns=${mail}` }],
        ['a path that goes on', 404, { path: `/dns-query/?dns=${mail}` }],
        ['no message', 400, { path: '/dns-query' }],
        ['an empty message', 400, { path: '/dns-query?dns=' }],
        ['two messages', 400, { path: `/dns-query?dns=${mail}&dns=${mail}` }],
        ['padding, which section 6 forbids', 400, { path: `/dns-query?dns=${mail}==` }],
        ['what is no base64url', 400, { path: '/dns-query?dns=ab+/' }],
        ['a message that is too short', 400, { path: '/dns-query?dns=AAAA' }],
        ['a response', 400, get({ flags: 0x8000 })],
        ['an empty body', 400, post(new Uint8Array(0))],
        ['another method', 405, { ...post(Uint8Array.of(1)), method: 'PUT' }],
        ['another media type', 415, post(encodeQuery({}), 'text/plain')],
        ['a body that is too long', 413, post(new Uint8Array(65_536))],
      ];
      for (const [what, status, question] of refusals) {
        it(`refuses ${what}: ${status}`, async () => {
          const answer = await ask(question);
          assert.equal(answer.status, status);
          assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
          assert.equal(answer.headers.allow, status === 405 ? 'GET, POST' : undefined);
        });
      }

      it('takes a media type with parameters, in any case, and other variables beside ours', async () => {
        assert.equal(
          (await ask(post(encodeQuery({ name: 'mail.example.com.' }), 'Application/DNS-Message; a=b'))).status,
          200,
        );
        assert.equal((await ask({ path: `/dns-query?x=1&dns=${mail}&dnssec=0` })).status, 200);
      });

      it('answers with more than fits into a datagram', async () => {
        const { body } = await ask(get({ name: 'huge.example.com.' }));
        assert.ok(body.length > 1232);
        assert.equal(decodeAnswer(body).isTruncated, false);
      });
    });
  }

  it('answers many streams of a session at once', async () => {
    const session = await connectHttp2(listener.port, CERTIFICATE.chain);
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, id) => askHttp2(session, get({ id, name: 'mail.example.com.' }))),
    );
    assert.deepEqual(
      answers.map(({ body }) => decodeAnswer(body).id),
      Array.from({ length: 90 }, (_, id) => id),
    );
    session.close();
  });

  // Steering by the address of who asks is nothing that a shared cache could know of.
  it('lets shared caches keep only what holds for everyone, or for the client subnet that was asked for', async () => {
    const { desk } = createFixture({
      regions: [
        { id: 'eu', location: { latitude: 51, longitude: 0 } },
        { id: 'us', location: { latitude: 40, longitude: -74 } },
      ],
      clusters: ['eu', 'us'].map((id) => ({ id, region: id, endpoints: [{ id: 'a', address: '203.0.113.1' }] })),
      services: [{ name: 'www', zone: 'gtm.example.com', clusters: ['eu', 'us'] }],
    });
    const steering = await listenHttps(OPTIONS, desk);
    const session = await connectHttp2(steering.port, CERTIFICATE.chain);
    try {
      const steered = { name: 'www.gtm.example.com.' };
      assert.match(String(cacheControl(await askHttp2(session, get(steered)))), /^private, max-age=\d+$/);
      const forSubnet = await askHttp2(session, get({ ...steered, subnet: '81.2.69.0/24' }));
      assert.match(String(cacheControl(forSubnet)), /^max-age=[1-9]/);
    } finally {
      session.close();
      await steering.close();
    }
  });

  it('cuts off a body that does not get whole in time, and goes on with the session', async () => {
    const session = await connectHttp2(listener.port, CERTIFICATE.chain);
    const stream = openStream(session, post(new Uint8Array(0)));
    const answer = readAnswer(stream);
    const drip = setInterval(() => stream.write(Uint8Array.of(0)), 50);
    stream.on('close', () => clearInterval(drip));
    const begun = performance.now();
    await assert.rejects(answer, /closed with 8/);
    const ms = performance.now() - begun;
    assert.ok(ms >= 390 && ms < 1000, `${ms} ms`);
    assert.equal((await askHttp2(session, get({ name: 'mail.example.com.' }))).status, 200);
    session.close();
  });

  it('holds on to a few bodies that do not get whole, however many are begun', async () => {
    const limits = { ...OPTIONS.limits, idleTimeoutMs: 10_000, messageTimeoutMs: 10_000 };
    const patient = await listenHttps({ ...OPTIONS, limits }, RFC_FIXTURE.desk);
    const session = await connectHttp2(patient.port, CERTIFICATE.chain);
    const statuses: unknown[] = [];
    for (let begun = 0; begun < 50; begun++) {
      const stream = openStream(session, post(new Uint8Array()));
      stream.on('error', () => undefined);
      stream.on('response', (headers) => statuses.push(headers[':status']));
      stream.write(new Uint8Array(60_000));
    }
    for (let turn = 0; turn < 400 && statuses.length < 46; turn++) await sleep(10);
    assert.deepEqual(statuses, Array(46).fill(503));
    assert.equal((await askHttp2(session, get({ name: 'mail.example.com.' }))).status, 200);
    session.destroy();
    await patient.close();
  });

  it('closes a connection on which nothing is asked, of either version', async () => {
    const begun = performance.now();
    const http2 = await connectHttp2(listener.port, CERTIFICATE.chain);
    const http1 = await connectTls(listener.port, { ca: CERTIFICATE.chain, ALPNProtocols: ['http/1.1'] });
    http1.send(Buffer.from('GET /dns-query HTTP/1.1\r\n'));
    // Pings are no questions.
    const ping = setInterval(() => void http2.ping(() => undefined), 50);
    await Promise.all([once(http2, 'close').finally(() => clearInterval(ping)), http1.closed()]);
    const ms = performance.now() - begun;
    assert.ok(ms >= 900 && ms < 2500, `${ms} ms`);
  });

  it('lets go of who takes back what it asks, over and over', async () => {
    const session = await connectHttp2(listener.port, CERTIFICATE.chain);
    await sleep(50);
    const before = OPEN[HTTPS] ?? 0;
    let asked = 0;
    for (; OPEN[HTTPS] === before && asked < 5000 && !session.destroyed; asked += 50) {
      for (let turn = 0; turn < 50 && !session.destroyed; turn++) {
        const stream = openStream(session, get({ name: 'mail.example.com.' }));
        stream.on('error', () => undefined);
        stream.close(8);
      }
      await sleep(1);
    }
    session.destroy();
    assert.ok(asked < 5000, `${asked} requests`);
    const next = await connectHttp2(listener.port, CERTIFICATE.chain);
    assert.equal((await askHttp2(next, get({ name: 'mail.example.com.' }))).status, 200);
    next.close();
  });

  it('refuses headers without end', async () => {
    const session = await connectHttp2(listener.port, CERTIFICATE.chain);
    // Limits hold once both sides know of them.
    await sleep(50);
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-${index}`, 'x'.repeat(1000)]));
    await assert.rejects(askHttp2(session, { ...get({}), headers }));
    session.destroy();
    const http1 = await askHttp1(listener.port, CERTIFICATE.chain, { ...get({}), headers });
    assert.equal(http1.status, 431);
  });

  // RFC 9112, section 3.2.2, of HTTP/1.1: "a server MUST accept the absolute-form in requests".
  it('is found at its path by a client that names us in what it asks for', async () => {
    const { path } = get({ name: 'mail.example.com.' });
    const { status } = await askHttp1(listener.port, CERTIFICATE.chain, { path: `https://localhost${path}` });
    assert.equal(status, 200);
  });

  it('ends what is no HTTP', async () => {
    for (const protocol of ['h2', 'http/1.1']) {
      const client = await connectTls(listener.port, { ca: CERTIFICATE.chain, ALPNProtocols: [protocol] });
      client.send(Buffer.from('\0\x1d\0\0\x01\0\0\x01\0\0\0\0\0\0\x04mail\x07example\x03com\0\0\x01\0\x01', 'latin1'));
      await client.closed(900);
    }
  });

  it('holds no connection longer than its client', async () => {
    const deadline = performance.now() + 2500;
    while ((OPEN[HTTPS] ?? 0) > 0 && performance.now() < deadline) await sleep(20);
    assert.equal(OPEN[HTTPS], 0);
    const client = await connectTls(listener.port, { ca: CERTIFICATE.chain, ALPNProtocols: ['h2'] });
    client.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'));
    await sleep(50);
    assert.equal(OPEN[HTTPS], 1);
    client.socket.end();
    await sleep(200);
    assert.equal(OPEN[HTTPS], 0);
  });

  it('answers what was asked before it closes, and says that it goes', async () => {
    const closing = await listenHttps(OPTIONS, RFC_FIXTURE.desk);
    const session = await connectHttp2(closing.port, CERTIFICATE.chain);
    const goaway = once(session, 'goaway');
    assert.equal((await askHttp2(session, get({ name: 'mail.example.com.' }))).status, 200);
    const closed = once(session, 'close');
    await closing.close();
    await Promise.all([goaway, closed]);
  });
});
