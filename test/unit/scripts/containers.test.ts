// The container files cannot be run here, but what they name can be looked at: every path, setting, role, network and
// volume. Where the compose client is present, it checks the file as well.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { readRegionTable } from '../../../src/databases/region-table.ts';
import { findRegionLocation } from '../../../src/geo/region-locations.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { readSettings } from '../../../src/settings/read-settings.ts';
import { ROOT } from '../style/sources.ts';

type Service = {
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  depends_on?: Record<string, unknown>;
  networks?: Record<string, { ipv4_address: string }>;
};
type Compose = { services: Record<string, Service>; volumes: object; networks: object };

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const compose: Compose = parse(read('docker-compose.yml'), { merge: true });
const services = Object.entries(compose.services);
const roles = services.filter(([, { command }]) => command?.[0] !== 'redis-server');
/** What is let through is let through with all that is in it. */
const isIgnored = (path: string) =>
  !read('.dockerignore')
    .split('\n')
    .includes(`!${path.split('/')[0]}`);

describe('Dockerfile', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );

  test('copies only what the repository has and .dockerignore lets through', () => {
    assert.ok(copied.length >= 7);
    assert.deepEqual(
      copied.filter((path) => !existsSync(join(ROOT, path)) || isIgnored(path)),
      [],
    );
  });

  test('starts the program that package.json names, without root', () => {
    const entry: string = JSON.parse(read('package.json')).bin.azimuth;
    assert.match(read('Dockerfile'), new RegExp(`^ENTRYPOINT \\["node", "/opt/azimuth/${entry}"\\]$`, 'm'));
    assert.ok(existsSync(join(ROOT, entry)), `${entry} is missing`);
    assert.match(read('Dockerfile'), /^USER node$/m);
  });

  test('parses what the roles load, once and for all', () => {
    const roles = [...(/\[("[^\]]+")\]\) await import/.exec(read('Dockerfile'))?.[1] ?? '').matchAll(/"([\w-]+)"/g)];
    assert.equal(roles.length, 5);
    for (const [, name] of roles) assert.ok(existsSync(join(ROOT, `src/roles/${name}.ts`)), name);
  });

  test('the settings that it bakes in are settings', () => {
    const environment = Object.fromEntries(
      [...read('Dockerfile').matchAll(/\b(AZIMUTH_[A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
    );
    assert.equal(Object.keys(environment).length, 1);
    assert.ok(readSettings({ environment }).ok);
  });
});

describe('docker-compose.yml', () => {
  test('has Redis, three vantages, two dns nodes, an api node and three backends', () => {
    const commands = services.map(
      ([, { command }]) => command?.slice(0, command[0] === 'demo' ? 2 : 1).join(' ') ?? '',
    );
    const count = (name: string) => commands.filter((command) => command === name).length;
    assert.deepEqual(
      ['redis-server', 'probe', 'dns', 'api', 'demo serve'].map((name) => [name, count(name)]),
      [
        ['redis-server', 1],
        ['probe', 3],
        ['dns', 2],
        ['api', 1],
        ['demo serve', 3],
      ],
    );
    assert.equal(new Set(roles.map(([, { environment }]) => environment?.AZIMUTH_PROBE_VANTAGE)).size, 4);
  });

  test('mounts only what the repository has, and volumes that it declares', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        const exists = source.startsWith('./')
          ? existsSync(join(ROOT, source))
          : Object.hasOwn(compose.volumes, source);
        assert.ok(exists, `${name}: ${volume}`);
      }
    }
  });

  test('every file below /etc/azimuth that a command names is in config/compose', () => {
    const named = roles.flatMap(([, { command = [] }]) => command.filter((word) => word.startsWith('/etc/azimuth/')));
    assert.ok(named.length >= 7);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(ROOT, path.replace('/etc/azimuth', 'config/compose')))),
      [],
    );
  });

  test('every role reads its settings without a problem', () => {
    for (const [name, { environment = {} }] of roles) {
      const parsed = readSettings({ file: join(ROOT, 'config/compose/azimuth.yaml'), environment });
      assert.ok(parsed.ok, `${name}: ${JSON.stringify(parsed)}`);
    }
  });

  test('each service has an address of its own, in a network that exists, and waits for services that exist', () => {
    const networks = services.flatMap(([, service]) => Object.entries(service.networks ?? {}));
    assert.equal(networks.length, services.length);
    assert.equal(new Set(networks.map(([, { ipv4_address }]) => ipv4_address)).size, services.length);
    for (const [network, { ipv4_address }] of networks) {
      assert.ok(Object.hasOwn(compose.networks, network));
      assert.match(ipv4_address, /^10\.53\.0\.\d+$/);
    }
    for (const [, { depends_on = {} }] of services) {
      for (const name of Object.keys(depends_on)) assert.ok(Object.hasOwn(compose.services, name));
    }
  });

  test('the configuration names the addresses and vantages that the services have', () => {
    const configuration = read('config/compose/configuration.yaml');
    const named = new Set(configuration.match(/10\.53\.0\.\d+/g));
    const addresses = services.map(([, { networks = {} }]) => networks.azimuth?.ipv4_address);
    assert.deepEqual(
      [...named].filter((address) => !addresses.includes(address)),
      [],
    );
    const document: { vantages: { id: string }[] } = parse(configuration);
    const table = readRegionTable();
    const resolveLocation = (reference: string) => {
      const found = findRegionLocation(table, reference);
      return found.ok ? found.value : undefined;
    };
    const parsed = parseConfiguration(document, { resolveLocation });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const probes = roles.flatMap(([, { environment }]) => environment?.AZIMUTH_PROBE_VANTAGE ?? []);
    assert.deepEqual(document.vantages.map(({ id }) => id).sort(), probes.sort());
  });

  // Registered only where the client is: a test that is skipped nearly everywhere would say nothing anywhere.
  if (spawnSync('docker', ['compose', 'version']).status === 0) {
    test('passes `docker compose config`', () => {
      const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: ROOT, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
  }
});
