// A cluster for tests: three masters with a replica each, real processes on loopback.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HASH_SLOT } from '../../src/store/redis/keys.ts';
import { findFreePort } from './free-port.ts';
import { launchMember, type Member, waitFor } from './redis-sentinel.ts';
import { composeOptions } from './redis-server.ts';
import { findProgram } from './require-program.ts';

const MASTERS = 3;
const NODES = 2 * MASTERS;
export const NODE_TIMEOUT_MS = 1000;

export type RedisCluster = {
  readonly url: string;
  readonly nodes: readonly Member[];
  /** The master of the slot in which our keys are, as the node says that is asked. */
  findOwner(asked?: Member): Promise<Member>;
  stop(): Promise<void>;
};

export async function startRedisCluster(): Promise<RedisCluster> {
  const [server, client] = [findProgram('redis-server'), findProgram('redis-cli')];
  if (!server || !client) throw new Error('redis-server or redis-cli is missing');
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-cluster-'));
  const nodes: Member[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < NODES; index++) nodes.push(await startNode(server, directory));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const args = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'];
    await promisify(execFile)(client, args);
    await waitFor('all nodes know of a sound cluster', () => isSound(nodes));
    return {
      url: `redis+cluster://${addresses.join(',')}`,
      nodes,
      findOwner: (asked = nodes[0]) => findOwner(nodes, asked),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(program: string, directory: string): Promise<Member> {
  const [port, busPort] = [await findFreePort(), await findFreePort()];
  const dir = join(directory, String(port));
  await mkdir(dir);
  const options = {
    ...{ port, dir, 'cluster-port': busPort, 'cluster-enabled': 'yes', 'cluster-node-timeout': NODE_TIMEOUT_MS },
    // A replica is told to nobody before it has heard of its master, which otherwise says something every ten seconds.
    ...{ 'repl-diskless-sync-delay': 0, 'repl-ping-replica-period': 1, 'cluster-allow-replica-migration': 'no' },
  };
  return launchMember(program, port, composeOptions(options));
}

async function isSound(nodes: readonly Member[]): Promise<boolean> {
  for (const { admin } of nodes) {
    const info = String(await admin.call('CLUSTER', 'INFO'));
    if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${NODES}`)) return false;
    const slots = await admin.call('CLUSTER', 'SLOTS');
    // First and last slot, the master, its replica.
    if (!Array.isArray(slots) || slots.some((range) => !Array.isArray(range) || range.length !== 4)) return false;
    const replication = await admin.info('replication');
    if (!/role:master|master_link_status:up/.test(replication)) return false;
  }
  return true;
}

async function findOwner(nodes: readonly Member[], asked: Member | undefined): Promise<Member> {
  const slots: unknown = await asked?.admin.call('CLUSTER', 'SLOTS');
  for (const range of Array.isArray(slots) ? slots : []) {
    const [first, last, master]: unknown[] = Array.isArray(range) ? range : [];
    const port = Array.isArray(master) ? Number(master[1]) : 0;
    const owner = nodes.find((node) => node.port === port);
    if (Number(first) <= HASH_SLOT && HASH_SLOT <= Number(last) && owner) return owner;
  }
  throw new Error('no node has our slot');
}
