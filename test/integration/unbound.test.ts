// A real resolver in front: Unbound knows only where the parent zone is served, follows the delegation from there to our
// node, and hands out what the node says for the client's subnet, or for the resolver's own address where it sends none.
//
//   dig from 127.83.1.5 ─► Unbound ─► parent: example.com, by a node of ours ─── referral: gtm.example.com NS ns1.gtm…
//                             └─────► child: gtm.example.com, by another node ── steered by the subnet in the query

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findTool } from '../../scripts/test-tools.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { missingTools } from '../support/missing-tools.ts';
import { geoip2Record, writeMmdb } from '../support/mmdb-writer.ts';
import { LOOPBACK_PREFIX, type NetworkPlace, openNetworkPlace } from '../support/network-place.ts';
import { openProcesses, type Processes } from '../support/processes.ts';

const host = (last: string) => `${LOOPBACK_PREFIX}.${last}`;
const PARENT = host('0.52');
const CHILD = host('0.53');
const RESOLVER = host('0.54');
/** Resolvers that send no client subnet, by where their own address is. */
const PLAIN_RESOLVERS = { us: host('0.61'), ap: host('0.62') } as const;

const LONDON = geoip2Record('GB', 51.5, -0.12);
const TOKYO = geoip2Record('JP', 35.68, 139.69);
const NEW_YORK = geoip2Record('US', 40.71, -74.0);
const ADDRESS = { eu: '203.0.113.10', us: '203.0.113.20', ap: '203.0.113.30' } as const;
const SERVICE = 'www.gtm.example.com';
const START_LIMIT_MS = 20_000;

const DATABASE = writeMmdb({
  databaseType: 'GeoIP2-City',
  networks: [
    { prefix: `${host('1.0')}/24`, record: LONDON },
    { prefix: `${host('2.0')}/24`, record: TOKYO },
    { prefix: `${PLAIN_RESOLVERS.us}/32`, record: NEW_YORK },
    { prefix: `${PLAIN_RESOLVERS.ap}/32`, record: TOKYO },
    { prefix: '81.2.69.0/24', record: LONDON },
    { prefix: '133.11.0.0/16', record: TOKYO },
    { prefix: '2001:200::/32', record: TOKYO },
  ],
});

