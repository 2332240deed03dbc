// Slots that nodes ask of the workers themselves, over HTTPS with certificates on both sides: with no Redis at all votes
// arrive; strangers get nothing; and a worker, a node or a server that lies, stalls or floods costs nobody else anything.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect } from 'node:tls';
import { pino } from 'pino';
import { packSlot } from '../../src/health/pack-slot.ts';
import { parseSettings, type Settings } from '../../src/model/settings.ts';
import { systemClock } from '../../src/native/system-clock.ts';
import { createProbeCounters } from '../../src/probe/counters.ts';
import { SlotWriter } from '../../src/probe/slot-writer.ts';
import { openPulledHealth } from '../../src/roles/pulled-health.ts';
import { openSlotService } from '../../src/roles/slot-service.ts';
import { followSlotTable, type SlotTable } from '../../src/store/follow-slots.ts';
import type { HealthStore } from '../../src/store/health-store.ts';
import { readVersionText } from '../../src/store/pull/worker-source.ts';
import { openRedisStore } from '../../src/store/redis/open-redis-store.ts';
import { createMetrics } from '../../src/telemetry/create-metrics.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeAuthority, type TestCertificate } from '../support/make-certificate.ts';
import { makeSlot, waitUntil } from '../support/store-contract.ts';

const logger = pino({ level: 'silent' });
const SECOND_MS = 1000;

