// The node that is fuzzed over sockets: the real program, in a process of its own, that listens in every way that it can.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findFreePort } from '../support/free-port.ts';
import { makeSelfSigned } from '../support/make-certificate.ts';
import { openProcesses } from '../support/processes.ts';
import { RFC_DOCUMENT } from '../support/rfc-zone.ts';
import { BASE } from '../support/snapshot-fixture.ts';

export type LiveNode = {
  readonly pid: number;
  /** Of UDP and TCP. */
  readonly port: number;
  readonly tlsPort: number;
  readonly httpsPort: number;
  readonly certificate: string;
  output(): string;
  /** Messages that it answered or dropped, in all ways. */
  handled(): Promise<number>;
  /** Lines in which it speaks of errors. */
  complaints(): readonly string[];
  close(): Promise<void>;
};

/** All connections come from one address here, and there are many. */
const TCP = { maxConnections: 400, maxConnectionsPerPrefix: 400, idleTimeout: '2s', messageTimeout: '1s' };
const START_LIMIT_MS = 60_000;
/** Of pino: error and fatal. */
const COMPLAINT = /"level":"(?:error|fatal)"/;

export async function startLiveNode(): Promise<LiveNode> {
  const processes = await openProcesses();
  const directory = processes.makeDirectory('node');
  const { certificate, key } = makeSelfSigned(['localhost', '127.0.0.1']);
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const [port, tlsPort, httpsPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const apiPort = await findFreePort();
  const at = (own: number) => [`127.0.0.1:${own}`];
  const pem = { certificate: write('certificate.pem', certificate), key: write('key.pem', key) };
  const settings = {
    dns: {
      listen: at(port),
      threads: 2,
      tcp: TCP,
      tls: { listen: at(tlsPort), ...pem, maxHandshakesPerSecond: 100_000 },
      https: { listen: at(httpsPort) },
      nsid: 'fuzz',
      chaos: { id: 'fuzz', version: 'fuzz' },
    },
    api: { listen: `127.0.0.1:${apiPort}` },

    geo: { directory: processes.makeDirectory('geo'), bundled: false },
    stateDirectory: directory,
    log: { format: 'json' },
  };
  const document: { clusters?: readonly object[] } = parse(RFC_DOCUMENT);
  const only4 = { id: 'v4', region: 'eu-west', endpoints: [{ id: 'a', address: '203.0.113.9' }] };
  const configuration = { ...BASE, ...document, clusters: [...(document.clusters ?? []), only4] };
  const args = [
    'up',
    '--settings',
    write('settings.json', JSON.stringify(settings)),
    '--config',
    write('configuration.json', JSON.stringify(configuration)),
  ];
  const running = processes.azimuth(args, { name: 'azimuth' });
  let complaints: readonly string[] = [];
  try {
    await running.waitFor(/^dns {6}udp\+tcp/m, START_LIMIT_MS);
  } catch (error) {
    await processes.close();
    throw error;
  }
  return {
    pid: running.pid,
    port,
    tlsPort,
    httpsPort,
    certificate,
    output: () => running.output(),
    complaints: () => complaints,
    async handled() {
      const response = await fetch(`http://127.0.0.1:${apiPort}/metrics`);
      return sumOf(await response.text());
    },
    async close() {
      complaints = running
        .output()
        .split('\n')
        .filter((line) => COMPLAINT.test(line));
      await processes.close();
    },
  };
}

/** Of everything that was received: what was a request, and what was dropped. */
const HANDLED = /^azimuth_dns_(?:requests|dropped)_total\S* (\d+)/gm;

function sumOf(metrics: string): number {
  return [...metrics.matchAll(HANDLED)].reduce((sum, [, value]) => sum + Number(value), 0);
}
