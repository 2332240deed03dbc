// Those who know where the primary is, over a connection each that has the same rules as every other. A Sentinel is asked
// for the primary of a name, a node of a cluster for the master of our slot: all keys have one hash tag, and so one slot.
// So a cluster is one more way to find one server, and needs no client that knows all of its nodes.

import { type Endpoint, formatEndpoint, type GuidedAddress, type RedisLogin } from '../../model/store-address.ts';
import { RedisConnection } from './connection.ts';
import { HASH_SLOT } from './keys.ts';
import type { Guide } from './primary-finder.ts';
import type { ReadTls } from './server-connector.ts';

/** One that is asked every second and has nothing else to do. */
const GUIDE_TIMEOUT_MS = 500;

export type GuideOptions = {
  readonly name: string;
  readonly login: RedisLogin;
  readonly tls: ReadTls | undefined;
};

export function openGuides(address: GuidedAddress, options: GuideOptions): readonly Guide[] {
  return address.guides.map((endpoint) => {
    const title = `${address.kind} ${formatEndpoint(endpoint)}`;
    const connection = new RedisConnection({
      server: endpoint,
      title,
      login: options.login,
      database: 0,
      tls: options.tls,
      name: `${options.name}-guide`,
      commandTimeoutMs: GUIDE_TIMEOUT_MS,
      isGuide: true,
    });
    const close = () => connection.close();
    if (address.kind === 'sentinel') {
      return {
        askPrimary: async () => readSentinelReply(await connection.call((redis) => askSentinel(redis, address.name))),
        ignorance: `${title} knows no primary called "${address.name}"`,
        close,
      };
    }
    return {
      askPrimary: async () =>
        readSlotsReply(await connection.call((redis) => redis.call('CLUSTER', 'SLOTS')), endpoint.host),
      ignorance: `${title} knows no master of hash slot ${HASH_SLOT}`,
      close,
    };
  });
}

type Asked = { call(command: string, ...args: string[]): Promise<unknown> };

function askSentinel(redis: Asked, name: string): Promise<unknown> {
  return redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
}

/** `[host, port]`, or null where the name is not known. */
export function readSentinelReply(reply: unknown): Endpoint | undefined {
  const [host, port]: unknown[] = Array.isArray(reply) ? reply : [];
  return readEndpoint(host, port);
}

/**
 * `[[first, last, [host, port, id, …], …replicas], …]`.
 * @param asked the host of the node that was asked: one that does not know its own address leaves it out.
 */
export function readSlotsReply(reply: unknown, asked: string): Endpoint | undefined {
  for (const range of Array.isArray(reply) ? reply : []) {
    const [first, last, master]: unknown[] = Array.isArray(range) ? range : [];
    const [host, port]: unknown[] = Array.isArray(master) ? master : [];
    if (Number(first) <= HASH_SLOT && HASH_SLOT <= Number(last)) {
      return readEndpoint(host === null || host === '' ? asked : host, port);
    }
  }
  return undefined;
}

function readEndpoint(host: unknown, port: unknown): Endpoint | undefined {
  return typeof host === 'string' && host !== '?' && Number(port) > 0 ? { host, port: Number(port) } : undefined;
}
