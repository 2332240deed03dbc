// A node that signs zones and their parents, in a process of its own, with a registrar: whatever a zone asks for by CDS (RFC 7344)
// comes to stand in its parent, which the same node serves.

import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CDS_DELETE, isEqual } from '../../src/dnssec/dnskey.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { TYPE_DS } from '../../src/wire/record-types.ts';
import { askUdp, decodeAnswer, encodeQuery } from './dns-client.ts';
import { findFreePort } from './free-port.ts';
import type { Processes, Running } from './processes.ts';

export type KeyView = {
  readonly id: string;
  readonly role: string;
  readonly algorithm: number;
  readonly retired: boolean;
  readonly dnskey: { readonly phase: string };
  readonly signatures: { readonly phase: string };
  readonly ds: { readonly phase: string };
};
export type ZoneView = { readonly signed: boolean; readonly keys: readonly KeyView[] };

export type SigningNode = {
  readonly port: number;
  readonly running: Running;
  /** Calls the API; a write replaces what is there, or with `isNew` creates it. @throws when it refuses. */
  call(method: string, path: string, body?: unknown, isNew?: boolean): Promise<unknown>;
  view(zone: string): Promise<ZoneView>;
  /** The data of an RRset as the node answers it. */
  data(name: string, type: string): Promise<readonly Uint8Array[]>;
};

/** Everything in one process, without a map of clients; parents are asked every second, of the node itself. */
export async function startSigningNode(processes: Processes, configuration: object): Promise<SigningNode> {
  const directory = processes.makeDirectory('node');
  const [port, apiPort] = [await findFreePort(), await findFreePort()];
  const settings = {
    dns: { listen: [`127.0.0.1:${port}`], threads: 1 },
    api: { listen: `127.0.0.1:${apiPort}` },
    geo: { directory: processes.makeDirectory('geo'), bundled: false },
    dnssec: { parentResolvers: [`127.0.0.1:${port}`], parentInterval: '1s' },
    stateDirectory: directory,
  };
  const write = (name: string, content: unknown) => {
    const file = join(directory, name);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };
  const args = ['up', '--settings', write('settings.json', settings), '--config', write('config.json', configuration)];
  const running = processes.azimuth(args, { name: 'azimuth', environment: { AZIMUTH_LOG_FORMAT: 'json' } });
  await running.waitFor(/^dns {6}udp\+tcp/m, 60_000);
  const token = readFileSync(join(directory, 'token'), 'utf8').trim();

  const call: SigningNode['call'] = async (method, path, body, isNew = false) => {
    const response = await fetch(`http://127.0.0.1:${apiPort}/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && method !== 'POST' && { [isNew ? 'if-none-match' : 'if-match']: '*' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    port,
    running,
    call,
    async view(zone) {
      return readZoneView(await call('GET', `zones/${zone}/dnssec`));
    },
    async data(name, type) {
      const query = encodeQuery({ id: randomInt(65_536), name: `${name}.`, type, udpSize: 1232 });
      // A datagram may be lost on a busy machine; three in a row are not.
      const bytes = (await askUdp(port, query)) ?? (await askUdp(port, query)) ?? (await askUdp(port, query));
      if (bytes === undefined) throw new Error(`${name} ${type} is not answered`);
      return decodeAnswer(bytes).answers.map(({ data }) => data);
    },
  };
}

function readZoneView(value: unknown): ZoneView {
  if (!isZoneView(value)) throw new Error(`no view of a zone: ${JSON.stringify(value)}`);
  return value;
}

function isZoneView(value: unknown): value is ZoneView {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
}

export type Registrar = {
  /** Zones whose parent has a DS, or had one. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Does once what the zones ask for. */
  serve(): Promise<void>;
};

/** @param parents by zone, the zone that its DS stands in. */
export function createRegistrar(node: SigningNode, parents: ReadonlyMap<string, string>, ttl: number): Registrar {
  const given = new Map<string, readonly string[]>();
  return {
    given,
    async serve() {
      for (const [zone, parent] of parents) {
        const cds = await node.data(zone, 'CDS');
        if (cds.length === 0) continue;
        const isDelete = cds.some((each) => isEqual(each, CDS_DELETE));
        const data = isDelete ? [] : cds.map((each) => formatRecordData(TYPE_DS, each)).sort();
        const before = given.get(zone) ?? [];
        if (data.join() === before.join()) continue;
        const path = `zones/${parent}/records/${zone}./DS`;
        if (data.length === 0) await node.call('DELETE', path);
        else await node.call('PUT', path, { ttl, data }, before.length === 0);
        given.set(zone, data);
      }
    },
  };
}
