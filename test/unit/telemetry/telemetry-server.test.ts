import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createMetrics } from '../../../src/telemetry/create-metrics.ts';
import type { Readiness } from '../../../src/telemetry/telemetry-routes.ts';
import { MAX_TELEMETRY_CONNECTIONS, startTelemetryServer } from '../../../src/telemetry/telemetry-server.ts';

const listen = { host: '127.0.0.1', port: 0 };

describe('startTelemetryServer', () => {
  test('says that it lives, whether it is ready and why not, and what it counts', async () => {
    let readiness: Readiness = { ready: false, reasons: ['no configuration yet'] };
    const metrics = createMetrics();
    metrics.addGauge({ name: 'azimuth_health_age_seconds', help: 'Age.', collect: (set) => set(7) });
    const server = await startTelemetryServer({ listen, metrics, isReady: () => readiness });
    try {
      const get = (path: string) => fetch(`http://127.0.0.1:${server.address.port}${path}`);
      const alive = await get('/livez');
      assert.deepEqual([alive.status, await alive.text()], [200, 'ok']);

      const unready = await get('/readyz');
      assert.deepEqual([unready.status, await unready.json()], [503, readiness]);
      readiness = { ready: true, reasons: [] };
      const ready = await get('/readyz');
      assert.deepEqual([ready.status, await ready.json()], [200, readiness]);

      const exposed = await get('/metrics');
      assert.match(exposed.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      assert.match(await exposed.text(), /^azimuth_health_age_seconds 7$/m);

      assert.equal((await get('/')).status, 404);
      const posted = await fetch(`http://127.0.0.1:${server.address.port}/livez`, { method: 'POST', body: 'x' });
      assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
      const head = await fetch(`http://127.0.0.1:${server.address.port}/livez?verbose`, { method: 'HEAD' });
      assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '2', '']);
      // As a client asks that takes us for a proxy.
      const { port } = server.address;
      const [named] = await once(
        request({ port, host: '127.0.0.1', path: 'http://node.example/livez' }).end(),
        'response',
      );
      assert.equal(named.resume().statusCode, 200);
    } finally {
      await server.close();
    }
  });

  test('what cannot be counted is an error of that answer alone', async () => {
    const expose = () => Promise.reject(new Error('a counter is gone'));
    const isReady = () => ({ ready: true, reasons: [] });
    const server = await startTelemetryServer({ listen, metrics: { ...createMetrics(), expose }, isReady });
    try {
      const url = `http://127.0.0.1:${server.address.port}`;
      const failed = await fetch(`${url}/metrics`);
      assert.deepEqual([failed.status, await failed.text()], [500, 'a counter is gone']);
      assert.equal((await fetch(`${url}/livez`)).status, 200);
    } finally {
      await server.close();
    }
  });

  test('answers the scrape that is under way before it closes, and refuses new ones after', async () => {
    const metrics = createMetrics();
    const slow = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const expose = () => {
      begun.resolve();
      return slow.promise;
    };
    const server = await startTelemetryServer({
      listen,
      metrics: { ...metrics, expose },
      isReady: () => ({ ready: true, reasons: [] }),
    });
    const url = `http://127.0.0.1:${server.address.port}/metrics`;
    const scrape = fetch(url);
    await begun.promise;
    const closed = server.close();
    slow.resolve('azimuth_a 1\n');
    assert.equal(await (await scrape).text(), 'azimuth_a 1\n');
    await closed;
    await assert.rejects(fetch(url));
  });

  for (const said of ['', 'GET /livez HTTP/1.1\r\nHost: a']) {
    const kind = said === '' ? 'on which nothing was asked' : 'with half a question';
    test(`closes though somebody keeps a connection ${kind}`, { timeout: 5000 }, async (context) => {
      const sources = { metrics: createMetrics(), isReady: () => ({ ready: true, reasons: [] }) };
      const server = await startTelemetryServer({ listen, ...sources });
      const socket = connect(server.address.port, '127.0.0.1').on('error', () => undefined);
      context.after(() => socket.destroy());
      await once(socket, 'connect');
      socket.write(said);
      // Accepted and read by the time that this is answered.
      await (await fetch(`http://127.0.0.1:${server.address.port}/livez`)).text();
      await Promise.all([once(socket, 'close'), server.close()]);
    });
  }

  test('answers one question at a time of each connection: who sends a thousand in a packet is sent away', {
    timeout: 10_000,
  }, async (context) => {
    const metrics = createMetrics();
    let exposed = 0;
    const expose = () => {
      exposed++;
      return metrics.expose();
    };
    const isReady = () => ({ ready: true, reasons: [] });
    const server = await startTelemetryServer({ listen, metrics: { ...metrics, expose }, isReady });
    context.after(() => server.close());
    const ask = async (requests: string[]) => {
      const socket = connect(server.address.port, '127.0.0.1').on('error', () => undefined);
      context.after(() => socket.destroy());
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (text.endsWith('\nok')) socket.write(requests.shift() ?? '');
      });
      socket.write(requests.shift() ?? '');
      await once(socket, 'close');
      return text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
    };
    assert.equal(await ask(['GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000)]), 0);
    assert.equal(exposed, 1);
    const again = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
    assert.equal(await ask([again, again, again.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')]), 3);
  });

  test('holds so many connections and no more, and serves again when one has ended', {
    timeout: 10_000,
  }, async (context) => {
    const sources = { metrics: createMetrics(), isReady: () => ({ ready: true, reasons: [] }) };
    const server = await startTelemetryServer({ listen, ...sources });
    context.after(() => server.close());
    const open = async () => {
      const socket = connect(server.address.port, '127.0.0.1').on('error', () => undefined);
      context.after(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    };
    const held = await Promise.all(Array.from({ length: MAX_TELEMETRY_CONNECTIONS }, open));
    const refused = await open();
    await once(refused, 'close');
    assert.ok(held.every(({ closed }) => !closed));
    held[0]?.end('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').resume();
    await once(held[0] ?? refused, 'close');
    assert.equal((await fetch(`http://127.0.0.1:${server.address.port}/livez`)).status, 200);
  });

  const answers = { ...createMetrics(), expose: async () => 'x'.repeat(50_000_000) };
  const ways = [
    ['on which nothing is asked', ''],
    ['on which a question comes byte by byte', 'GET /livez HTTP/1.1\r\nX: '],
    ['of someone who does not take the answer', 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'],
  ] as const;
  for (const [kind, said] of ways) {
    test(`ends a connection ${kind}, within its limit and not whenever Node looks`, {
      timeout: 10_000,
    }, async (context) => {
      const sources = { metrics: answers, isReady: () => ({ ready: true, reasons: [] }) };
      const server = await startTelemetryServer({ listen, ...sources, requestTimeoutMs: 300 });
      context.after(() => server.close());
      const socket = connect(server.address.port, '127.0.0.1').on('error', () => undefined);
      context.after(() => socket.destroy());
      socket.write(said);
      const dribble = setInterval(() => said.endsWith('X: ') && socket.write('a'), 50);
      context.after(() => clearInterval(dribble));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      // Reads nothing for some times the limit: what is there then ends before the answer does.
      await setTimeout(1500);
      let length = 0;
      socket.on('data', (chunk) => {
        length += chunk.length;
      });
      await closed;
      assert.ok(length < 50_000_000);
    });
  }

  test('an address that is taken is told with the setting to change', async () => {
    const sources = { metrics: createMetrics(), isReady: () => ({ ready: true, reasons: [] }) };
    const server = await startTelemetryServer({ listen, ...sources });
    try {
      await assert.rejects(startTelemetryServer({ listen: server.address, ...sources }), (error: Error) => {
        assert.match(
          error.message,
          /^Cannot serve telemetry at 127\.0\.0\.1:\d+ \(.*EADDRINUSE.*\)\. .*AZIMUTH_TELEMETRY_LISTEN/,
        );
        return true;
      });
    } finally {
      await server.close();
    }
  });
});
