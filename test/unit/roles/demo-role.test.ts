import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sendDemoCommand } from '../../../src/demo/control-socket.ts';
import { DemoRole } from '../../../src/roles/demo-role.ts';
import { findFreePort } from '../../support/free-port.ts';
import { configurationOf, openDirectory, recordLog } from './fixture.ts';

/** Two regions, whose endpoints are checked on loopback. */
function documentOf(ports: readonly [number, number], answers = ['203.0.113.1', '203.0.113.2']) {
  const endpoints = (position: 0 | 1) => [
    { id: 'a', address: answers[position], check: { address: '127.0.0.1', port: ports[position] } },
  ];
  return {
    zones: [
      { name: 'example.com', soa: { mname: 'ns1.example.com', rname: 'h.example.com' }, ns: ['ns1.example.net'] },
    ],
    regions: [
      { id: 'eu', location: { latitude: 50, longitude: 0 } },
      { id: 'us', location: { latitude: 40, longitude: -70 } },
    ],
    monitors: [{ id: 'web', type: 'http', path: '/healthz' }],
    clusters: [
      { id: 'web-eu', region: 'eu', monitor: 'web', endpoints: endpoints(0) },
      { id: 'web-us', region: 'us', monitor: 'web', endpoints: endpoints(1) },
    ],
    services: [],
  };
}

async function open(context: TestContext) {
  const stateDirectory = await openDirectory(context);
  const ports = [await findFreePort(), await findFreePort()] as const;
  const shown = documentOf(ports);
  const configurationFile = join(stateDirectory, 'shown.json');
  writeFileSync(configurationFile, JSON.stringify(shown));
  const log = recordLog();
  const role = new DemoRole({ stateDirectory, configurationFile, resolveLocation: () => undefined }, log.logger);
  context.after(() => role.close());
  const messages = () => log.lines.map(({ level, msg }) => `${level}: ${msg}`);
  return { role, ports, shown, stateDirectory, messages };
}

const answers = async (port: number) => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  } catch {
    return false;
  }
};

test('answers for the configuration of the demonstration, and says nothing of it', async (context) => {
  const { role, ports, shown, messages } = await open(context);
  await role.setConfiguration(configurationOf(shown));
  assert.deepEqual(await Promise.all(ports.map(answers)), [true, true]);
  assert.deepEqual(messages(), []);
});

test('never answers at the ports of a configuration that is somebody’s own, and says so once', async (context) => {
  const { role, ports, messages } = await open(context);
  for (const port of ['192.0.2.1', '192.0.2.3']) {
    await role.setConfiguration(configurationOf(documentOf(ports, [port, '192.0.2.2'])));
  }
  assert.deepEqual(await Promise.all(ports.map(answers)), [false, false]);
  assert.deepEqual(messages(), [
    "info: no demonstration backends: the configuration has none of the example's endpoints",
  ]);
});

test('stops answering when a configuration of one’s own is committed, and answers again for the demonstration', async (context) => {
  const { role, ports, shown, stateDirectory } = await open(context);
  await role.setConfiguration(configurationOf(shown));
  await role.setConfiguration(configurationOf(documentOf(ports, ['203.0.113.1', '192.0.2.2'])));
  assert.deepEqual(await Promise.all(ports.map(answers)), [true, false]);
  await role.setConfiguration(configurationOf(documentOf(ports, ['192.0.2.1', '192.0.2.2'])));
  assert.deepEqual(await Promise.all(ports.map(answers)), [false, false]);
  const refused = await sendDemoCommand(stateDirectory, 'fail', 'eu');
  assert.deepEqual(
    [refused.ok, refused.message],
    [false, 'there is no demonstration backend in eu: nor in any other region'],
  );
  await role.setConfiguration(configurationOf(shown));
  assert.deepEqual(await Promise.all(ports.map(answers)), [true, true]);
});

test('a backend that was made to fail goes on failing over a commit that leaves it where it is', async (context) => {
  const { role, ports, shown, stateDirectory } = await open(context);
  await role.setConfiguration(configurationOf(shown));
  assert.equal((await sendDemoCommand(stateDirectory, 'fail', 'eu')).ok, true);
  await role.setConfiguration(configurationOf({ ...shown, monitors: [{ ...shown.monitors[0], interval: '9s' }] }));
  assert.deepEqual(await Promise.all(ports.map(answers)), [false, true]);
});

test('says of a port that is checked for an endpoint of one’s own as well that there is no backend', async (context) => {
  const { role, ports, shown, messages } = await open(context);
  const check = { address: '127.0.0.1', port: ports[1] };
  const own = { id: 'own', region: 'eu', monitor: 'web', endpoints: [{ id: 'a', address: '192.0.2.9', check }] };
  await role.setConfiguration(configurationOf({ ...shown, clusters: [...shown.clusters, own] }));
  assert.deepEqual(await Promise.all(ports.map(answers)), [true, false]);
  assert.deepEqual(messages(), [
    `info: no demonstration backend at 127.0.0.1:${ports[1]} (us): endpoints that are not the example's are checked there too`,
  ]);
});

test('goes on without the demonstration when a port of it is taken', async (context) => {
  const { role, ports, shown, messages } = await open(context);
  const taken = createServer().listen(ports[1], '127.0.0.1');
  context.after(() => taken.close());
  await role.setConfiguration(configurationOf(shown));
  assert.equal(await answers(ports[0]), false);
  assert.match(
    messages().join('\n'),
    /^error: .* the port is taken: .*, or name other ports: .*demo\.configuration.*; going on without the demonstration$/,
  );
});
