// A place where a test may listen on port 53 of many loopback addresses: a network namespace of its own, which ends with the
// process that holds it. Where that is not permitted but port 53 is (root in a container), the machine's own loopback, with
// addresses that nobody else uses.

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { findTool } from '../../scripts/test-tools.ts';
import type { Processes } from './processes.ts';

export type NetworkPlace = {
  /** To be put before a command that is to run there. */
  readonly prefix: readonly string[];
  readonly kind: 'namespace' | 'loopback';
};

/** The second octet of the addresses that are used: far from what resolvers on loopback take (127.0.0.53 and its like). */
export const LOOPBACK_PREFIX = '127.83';

const ROOT_WAY = { enter: ['unshare', '--net'], join: ['--net'] } as const;
/** Anyone may be root in a user namespace of their own, where the system has not forbidden it. */
const USER_WAY = {
  enter: ['unshare', '--user', '--map-root-user', '--net'],
  join: ['--user', '--preserve-credentials', '--net'],
} as const;
const HOLD_SECONDS = 600;

/** Ends a test that has no place: skipped, and with CI=true failed, as one that lacks a program is. */
export function skipWithoutPlace(context: Pick<TestContext, 'skip'>): void {
  const reason =
    'network namespaces are permitted here neither to us nor in a user namespace: run as root, or allow them (sysctl kernel.unprivileged_userns_clone, user.max_net_namespaces)';
  if (process.env.CI === 'true') throw new Error(reason);
  context.skip(reason);
}

/** Undefined when neither is permitted here. */
export async function openNetworkPlace(processes: Processes): Promise<NetworkPlace | undefined> {
  const way = [ROOT_WAY, USER_WAY].find(isPermitted);
  if (way !== undefined) {
    const [command, ...args] = way.enter;
    const hold = `ip link set lo up && echo up && exec sleep ${HOLD_SECONDS}`;
    const holder = processes.run(command, [...args, 'sh', '-c', hold], { name: 'namespace' });
    await holder.waitFor(/up/);
    return { prefix: ['nsenter', '--target', String(holder.pid), ...way.join], kind: 'namespace' };
  }
  return (await mayUsePort53()) ? { prefix: [], kind: 'loopback' } : undefined;
}

function isPermitted({ enter: [command, ...args] }: typeof ROOT_WAY | typeof USER_WAY): boolean {
  if (findTool('nsenter') === undefined || findTool(command) === undefined) return false;
  return spawnSync(command, [...args, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status === 0;
}

async function mayUsePort53(): Promise<boolean> {
  const socket = createSocket('udp4');
  const bound = once(socket, 'listening');
  socket.bind(53, `${LOOPBACK_PREFIX}.0.1`);
  try {
    await bound;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
