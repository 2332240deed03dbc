// The servers that ours is held against: NSD, Knot DNS and BIND, each a process of its own on loopback, with the same zones.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '../../../scripts/test-tools.ts';
import { findFreePort } from '../free-port.ts';
import type { Processes } from '../processes.ts';
import { type Asker, openAsker } from './asker.ts';
import { formatZone, type RandomZone } from './random-zones.ts';

export type PeerName = 'nsd' | 'knotd' | 'named';
export type Peer = Asker & { readonly name: PeerName };

type PeerSetup = {
  readonly directory: string;
  readonly port: number;
  readonly zones: readonly { readonly name: string; readonly file: string }[];
};

/** The text of its configuration file, and its arguments. */
type PeerKind = {
  readonly configure: (setup: PeerSetup) => string;
  readonly args: (file: string, port: number) => string[];
};

/** Without a limit of the rate, which they would take this for an attack by; with as much in a datagram as will be asked. */
const KINDS: Readonly<Record<PeerName, PeerKind>> = {
  nsd: {
    configure: ({ directory, port, zones }) => `server:
  ip-address: 127.0.0.1@${port}
  zonesdir: "${directory}"
  database: ""
  pidfile: "${directory}/nsd.pid"
  xfrdfile: "${directory}/xfrd.state"
  zonelistfile: "${directory}/zone.list"
  username: ""
  logfile: "${directory}/nsd.log"
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  ipv4-edns-size: 4096
  round-robin: no
remote-control:
  control-enable: no
${zones.map(({ name, file }) => `zone:\n  name: "${name}"\n  zonefile: "${file}"\n`).join('')}`,
    args: (file) => ['-d', '-c', file],
  },
  knotd: {
    configure: ({ directory, port, zones }) => `server:
  listen: 127.0.0.1@${port}
  rundir: "${directory}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  udp-max-payload: 4096
database:
  storage: "${directory}"
log:
  - target: stdout
    any: info
template:
  - id: default
    storage: "${directory}"
    journal-content: none
    zonefile-sync: -1
    zonefile-load: whole
zone:
${zones.map(({ name, file }) => `  - domain: "${name}"\n    file: "${file}"\n`).join('')}`,
    args: (file) => ['-c', file],
  },
  named: {
    configure: ({ directory, port, zones }) => `options {
  directory "${directory}";
  pid-file "${directory}/named.pid";
  session-keyfile "${directory}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  minimal-responses no-auth;
  edns-udp-size 4096;
  max-udp-size 4096;
  check-names primary ignore;
  check-integrity no;
  notify no;
  empty-zones-enable no;
  rrset-order { order none; };
  querylog no;
  zero-no-soa-ttl no;
};
controls { };
logging { channel here { stderr; }; category default { here; }; };
${zones.map(({ name, file }) => `zone "${name}" { type primary; file "${file}"; };\n`).join('')}`,
    args: (file) => ['-f', '-n', '1', '-c', file],
  },
};

/** Starts the peer; close the processes, and the peer, in `after`. */
export async function startPeer(processes: Processes, name: PeerName, zones: readonly RandomZone[]): Promise<Peer> {
  const directory = processes.makeDirectory(name);
  const port = await findFreePort();
  const files = zones.map((zone, index) => {
    const file = `zone-${index}`;
    writeFileSync(join(directory, file), formatZone(zone));
    return { name: zone.name.slice(0, -1), file };
  });
  const kind = KINDS[name];
  const file = join(directory, 'peer.conf');
  writeFileSync(file, kind.configure({ directory, port, zones: files }));
  const running = processes.run(findTool(name) ?? name, kind.args(file, port), { name });
  const asker = await openAsker(port);
  await waitForZones(asker, zones, running.output);
  return { ...asker, name };
}

const START_LIMIT_MS = 20_000;

/** A server may answer before it has read all of its zones, or go without one that it does not like. */
async function waitForZones(asker: Asker, zones: readonly RandomZone[], output: () => string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (const { name } of zones) {
    for (;;) {
      const answer = await asker.ask({ name, type: 'SOA' }).catch(() => undefined);
      if (answer?.rcode === 0 && answer.answers.length === 1) break;
      if (performance.now() > deadline) throw new Error(`zone ${name} is not served:\n${output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