describe('a real resolver', { skip: missingTools('unbound', 'dig', 'ip'), timeout: 60_000 }, () => {
  let processes: Processes;
  let place: NetworkPlace | undefined;

  before(async () => {
    processes = await openProcesses();
    place = await openNetworkPlace(processes);
    if (place === undefined) return;
    startNode('parent', PARENT, parentConfiguration());
    startNode('child', CHILD, childConfiguration());
    startUnbound('resolver', RESOLVER, 'subnetcache iterator');
    for (const address of Object.values(PLAIN_RESOLVERS)) startUnbound(`resolver-${address}`, address, 'iterator');
    try {
      await waitUntil('the child answers', async () => (await dig(CHILD, SERVICE)) !== '', START_LIMIT_MS, 100);
      await waitUntil(
        'the parent answers',
        async () => (await dig(PARENT, 'example.com', 'SOA')) !== '',
        START_LIMIT_MS,
        100,
      );
      await waitUntil(
        'the resolver answers',
        async () => (await dig(RESOLVER, 'example.com', 'SOA')) !== '',
        START_LIMIT_MS,
        100,
      );
    } catch (error) {
      process.stderr.write(`${processes.report()}\n`);
      throw error;
    }
  });
  after(() => processes?.close());

  const check = (title: string, run: () => Promise<void>) =>
    it(title, async (context) => {
      if (place === undefined) {
        const reason = 'neither network namespaces nor port 53 are permitted here: run as root';
        assert.notEqual(process.env.CI, 'true', reason);
        return context.skip(reason);
      }
      await run();
    });

  check('is referred by the parent, which has no answer of its own', async () => {
    const text = await dig(PARENT, SERVICE, 'A', '+noall', '+authority', '+additional', '+answer');
    assert.match(text, /gtm\.example\.com\.\s+\d+\s+IN\s+NS\s+ns1\.gtm\.example\.com\./);
    assert.match(
      text,
      new RegExp(`ns1\\.gtm\\.example\\.com\\.\\s+\\d+\\s+IN\\s+A\\s+${CHILD.replaceAll('.', '\\.')}`),
    );
    assert.doesNotMatch(text, /203\.0\.113\./);
  });

  check('hands each client the answer for its own network, and keeps the answers apart in its cache', async () => {
    const london = host('1.5');
    const tokyo = host('2.5');
    for (const [client, address] of [
      [london, ADDRESS.eu],
      [tokyo, ADDRESS.ap],
      [london, ADDRESS.eu],
      [host('1.77'), ADDRESS.eu],
    ] as const) {
      assert.equal(await dig(RESOLVER, SERVICE, 'A', '+short', '-b', client), address, `client ${client}`);
    }
  });

  check('passes on the subnet that the query names, IPv4 and IPv6', async () => {
    const subnets = [
      ['81.2.69.0/24', ADDRESS.eu],
      ['133.11.5.0/24', ADDRESS.ap],
      ['2001:200:abcd::/48', ADDRESS.ap],
    ] as const;
    for (const [subnet, address] of subnets) {
      assert.equal(await dig(RESOLVER, SERVICE, 'A', '+short', `+subnet=${subnet}`), address, `subnet ${subnet}`);
    }
  });

  check('gets the answer for its own address where it sends no subnet', async () => {
    for (const region of ['us', 'ap'] as const) {
      assert.equal(
        await dig(PLAIN_RESOLVERS[region], SERVICE, 'A', '+short'),
        ADDRESS[region],
        `resolver in ${region}`,
      );
    }
  });

  check('gets what the zone holds besides, and proper denials', async () => {
    assert.equal(await dig(RESOLVER, 'gtm.example.com', 'MX', '+short'), '10 mail.gtm.example.com.');
    assert.match(await dig(RESOLVER, 'nothing.gtm.example.com', 'A', '+noall', '+comments'), /status: NXDOMAIN/);
    const nodata = await dig(RESOLVER, SERVICE, 'TXT', '+noall', '+comments');
    assert.match(nodata, /status: NOERROR/);
    assert.match(nodata, /ANSWER: 0/);
  });

  async function dig(server: string, name: string, type = 'A', ...options: readonly string[]): Promise<string> {
    const [command = '', ...prefix] = [...(place?.prefix ?? []), findTool('dig') ?? 'dig'];
    const asked = options.length > 0 ? options : ['+short'];
    const args = [...prefix, `@${server}`, name, type, ...asked, '+time=2', '+tries=1'];
    const { stdout } = await promisify(execFile)(command, args).catch(() => ({ stdout: '' }));
    return stdout.trim();
  }

  function startNode(name: string, address: string, configuration: object): void {
    const directory = processes.makeDirectory(name);
    writeFileSync(join(processes.makeDirectory(`${name}/geo`), 'GeoIP2-City.mmdb'), DATABASE);
    const configurationFile = join(directory, 'configuration.json');
    const settingsFile = join(directory, 'settings.json');
    writeFileSync(configurationFile, JSON.stringify(configuration));
    const settings = {
      dns: { listen: [`${address}:53`] },
      api: { listen: `${address}:8053` },
      stateDirectory: join(directory, 'state'),
      geo: { directory: join(directory, 'geo'), bundled: false },
    };
    writeFileSync(settingsFile, JSON.stringify(settings));
    const args = ['up', '--settings', settingsFile, '--config', configurationFile];
    processes.azimuth(args, { name, prefix: place?.prefix ?? [] });
  }

  /** Asks from its own address, so that each resolver is somewhere else. */
  function startUnbound(name: string, address: string, modules: string): void {
    const directory = processes.makeDirectory(name);
    const file = join(directory, 'unbound.conf');
    writeFileSync(file, composeUnboundConfiguration(directory, address, modules));
    processes.run(findTool('unbound') ?? 'unbound', ['-d', '-c', file], { name, prefix: place?.prefix ?? [] });
  }
});

function composeUnboundConfiguration(directory: string, address: string, modules: string): string {
  const withSubnet = modules.startsWith('subnetcache');
  return `
server:
  module-config: "${modules}"
  interface: ${address}
  outgoing-interface: ${address}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  use-caps-for-id: yes
  qname-minimisation: yes
  chroot: ""
  username: ""
  directory: "${directory}"
  pidfile: "${directory}/unbound.pid"
  use-syslog: no
  num-threads: 1
${withSubnet ? '  send-client-subnet: 127.0.0.0/8\n  client-subnet-always-forward: yes\n  max-client-subnet-ipv6: 48\n' : ''}
stub-zone:
  name: "example.com"
  stub-addr: ${PARENT}
remote-control:
  control-enable: no
`;
}

function zone(name: string, records: readonly object[]): object {
  return {
    name,
    soa: { mname: `ns1.${name}`, rname: 'hostmaster.example.com', minimum: 60 },
    ns: [`ns1.${name}`],
    records,
  };
}

function parentConfiguration(): object {
  const records = [
    { name: 'ns1', type: 'A', ttl: 300, data: [PARENT] },
    { name: 'gtm', type: 'NS', ttl: 300, data: ['ns1.gtm.example.com.'] },
    { name: 'ns1.gtm', type: 'A', ttl: 300, data: [CHILD] },
  ];
  return { zones: [zone('example.com', records)] };
}

function childConfiguration(): object {
  const records = [
    { name: 'ns1', type: 'A', ttl: 300, data: [CHILD] },
    { name: '@', type: 'MX', ttl: 300, data: ['10 mail.gtm.example.com.'] },
  ];
  const locations = { eu: 'aws:eu-west-1', us: 'aws:us-east-1', ap: 'iata:NRT' } as const;
  const ids = ['us', 'eu', 'ap'] as const;
  return {
    zones: [zone('gtm.example.com', records)],
    regions: ids.map((id) => ({ id, location: locations[id] })),
    clusters: ids.map((id) => ({ id, region: id, endpoints: [{ id: 'a', address: ADDRESS[id] }] })),
    services: [{ name: 'www', zone: 'gtm.example.com', clusters: ids }],
  };
}
