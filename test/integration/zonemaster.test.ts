// Zonemaster, with which registries judge a delegation, finds nothing to warn of: in a network of its own, with a root and a
// parent by BIND, and a signed zone with a steered name on two addresses of a node of ours.
//
//   zonemaster ─► root and example, BIND: 203.0.9.1 ─── referral with DS ───► s.example, ours: 192.0.9.53, 198.51.9.53

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findTool } from '../../scripts/test-tools.ts';
import { composeDs, DIGEST_SHA256 } from '../../src/dnssec/dnskey.ts';
import { digestKey } from '../../src/keys/sign.ts';
import { formatRecordData, parseRecordData } from '../../src/wire/record-data.ts';
import { TYPE_DNSKEY, TYPE_DS } from '../../src/wire/record-types.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { missingTools } from '../support/missing-tools.ts';
import { type NetworkPlace, openNetworkPlace, skipWithoutPlace } from '../support/network-place.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { wireName } from '../support/signed-world.ts';

const execute = promisify(execFile);
const ZONE = 's.example';
const ROOT = '203.0.9.1';
/** Addresses of no special purpose, in two networks, as a zone should have them; nobody outside can be reached from there. */
const OURS = ['192.0.9.53', '198.51.9.53'] as const;
const START_LIMIT_MS = 30_000;
const JUDGE_LIMIT_MS = 120_000;

describe('zonemaster', { skip: missingTools('zonemaster-cli', 'named', 'dig', 'ip'), timeout: 240_000 }, () => {
  let processes: Processes;
  let place: NetworkPlace | undefined;
  before(async () => {
    processes = await openProcesses();
    place = await openNetworkPlace(processes);
  });
  after(() => processes?.close());

  it('finds nothing to warn of in a signed zone and its delegation', async (context) => {
    if (place?.kind !== 'namespace') return skipWithoutPlace(context);
    const { prefix } = place;
    for (const address of [ROOT, ...OURS]) run(prefix, 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
    const directory = processes.makeDirectory('zonemaster');
    startNode(processes, prefix, directory);
    const dig = async (...args: readonly string[]) =>
      (await inPlace(prefix, findTool('dig') ?? 'dig', ['+short', '+time=1', '+tries=1', ...args])).trim();
    const readKeys = () => dig(`@${OURS[0]}`, ZONE, 'DNSKEY').catch(() => '');
    await waitUntil('the zone is signed', async () => (await readKeys()).includes('257 3 13'), START_LIMIT_MS, 200);
    startParent(processes, prefix, directory, dsOf(await readKeys()));
    await waitUntil(
      'the root answers',
      async () => (await dig(`@${ROOT}`, '.', 'SOA').catch(() => '')) !== '',
      START_LIMIT_MS,
      200,
    );

    const hints = join(directory, 'hints');
    writeFileSync(hints, `. 3600 NS a.root.\na.root. 3600 A ${ROOT}\n`);
    const command = findTool('zonemaster-cli') ?? 'zonemaster-cli';
    const judged = await inPlace(prefix, command, ['--hints', hints, '--no-ipv6', '--level=INFO', ZONE]);
    assert.match(judged, /INFO/);
    const complaints = judged.split('\n').filter((line) => /\b(?:WARNING|ERROR|CRITICAL)\b/.test(line));
    assert.deepEqual(complaints, [], judged);
  });
});

function run(prefix: readonly string[], ...command: readonly string[]): void {
  const [program = '', ...args] = [...prefix, ...command];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

async function inPlace(prefix: readonly string[], command: string, args: readonly string[]): Promise<string> {
  const [program = '', ...rest] = [...prefix, command, ...args];
  const { stdout } = await execute(program, rest, { timeout: JUDGE_LIMIT_MS, maxBuffer: 2 ** 24 });
  return stdout;
}

function startNode(processes: Processes, prefix: readonly string[], directory: string): void {
  const records = [
    ...OURS.map((address, index) => ({ name: `ns${index + 1}`, type: 'A', data: [address] })),
    { name: '@', type: 'MX', data: ['10 mail'] },
    { name: 'mail', type: 'A', data: ['192.0.9.25'] },
  ];
  const soa = { refresh: '4h', retry: '1h', expire: '14d', minimum: '1h' };
  const configuration = {
    zones: [{ name: ZONE, soa, ns: ['ns1', 'ns2'], records, dnssec: { enabled: true, keys: 'split' } }],
    regions: [{ id: 'eu', location: { latitude: 50, longitude: 8 } }],
    clusters: [{ id: 'eu', region: 'eu', endpoints: [{ id: 'a', address: '192.0.9.80' }] }],
    services: [{ name: '@', zone: ZONE, clusters: ['eu'] }],
  };
  const settings = {
    dns: { listen: OURS.map((address) => `${address}:53`) },
    api: { listen: '127.0.0.1:8053' },
    stateDirectory: join(directory, 'state'),
    geo: { directory: processes.makeDirectory('geo'), bundled: false },
    dnssec: { askParent: false },
    log: { format: 'json' },
  };
  const [configurationFile, settingsFile] = [join(directory, 'configuration.json'), join(directory, 'settings.json')];
  writeFileSync(configurationFile, JSON.stringify(configuration));
  writeFileSync(settingsFile, JSON.stringify(settings));
  processes.azimuth(['up', '--settings', settingsFile, '--config', configurationFile], { name: 'node', prefix });
}

/** Of the key that signs the keys, as it would be given to the registrar. `keys`: what dig says, one a line. */
function dsOf(keys: string): string {
  const line = keys.split('\n').find((each) => each.startsWith('257 ')) ?? '';
  const parsed = parseRecordData(TYPE_DNSKEY, line, wireName(ZONE));
  assert.ok(parsed.ok, line);
  return formatRecordData(TYPE_DS, composeDs(wireName(ZONE), parsed.bytes, DIGEST_SHA256, digestKey));
}

function startParent(processes: Processes, prefix: readonly string[], directory: string, ds: string): void {
  const head = (owner: string) =>
    `$TTL 3600\n${owner} SOA a.root. h.root. 1 3600 900 604800 3600\n${owner} NS a.root.\n`;
  const delegation = OURS.map(
    (address, index) => `${ZONE}. NS ns${index + 1}.${ZONE}.\nns${index + 1}.${ZONE}. A ${address}\n`,
  );
  const zones: Record<string, string> = {
    '.': `a.root. A ${ROOT}\nexample. NS a.root.\n`,
    example: `${delegation.join('')}${ZONE}. DS ${ds}\n`,
  };
  for (const [index, address] of OURS.entries()) {
    const [a, b, c, d] = address.split('.');
    zones[`${c}.${b}.${a}.in-addr.arpa`] = `${d}.${c}.${b}.${a}.in-addr.arpa. PTR ns${index + 1}.${ZONE}.\n`;
  }
  const statements = Object.entries(zones).map(([name, records], index) => {
    const file = join(directory, `zone${index}`);
    writeFileSync(file, head(name === '.' ? '.' : `${name}.`) + records);
    return `zone "${name}" { type primary; file "${file}"; };`;
  });
  const options = `listen-on { ${ROOT}; }; listen-on-v6 { none; }; recursion no; pid-file none;`;
  const file = join(directory, 'named.conf');
  writeFileSync(file, `options { directory "${directory}"; ${options} };\ncontrols { };\n${statements.join('\n')}\n`);
  processes.run(findTool('named') ?? 'named', ['-g', '-c', file], { name: 'named', prefix });
}
