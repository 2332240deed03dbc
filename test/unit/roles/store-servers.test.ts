// What an operator is told of the servers of the store.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addStoreMetrics, describeAbsentServers, logStoreServers } from '../../../src/roles/store-servers.ts';
import { createStoreCounters, type StoreCounters, type StoreServer } from '../../../src/store/store-server.ts';
import { createMetrics } from '../../../src/telemetry/create-metrics.ts';

type Listener = (isConnected: boolean, reason: string) => void;

function makeServer(name: string, isConnected: boolean | undefined, counters: StoreCounters = createStoreCounters()) {
  const listeners: Listener[] = [];
  const server: StoreServer = { name, isConnected, counters, onPresence: (listener) => void listeners.push(listener) };
  return { server, tell: (...news: Parameters<Listener>) => listeners.forEach((listener) => void listener(...news)) };
}

function describe(...presence: readonly (boolean | undefined)[]): readonly string[] {
  return describeAbsentServers(presence.map((isConnected, place) => makeServer(`r${place}`, isConnected).server));
}

test('of several servers those that are gone are named, with what it costs', () => {
  assert.deepEqual(describe(true, false, undefined), ['r1 is gone: health goes through the others']);
  assert.deepEqual(describe(false, true), ['r0 is gone: the configuration cannot be changed']);
  assert.deepEqual(describe(false, false), ['r0 is gone: the configuration cannot be changed', 'r1 is gone']);
  assert.deepEqual(describe(true, true), []);
  assert.deepEqual(describe(false), [], 'of one alone whoever follows it says so');
});

test('a server that goes or comes back is logged, and one that is another primary is told apart', () => {
  const counters = createStoreCounters();
  const { server, tell } = makeServer('redis+sentinel://s/m/0', undefined, counters);
  const lines: string[] = [];
  const log = (fields: unknown, message?: string) => void lines.push(`${JSON.stringify(fields)} ${message}`);
  logStoreServers([server], { info: log, warn: log });
  tell(true, '');
  tell(false, 'read ECONNRESET');
  counters.primaryChanges++;
  tell(true, '');
  tell(true, '');
  const name = '{"server":"redis+sentinel://s/m/0"';
  assert.deepEqual(lines, [
    `${name}} connected to the store`,
    `${name},"reason":"read ECONNRESET"} a server of the store is gone`,
    `${name}} connected to another primary of the store`,
    `${name}} connected to the store`,
  ]);
});

test('each server has its metrics', async () => {
  const metrics = createMetrics();
  const first = makeServer('r0', true, { losses: 1, primaryChanges: 2, droppedWrites: 3 });
  addStoreMetrics(metrics, [first.server, makeServer('r1', undefined).server]);
  const page = await metrics.expose();
  for (const line of [
    'azimuth_store_connected{server="r0"} 1',
    'azimuth_store_connected{server="r1"} 0',
    'azimuth_store_connections_lost_total{server="r0"} 1',
    'azimuth_store_primary_changes_total{server="r0"} 2',
    'azimuth_store_dropped_writes_total{server="r0"} 3',
  ]) {
    assert.ok(page.includes(`${line}\n`), line);
  }
});
