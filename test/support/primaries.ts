// Servers from which Azimuth fetches a zone: BIND, Knot and NSD as primaries, in directories of their own, on loopback, each
// with the zone in a master file, for whoever has the key. All of them are ended with the processes of the test.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKeyFile } from '../../src/transfer/read-key-file.ts';
import type { TsigKey } from '../../src/wire/tsig.ts';
import { findFreePort } from './free-port.ts';
import type { Processes, Running } from './processes.ts';
import { findProgram } from './require-program.ts';
import { runNamed } from './run-named.ts';
import { KEY_NAME, KEY_SECRET, KEY_TEXT } from './secondaries.ts';

export type ServedZone = { readonly zone: string; readonly text: string };
export type ZonePrimary = {
  readonly running: Running;
  readonly port: number;
  /** Another version of the zone, which it then reads. */
  change(text: string): void;
};

/** The key of all of them, as it is read from a key file. */
export function readTransferKey(): TsigKey {
  const read = readKeyFile(KEY_TEXT);
  const key = read.ok ? read.keys[0] : undefined;
  if (key === undefined) throw new Error('the key of the tests cannot be read');
  return key;
}

export async function startBindPrimary(processes: Processes, served: ServedZone): Promise<ZonePrimary> {
  const { directory, zoneFile, port } = await prepare(processes, 'named-primary', served);
  const running = await runNamed(processes, {
    name: 'named primary',
    directory,
    port,
    options: 'recursion no; dnssec-validation no; notify no;',
    keys: KEY_TEXT,
    rest: `zone "${served.zone}" {
  type primary; file "${zoneFile}"; ixfr-from-differences yes; allow-transfer { key ${KEY_NAME}; };
};`,
  });
  return { running, port, change: changeFile(zoneFile, running) };
}

export async function startKnotPrimary(processes: Processes, served: ServedZone): Promise<ZonePrimary> {
  const { directory, zoneFile, port } = await prepare(processes, 'knot-primary', served);
  const file = join(directory, 'knot.conf');
  writeFileSync(
    file,
    `server:
  listen: 127.0.0.1@${port}
  rundir: ${directory}
database:
  storage: ${directory}
log:
  - target: stderr
    any: info
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${KEY_SECRET}
acl:
  - id: transfer
    key: ${KEY_NAME}
    action: transfer
zone:
  - domain: ${served.zone}
    file: ${zoneFile}
    zonefile-load: difference
    acl: transfer
`,
  );
  const running = processes.run(findProgram('knotd') ?? 'knotd', ['-c', file], { name: 'knotd primary' });
  await running.waitFor(/server started/);
  return { running, port, change: changeFile(zoneFile, running) };
}

export async function startNsdPrimary(processes: Processes, served: ServedZone): Promise<ZonePrimary> {
  const { directory, zoneFile, port } = await prepare(processes, 'nsd-primary', served);
  const file = join(directory, 'nsd.conf');
  writeFileSync(
    file,
    `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  database: ""
  zonesdir: "${directory}"
  xfrdir: "${directory}"
  pidfile: "${directory}/pid"
  zonelistfile: "${directory}/zone.list"
  xfrdfile: "${directory}/xfrd.state"
  verbosity: 2
key:
  name: "${KEY_NAME}"
  algorithm: hmac-sha256
  secret: "${KEY_SECRET}"
zone:
  name: "${served.zone}"
  zonefile: "${zoneFile}"
  provide-xfr: 127.0.0.1 ${KEY_NAME}
  store-ixfr: yes
  create-ixfr: yes
remote-control:
  control-enable: no
`,
  );
  const running = processes.run(findProgram('nsd') ?? 'nsd', ['-d', '-c', file], { name: 'nsd primary' });
  await running.waitFor(/nsd started/);
  return { running, port, change: changeFile(zoneFile, running) };
}

async function prepare(processes: Processes, name: string, { text }: ServedZone) {
  const port = await findFreePort();
  const directory = processes.makeDirectory(`${name}-${port}`);
  const zoneFile = join(directory, 'zone');
  writeFileSync(zoneFile, text);
  return { directory, zoneFile, port };
}

function changeFile(zoneFile: string, running: Running) {
  return (text: string): void => {
    writeFileSync(zoneFile, text);
    running.signal('SIGHUP');
  };
}
