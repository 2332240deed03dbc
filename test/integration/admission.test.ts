// The story of README "Admitting workers", with real processes over a real Redis: a worker that is not listed is refused and shown
// with its key; once it is listed with that key its votes count; and somebody else under its name is refused.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes, waitReady } from '../support/processes.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';

const skip = requireProgram('redis-server', 'redis-server');
const LIMIT_MS = 20_000;

type Refused = { readonly worker: string; readonly problem: string; readonly publicKey: string };
type Vantage = {
  readonly workers: readonly { readonly worker: string; readonly alive: boolean; readonly publicKey: string }[];
  readonly refused: readonly Refused[];
};

describe('admitting workers', { skip: skip ?? false }, () => {
  let redis: RedisServer;
  let processes: Processes;
  let apiUrl = '';
  let token = '';
  /** The public keys, as `azimuth probe key` says them. */
  const keys = { worker: '', forger: '' };
  before(async () => {
    redis = await startRedisServer();
    processes = await openProcesses();
    const state = processes.makeDirectory('api');
    const file = join(state, 'configuration.json');
    writeFileSync(file, JSON.stringify(compose(redis.port)));
    const port = await findFreePort();
    const environment = {
      ...environmentOf(state),
      AZIMUTH_API_LISTEN: `127.0.0.1:${port}`,
      AZIMUTH_GEO_BUNDLED: 'false',
    };
    const api = processes.azimuth(['api', '--config', file], { name: 'api', environment });
    // Each command takes as long to start as a role does: all of them at once.
    [keys.worker, keys.forger] = await Promise.all([makeKey('worker'), makeKey('forger'), waitReady(api, port)]);
    apiUrl = `http://127.0.0.1:${port}/v1`;
    // Written once there is a configuration, which may be a moment after the API is ready.
    await waitFor('the token is there', async () => existsSync(join(state, 'token')));
    token = readFileSync(join(state, 'token'), 'utf8').trim();
  });
  after(async () => {
    await processes?.close();
    await redis?.stop();
  });

  const environmentOf = (stateDirectory: string) => ({
    AZIMUTH_STORE: redis.url,
    AZIMUTH_STATE_DIRECTORY: stateDirectory,
    AZIMUTH_PROBE_ALLOW_NETWORKS: '127.0.0.0/8',
    AZIMUTH_LOG_FORMAT: 'json',
  });
  const environmentOfWorker = (name: keyof typeof keys) => ({
    ...environmentOf(processes.makeDirectory(name)),
    AZIMUTH_PROBE_VANTAGE: 'paris',
    AZIMUTH_PROBE_WORKER: 'paris-1',
  });
  async function makeKey(name: keyof typeof keys): Promise<string> {
    const made = processes.azimuth(['probe', 'key'], {
      name: `key of ${name}`,
      environment: environmentOfWorker(name),
    });
    assert.equal((await made.exited).code, 0, made.output());
    return /^MCowBQYDK2VwAyEA\S+$/m.exec(made.output())?.[0] ?? assert.fail(made.output());
  }
  /** Answers where its metrics are. */
  async function startWorker(name: keyof typeof keys): Promise<string> {
    const port = await findFreePort();
    const environment = { ...environmentOfWorker(name), AZIMUTH_TELEMETRY_LISTEN: `127.0.0.1:${port}` };
    processes.azimuth(['probe'], { name, environment });
    return `http://127.0.0.1:${port}/metrics`;
  }
  /** Messages with votes that the process did not take in. */
  async function countRefused(metricsUrl: string): Promise<number> {
    const text = await (await fetch(metricsUrl)).text();
    return Number(/^azimuth_slots_refused_total (\d+)$/m.exec(text)?.[1]);
  }
  async function call<Reply>(method: string, path: string, body?: unknown): Promise<Reply> {
    const headers = { authorization: `Bearer ${token}`, 'if-match': '*', 'content-type': 'application/json' };
    const reply = await fetch(`${apiUrl}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
    return reply.json() as Promise<Reply>;
  }
  const readVantage = async () => (await call<{ items: Vantage[] }>('GET', '/health/vantages')).items[0];
  const readVerdict = async () => (await call<{ items: { verdict: string }[] }>('GET', '/health')).items[0]?.verdict;
  const waitFor = (what: string, holds: () => Promise<boolean>) => waitUntil(what, holds, LIMIT_MS, 100);

  test('a stranger is refused and shown with its key, counts once it is listed, and a forger does not', async () => {
    try {
      const { worker: key } = keys;
      const metricsUrl = await startWorker('worker');
      await waitFor('the stranger is shown', async () => (await readVantage())?.refused.length === 1);
      const stranger = (await readVantage())?.refused[0];
      assert.deepEqual([stranger?.worker, stranger?.problem, stranger?.publicKey], ['paris-1', 'unlisted', key]);
      assert.equal(await readVerdict(), 'unknown');

      const workers = [{ id: stranger?.worker, publicKey: stranger?.publicKey }];
      await call('PATCH', '/vantages/paris', { workers });
      await waitFor('its votes count', async () => (await readVerdict()) === 'up');
      const [admitted] = (await readVantage())?.workers ?? [];
      assert.deepEqual([admitted?.worker, admitted?.alive, admitted?.publicKey], ['paris-1', true, key]);

      // Its own messages were, by itself too, until it was listed.
      const refused = await countRefused(metricsUrl);
      const refusedByApi = await countRefused(apiUrl.replace('/v1', '/metrics'));
      assert.ok(refused > 0 && refusedByApi > 0, `${refused} and ${refusedByApi}`);
      await startWorker('forger');
      const { forger: forged } = keys;
      assert.notEqual(forged, key);
      await waitFor('the forger is shown', async () => (await readVantage())?.refused[0]?.publicKey === forged);
      assert.equal((await readVantage())?.refused[0]?.problem, 'other-key');
      await waitFor('the worker goes on', async () => (await readVantage())?.workers[0]?.alive === true);
      assert.equal((await readVantage())?.workers[0]?.publicKey, key, 'no slot of the forger was taken in');
      assert.equal(await readVerdict(), 'up');
      // One may have come just before the worker knew that it is listed.
      await waitFor('the worker refused it as well', async () => (await countRefused(metricsUrl)) >= refused + 2);
      assert.ok((await countRefused(apiUrl.replace('/v1', '/metrics'))) > refusedByApi);
    } catch (error) {
      throw new Error(processes.report(), { cause: error });
    }
  });
});

/** What is checked is the store itself: a port that is there. */
function compose(port: number): unknown {
  const check = { address: '127.0.0.1', port };
  return {
    zones: [{ name: 'gtm.example.com', ns: ['ns1.example.net'] }],
    regions: [{ id: 'eu', location: { latitude: 53, longitude: -6 } }],
    vantages: [{ id: 'paris', workers: [] }],
    monitors: [{ id: 'web', type: 'tcp', port: 443, interval: '1s', timeout: '500ms' }],
    clusters: [{ id: 'web', region: 'eu', monitor: 'web', endpoints: [{ id: 'a', address: '203.0.113.10', check }] }],
    services: [{ name: 'www', zone: 'gtm.example.com', clusters: ['web'] }],
  };
}
