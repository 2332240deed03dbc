// The GeoIP database of a running node: a file that is dropped into the directory is taken up within seconds and changes the
// answers, a newer one takes its place, and a damaged one is refused while the one in use goes on serving.

import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askAddress, type DnsServer, waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { geoip2Record, type MmdbValue, writeMmdb } from '../support/mmdb-writer.ts';
import { openProcesses, type Processes, type Running, waitReady } from '../support/processes.ts';
import { beginStory } from '../support/story.ts';

const SERVICE = 'www.gtm.example.com';
const EU = '203.0.113.10';
const AP = '203.0.113.30';
const CLIENT = '198.18.7.0/24';
const LONDON = geoip2Record('GB', 51.5, -0.12);
const TOKYO = geoip2Record('JP', 35.68, 139.69);
const RELOAD_LIMIT_MS = 20_000;

describe('the geo directory of a running node', { timeout: 60_000 }, () => {
  const { step, reportFailure } = beginStory();
  let processes: Processes;
  let running: Running;
  let server: DnsServer;
  let geoDirectory: string;

  before(async () => {
    processes = await openProcesses();
    geoDirectory = processes.makeDirectory('geo');
    const [port, apiPort] = [await findFreePort(), await findFreePort()];
    server = { host: '127.0.0.1', port };
    running = startNode(port, apiPort);
    await waitReady(running, apiPort);
  });
  after(async () => {
    reportFailure(() => processes.report());
    await processes?.close();
  });

  step('without a database answers all the same, by the order of the clusters and with scope 0', async () => {
    const reply = await ask(server, { name: SERVICE, subnet: CLIENT });
    assert.deepEqual(reply.data, [EU]);
    assert.equal(reply.scope, 0);
  });

  step('takes up a database that is dropped in, and answers by it', async (say) => {
    drop('GeoIP2-City.mmdb', TOKYO, 1_780_000_000);
    const took = await waitUntil('Tokyo is answered', async () => (await answer()) === AP, RELOAD_LIMIT_MS);
    say(`answered by the new database ${Math.round(took)} ms after it was dropped in`);
    assert.ok(((await ask(server, { name: SERVICE, subnet: CLIENT })).scope ?? 0) > 0);
  });

  step('takes up a newer edition of it in the same file', async () => {
    drop('GeoIP2-City.mmdb', LONDON, 1_790_000_000);
    await waitUntil('London is answered', async () => (await answer()) === EU, RELOAD_LIMIT_MS);
  });

  step('refuses a damaged one, says so, and goes on with the one in use', async () => {
    const whole = compose(TOKYO, 1_800_000_000);
    writeFileSync(join(geoDirectory, 'GeoIP2-City.mmdb'), whole.subarray(0, whole.length - 200));
    await running.waitFor(/the database in use stays/, RELOAD_LIMIT_MS);
    assert.equal(await answer(), EU);
    await sleep(1500);
    assert.equal(await answer(), EU);
  });

  step('goes on with it when the file vanishes, and takes up the next sound one', async () => {
    rmSync(join(geoDirectory, 'GeoIP2-City.mmdb'));
    await sleep(2500);
    assert.equal(await answer(), EU);
    drop('GeoIP2-City.mmdb', TOKYO, 1_810_000_000);
    await waitUntil('Tokyo is answered', async () => (await answer()) === AP, RELOAD_LIMIT_MS);
  });

  const answer = () => askAddress(server, SERVICE, CLIENT);

  /** As geoipupdate does it: written beside, then renamed. */
  function drop(name: string, place: MmdbValue, builtAtSeconds: number): void {
    const path = join(geoDirectory, name);
    writeFileSync(`${path}.temporary`, compose(place, builtAtSeconds));
    renameSync(`${path}.temporary`, path);
  }

  function startNode(port: number, apiPort: number): Running {
    const file = join(processes.makeDirectory('configuration'), 'configuration.json');
    writeFileSync(file, JSON.stringify(composeConfiguration()));
    const settingsFile = join(processes.makeDirectory('settings'), 'settings.json');
    const settings = {
      dns: { listen: [`127.0.0.1:${port}`] },
      api: { listen: `127.0.0.1:${apiPort}` },
      stateDirectory: processes.makeDirectory('state'),
      geo: { directory: geoDirectory, bundled: false, reloadInterval: '1s' },
    };
    writeFileSync(settingsFile, JSON.stringify(settings));
    return processes.azimuth(['up', '--settings', settingsFile, '--config', file], { name: 'up' });
  }
});

function compose(place: MmdbValue, buildEpochSeconds: number): Buffer {
  const networks = [{ prefix: '198.18.0.0/16', record: place }];
  return writeMmdb({ databaseType: 'GeoIP2-City', networks, buildEpochSeconds });
}

function composeConfiguration(): object {
  const zone = 'gtm.example.com';
  return {
    zones: [{ name: zone, soa: { mname: `ns1.${zone}`, rname: 'hostmaster.example.com' }, ns: ['ns1.example.net'] }],
    regions: [
      { id: 'eu', location: 'aws:eu-west-1' },
      { id: 'ap', location: 'iata:NRT' },
    ],
    clusters: [
      { id: 'eu', region: 'eu', endpoints: [{ id: 'a', address: EU }] },
      { id: 'ap', region: 'ap', endpoints: [{ id: 'a', address: AP }] },
    ],
    services: [{ name: 'www', zone, clusters: ['eu', 'ap'] }],
  };
}
