// What can be done to an installation, and undone: one fault at a time, each with what it may cost while it lasts.

import { Redis } from 'ioredis';
import type { RegionId } from '../support/fleet.ts';
import { type Installation, type Member, REDIS_PORT, SENTINEL_PORT, waitMemberReady } from './installation.ts';
import type { Referee } from './referee.ts';

export type Scene = { readonly installation: Installation; readonly referee: Referee };

export type Fault = {
  readonly name: string;
  readonly holdMs: number;
  /** From the healing, or where others take over meanwhile, from the fault itself. */
  readonly recoversFrom: 'heal' | 'fault';
  readonly recoveryLimitMs: number;
  /** Indices of dns nodes that the fault is done to: what they lose while it lasts is not counted. */
  readonly excusedNodes?: readonly number[];
  /** What comes before, and is not counted as the fault. */
  prepare?(scene: Scene): Promise<void>;
  begin(scene: Scene): Promise<void>;
  end(scene: Scene): Promise<void>;
};

export const RECOVERY_LIMIT_MS = 3000;
export const FAILOVER_LIMIT_MS = 5000;
const HOLD_MS = 10_000;

/** Who a fault is done to; found when it begins, for the primary may be another one each time. */
export type Victim = {
  readonly name: string;
  readonly recoveryLimitMs?: number;
  readonly recoversFrom?: Fault['recoversFrom'];
  readonly excusedNodes?: readonly number[];
  /** Of a backend: whose answers are wrong from then on. */
  readonly region?: RegionId;
  find(installation: Installation): Promise<Member>;
};

type Doing = {
  readonly name: string;
  begin(member: Member, installation: Installation): Promise<void>;
  end(member: Member, installation: Installation): Promise<void>;
};

/** In all ways in which a process, or the machine below it, goes away. */
export const DOINGS: readonly Doing[] = [
  {
    name: 'killed',
    begin: async (member) => void (await member.running.kill()),
    end: async (member) => restart(member),
  },
  {
    name: 'frozen',
    begin: async (member) => member.running.signal('SIGSTOP'),
    end: async (member) => member.running.signal('SIGCONT'),
  },
  {
    name: 'cable pulled',
    begin: async ({ place }, { network }) => network.pullCable(place),
    end: async ({ place }, { network }) => network.plugCable(place),
  },
  {
    name: 'blackholed',
    begin: async ({ place }, { network }) => network.leaveSwitch(place),
    end: async ({ place }, { network }) => network.joinSwitch(place),
  },
  {
    name: 'mute',
    begin: async ({ place }, { network }) => network.mute(place),
    end: async ({ place }, { network }) => network.unmute(place),
  },
  {
    // It dies while nobody can hear of it: whoever had a connection to it still believes in it when it is back.
    name: 'half-open',
    async begin(member, { network }) {
      network.leaveSwitch(member.place);
      await member.running.kill();
    },
    async end(member, { network }) {
      network.joinSwitch(member.place);
      await restart(member);
    },
  },
];

export function doTo(victim: Victim, doing: Doing): Fault {
  let member: Member | undefined;
  return {
    name: `${victim.name} ${doing.name}`,
    holdMs: HOLD_MS,
    recoversFrom: victim.recoversFrom ?? 'heal',
    recoveryLimitMs: victim.recoveryLimitMs ?? RECOVERY_LIMIT_MS,
    ...(victim.excusedNodes && { excusedNodes: victim.excusedNodes }),
    async begin({ installation, referee }) {
      member = await victim.find(installation);
      if (victim.region !== undefined) referee.noteRegion(victim.region, false);
      await doing.begin(member, installation);
    },
    async end({ installation, referee }) {
      if (member === undefined) return;
      await doing.end(member, installation);
      if (victim.region !== undefined) referee.noteRegion(victim.region, true);
    },
  };
}

/** Starts it again; resolves when it is ready. */
export async function restart(member: Member, prefix: readonly string[] = []): Promise<void> {
  const running = member.start(prefix);
  if (member.name.startsWith('redis') || member.name.startsWith('sentinel')) return;
  if (member.name.startsWith('backend')) await running.waitFor(/demonstration backend of/);
  else await waitMemberReady(member);
}

/** Whom most Sentinels call the primary. */
export async function findPrimary({ redis, sentinels }: Installation): Promise<Member> {
  const votes = await Promise.all(
    sentinels.map(({ place }) =>
      askRedis(place.address, SENTINEL_PORT, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'azimuth']),
    ),
  );
  const addresses = votes.flatMap((vote) => (Array.isArray(vote) ? [String(vote[0])] : []));
  const primary = redis.find(({ place }) => addresses.filter((address) => address === place.address).length >= 2);
  if (primary === undefined) throw new Error(`the Sentinels name no primary: ${addresses.join(', ')}`);
  return primary;
}

export async function findReplica(installation: Installation): Promise<Member> {
  const primary = await findPrimary(installation);
  const replica = installation.redis.find((member) => member !== primary);
  if (replica === undefined) throw new Error('there is no replica');
  return replica;
}

/** One that is not on the machine of the primary, whose cable would be cut with its own: that fault is the primary's. */
export async function findSentinel(installation: Installation): Promise<Member> {
  const primary = await findPrimary(installation);
  const sentinel = installation.sentinels.find(({ place }) => place !== primary.place);
  if (sentinel === undefined) throw new Error('every Sentinel is on the machine of the primary');
  return sentinel;
}

/** One command, on a connection of its own; undefined when nobody answers within a second. */
export async function askRedis(host: string, port: number, [command = '', ...args]: string[]): Promise<unknown> {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1000,
    commandTimeout: 1000,
    protocol: 2,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.call(command, ...args);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

/** Until the replicas follow the primary, so that the next fault finds what it needs. */
export async function areReplicasInStep(installation: Installation): Promise<boolean> {
  const primary = await findPrimary(installation).catch(() => undefined);
  if (primary === undefined) return false;
  const info = await askRedis(primary.place.address, REDIS_PORT, ['INFO', 'replication']);
  return typeof info === 'string' && (info.match(/state=online/g) ?? []).length === installation.redis.length - 1;
}