// Each test has workers and a node of its own, and waits more than it works.
describe('slots asked of workers', { concurrency: 2 }, () => {
  const authority = makeAuthority('ours');
  const stranger = makeAuthority('another');
  const node = authority.issue(['node']);
  let directory: string;
  let files: { ca: string; certificate: string; key: string };
  let worker: { certificate: string; key: string };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'azimuth-pull-'));
    const write = async (name: string, text: string) => {
      await writeFile(join(directory, name), text);
      return join(directory, name);
    };
    const pair = async (name: string, { certificate, key }: TestCertificate) => ({
      certificate: await write(`${name}.crt`, certificate),
      key: await write(`${name}.key`, key),
    });
    worker = await pair('worker', authority.issue(['127.0.0.1']));
    files = { ca: await write('ca.crt', authority.certificate), ...(await pair('node', node)) };
  });
  after(() => rm(directory, { recursive: true, force: true }));

  function read(document: object): Settings {
    const parsed = parseSettings(document);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    return parsed.value;
  }

  /** A Redis that is not there. */
  async function openAbsentStore(context: TestContext): Promise<HealthStore> {
    const store = openRedisStore(`redis://127.0.0.1:${await findFreePort()}`);
    context.after(() => store.close());
    return store.health;
  }

  /** The service of a worker as the probe role has it. */
  async function openService(context: TestContext) {
    const port = await findFreePort();
    const serve = { listen: `127.0.0.1:${port}`, ...worker, clientCa: files.ca };
    const service = await openSlotService(read({ probe: { serve } }), await openAbsentStore(context), logger);
    context.after(() => service.close());
    return { port, health: service.health };
  }

  /** A node that follows these workers, and a store that is not there. */
  async function follow(context: TestContext, workers: readonly string[]) {
    const metrics = createMetrics();
    const settings = read({ health: { pull: { workers, ...files } } });
    const pulled = openPulledHealth(settings, await openAbsentStore(context), metrics, logger);
    const state: { slots: SlotTable; failures: number } = { slots: new Map(), failures: 0 };
    const following = followSlotTable(pulled.health, { onError: () => state.failures++ }, ({ slots }) => {
      state.slots = slots;
    });
    context.after(() => {
      following.close();
      pulled.close();
    });
    const count = async (name: string, outcome: string): Promise<number> => {
      const page = await metrics.expose();
      const line = page.split('\n').find((text) => text.includes(`worker="${name}",outcome="${outcome}"`));
      return Number(line?.split(' ').at(-1));
    };
    return { state, count };
  }

  async function serveAs(context: TestContext, pair: TestCertificate, listener: RequestListener): Promise<number> {
    const server = createServer(
      { cert: pair.certificate, key: pair.key, ca: authority.certificate, requestCert: true },
      listener,
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  test('with no Redis from the first moment on, a worker takes an epoch and its votes reach a node within two seconds', async (context) => {
    const service = await openService(context);
    const id = { vantage: 'paris', worker: 'p1' };
    let vote: 'up' | 'down' = 'up';
    const writer = new SlotWriter(
      { id, heartbeatMs: SECOND_MS },
      {
        store: service.health,
        clock: systemClock,
        logger,
        counters: createProbeCounters(),
        readVotes: () => [{ target: 't', vote, reason: vote === 'up' ? '' : 'refused' }],
      },
    );
    const timer = setInterval(() => writer.beat(), SECOND_MS / 4);
    context.after(async () => {
      clearInterval(timer);
      await writer.stop();
    });
    const { state } = await follow(context, [`paris/p1@https://127.0.0.1:${service.port}`]);
    const voteSeen = () => state.slots.get('paris/p1')?.votes[0]?.vote;
    await waitUntil(() => voteSeen() === 'up');
    const before = state.failures;
    assert.ok(Math.abs((state.slots.get('paris/p1')?.epoch ?? 0) - Date.now()) < 60_000);
    vote = 'down';
    const startedAt = performance.now();
    await waitUntil(() => voteSeen() === 'down');
    context.diagnostic(`a change of vote took ${Math.round(performance.now() - startedAt)} ms`);
    assert.ok(performance.now() - startedAt < 2 * SECOND_MS);
    assert.equal(state.failures, before, 'the store is gone, the workers are not');
  });

  test('whoever has no certificate of our authority gets nothing, not even an answer', async (context) => {
    const service = await openService(context);
    await service.health.writeSlot({ ...makeSlot(7, 1, ['up']), vantage: 'paris' }, undefined).catch(() => undefined);
    const ask = (options: ConnectionOptions) =>
      askStatus(service.port, { ca: authority.certificate, ...options }, '/slot');
    await assert.rejects(ask({}));
    const { certificate, key } = stranger.issue(['node']);
    await assert.rejects(ask({ cert: certificate, key }));
    const selfMade = stranger.issue(['127.0.0.1']);
    await assert.rejects(ask({ cert: selfMade.certificate, key: selfMade.key }));
    const own = { cert: node.certificate, key: node.key };
    assert.equal(await ask(own), 200);
    for (const path of ['/', '/metrics', '/slot/', '/slot?x', '/version/../slot']) {
      assert.equal(await askStatus(service.port, { ca: authority.certificate, ...own }, path), 404, path);
    }
    assert.equal(await askStatus(service.port, { ca: authority.certificate, ...own }, '/slot', 'POST'), 405);
  });

  test('a node asks nobody whose certificate is not of the authority, or of another host', async (context) => {
    const slot = { ...makeSlot(7, 1, ['down']), vantage: 'paris' };
    let asked = 0;
    const listener: RequestListener = (_, response) => {
      asked++;
      response.end(JSON.stringify(slot));
    };
    const ports = [
      await serveAs(context, stranger.issue(['127.0.0.1']), listener),
      await serveAs(context, authority.issue(['probe.other.example']), listener),
    ];
    const { state } = await follow(
      context,
      ports.map((port) => `paris@https://127.0.0.1:${port}`),
    );
    await waitUntil(() => state.failures === 1);
    assert.deepEqual([asked, state.slots.size], [0, 0]);
  });

  test('a worker speaks for itself alone: the slot of another vantage or another worker is refused and counted', async (context) => {
    const lie = (slot: ReturnType<typeof makeSlot>): RequestListener => {
      return (asking, response) => {
        const { vantage, worker: name, epoch, sequence } = slot;
        const version = {
          vantage: asking.url === '/version' && slot.epoch === 9 ? 'paris' : vantage,
          worker: name,
          epoch,
          sequence,
        };
        response.end(asking.url === '/version' ? JSON.stringify(version) : packSlot(slot));
      };
    };
    const pair = authority.issue(['127.0.0.1']);
    const otherVantage = await serveAs(context, pair, lie({ ...makeSlot(7, 1, ['down']), vantage: 'tokyo' }));
    const otherWorker = await serveAs(
      context,
      pair,
      lie({ ...makeSlot(8, 1, ['down']), vantage: 'paris', worker: 'p2' }),
    );
    // Says the truth about its version, and another's name in the slot itself.
    const late = await serveAs(context, pair, lie({ ...makeSlot(9, 1, ['down']), vantage: 'tokyo', worker: 'p3' }));
    const { state, count } = await follow(context, [
      `paris@https://127.0.0.1:${otherVantage}`,
      `paris/p1@https://127.0.0.1:${otherWorker}`,
      `paris/p3@https://127.0.0.1:${late}`,
    ]);
    await pause(1.5 * SECOND_MS);
    assert.equal(state.slots.size, 0);
    for (const name of [
      `paris@127.0.0.1:${otherVantage}`,
      `paris/p1@127.0.0.1:${otherWorker}`,
      `paris/p3@127.0.0.1:${late}`,
    ]) {
      assert.ok((await count(name, 'refused')) >= 1, name);
    }
  });

  test('workers that stall, flood or talk nonsense hold up no other, and are asked again', async (context) => {
    const pair = authority.issue(['127.0.0.1']);
    const version = (worker: string) => JSON.stringify({ vantage: 'paris', worker, epoch: 7, sequence: 1 });
    const honest = { ...makeSlot(7, 1, ['up']), vantage: 'paris', worker: 'good' };
    const hostile: readonly RequestListener[] = [
      // Never answers.
      () => {},
      // Endless.
      (_, response) => {
        const flood = setInterval(() => response.write(Buffer.alloc(65_536)), 1);
        response.on('close', () => clearInterval(flood));
      },
      // A version in good time, and a slot that drips.
      (asking, response) => {
        if (asking.url === '/version') return void response.end(version('drip'));
        response.writeHead(200);
        const drip = setInterval(() => response.write('x'), 100);
        response.on('close', () => clearInterval(drip));
      },
      // Nonsense of each kind.
      (asking, response) => void response.end(asking.url === '/version' ? version('junk') : 'junk'),
      (_, response) => void response.end('{"vantage":"paris","worker":"p","epoch":1e999,"sequence":-1}'),
      (_, response) => void response.writeHead(302, { location: 'https://127.0.0.1:1/' }).end(),
      (_, response) => void response.socket?.destroy(),
      (_, response) => void response.writeHead(200, { 'x-large': 'x'.repeat(8000) }).end(version('large')),
    ];
    const ports = await Promise.all(hostile.map((listener) => serveAs(context, pair, listener)));
    const good = await serveAs(context, pair, (asking, response) => {
      response.end(asking.url === '/version' ? version('good') : packSlot(honest));
    });
    const startedAt = performance.now();
    const { state, count } = await follow(
      context,
      [...ports, good].map((port) => `paris@https://127.0.0.1:${port}`),
    );
    await waitUntil(() => state.slots.size === 1, 1.5 * SECOND_MS);
    context.diagnostic(
      `among eight hostile ones the honest worker was heard after ${Math.round(performance.now() - startedAt)} ms`,
    );
    assert.deepEqual([...state.slots.keys()], ['paris/good']);
    await pause(2.5 * SECOND_MS);
    assert.equal(state.failures, 0);
    for (const port of [ports[0], ports[1], ports[5], ports[6], ports[7]]) {
      assert.ok((await count(`paris@127.0.0.1:${port}`, 'failed')) >= 2, `port ${port} was not asked again`);
    }
  });

  test('clients that say nothing, or half a request, are let go, and others are answered meanwhile', async (context) => {
    const service = await openService(context);
    await service.health.writeSlot({ ...makeSlot(7, 1, ['up']), vantage: 'paris' }, undefined).catch(() => undefined);
    const own = {
      ca: authority.certificate,
      cert: node.certificate,
      key: node.key,
      host: '127.0.0.1',
      port: service.port,
    };
    const silent = Array.from({ length: 50 }, (_, index) => {
      const socket = connect(own, () => socket.write(index % 2 === 0 ? 'GET /slot HTTP/1.1\r\nHost: x\r\nX-' : ''));
      socket.on('error', () => {});
      return socket;
    });
    context.after(() => silent.forEach((socket) => void socket.destroy()));
    await Promise.all(silent.map((socket) => once(socket, 'secureConnect')));
    assert.equal(await askStatus(service.port, own, '/slot'), 200);
    const halves = silent.filter((_, index) => index % 2 === 0);
    halves.forEach((socket) => void socket.resume());
    await Promise.all(halves.map((socket) => socket.destroyed || once(socket, 'close')));
  });
});

test('a version is what has all its parts, and nothing else', () => {
  const version = { vantage: 'eu', worker: 'w', epoch: 7, sequence: 1 };
  assert.deepEqual(readVersionText(JSON.stringify(version)), version);
  for (const change of [
    { epoch: -1 },
    { epoch: 1.5 },
    { sequence: '1' },
    { vantage: 7 },
    { worker: null },
    { epoch: 2 ** 53 },
  ]) {
    assert.equal(readVersionText(JSON.stringify({ ...version, ...change })), undefined);
  }
  for (const junk of ['', 'null', '[]', '7', '{', '"x"']) assert.equal(readVersionText(junk), undefined);
});

/** The status of one request over a connection of its own. */
function askStatus(port: number, options: ConnectionOptions, path: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...options, host: '127.0.0.1', port, path, method, agent: false });
    asking.on('error', reject);
    asking.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.end(method === 'POST' ? 'x' : undefined);
  });
}
