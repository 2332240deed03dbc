// The faults of a run, in order. `short` is what `npm test` has time for.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TOKEN_FILE } from '../../src/roles/local-token.ts';
import { REVISION_FILE } from '../../src/store/persisted-revision.ts';
import { REGIONS } from '../support/fleet.ts';
import { startLiar } from '../support/liar.ts';
import { findProgram } from '../support/require-program.ts';
import {
  askRedis,
  DOINGS,
  doTo,
  FAILOVER_LIMIT_MS,
  type Fault,
  findPrimary,
  findReplica,
  findSentinel,
  RECOVERY_LIMIT_MS,
  restart,
  type Victim,
} from './fault.ts';
import { type Installation, type Member, REDIS_PORT } from './installation.ts';

export type PlanOptions = { readonly short: boolean; readonly redisAwayMs: number };

/** In the short part a fault lasts for so long: a failover of Redis takes three seconds of it. */
const SHORT_HOLD_MS = 5000;

const DNS_NODE: Victim = {
  name: 'a dns node',
  excusedNodes: [0],
  find: async ({ nodes }) => pick(nodes, 0),
};
const WORKER: Victim = { name: 'a worker', find: async ({ workers }) => pick(workers, 0) };
const API_NODE: Victim = { name: 'an api node', find: async ({ apis }) => pick(apis, 0) };
const PRIMARY: Victim = {
  name: 'the Redis primary',
  recoversFrom: 'fault',
  recoveryLimitMs: FAILOVER_LIMIT_MS,
  find: findPrimary,
};
const REPLICA: Victim = { name: 'a Redis replica', recoversFrom: 'fault', find: findReplica };
const SENTINEL: Victim = { name: 'a Sentinel', recoversFrom: 'fault', find: findSentinel };
const BACKEND: Victim = { name: 'a backend', region: 'eu', find: async ({ backends }) => backends.eu };

export function composePlan({ short, redisAwayMs }: PlanOptions): readonly Fault[] {
  const everything = [DNS_NODE, WORKER, API_NODE, PRIMARY, REPLICA, SENTINEL, BACKEND].flatMap((victim) =>
    DOINGS.map((doing) => doTo(victim, doing)),
  );
  const special = [
    emptyRestart(),
    stalePromotion(),
    redisAway(redisAwayMs),
    vantageCutOff(),
    liar(),
    everyTargetFlips(),
    clockOff('a dns node', ({ nodes }) => pick(nodes, 0), [0]),
    clockOff('a worker', ({ workers }) => pick(workers, 0)),
    tornState(),
    diskFull(),
  ];
  if (!short) return [...everything, ...special];
  const names = ['a dns node killed', 'the Redis primary killed', 'a backend frozen'];
  const chosen = [...everything.filter(({ name }) => names.includes(name)), emptyRestart(), vantageCutOff()];
  return chosen.map((fault) => ({ ...fault, holdMs: Math.min(fault.holdMs, SHORT_HOLD_MS) }));
}

/** Back at once, with nothing in it, before any Sentinel has noticed; its replicas then hold nothing either. */
function emptyRestart(): Fault {
  return {
    name: 'Redis restarted empty',
    holdMs: 5000,
    recoversFrom: 'fault',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    async begin({ installation }) {
      const primary = await findPrimary(installation);
      await primary.running.kill();
      await restart(primary);
    },
    end: async () => undefined,
  };
}

/** Both replicas lose the primary, commits go on, then the primary dies: what is promoted knows nothing of them. */
function stalePromotion(): Fault {
  let primary: Member | undefined;
  return {
    name: 'a stale replica promoted',
    holdMs: 10_000,
    recoversFrom: 'fault',
    recoveryLimitMs: FAILOVER_LIMIT_MS + 3000,
    async prepare({ installation }) {
      primary = await findPrimary(installation);
      // With a password that the primary does not want, replicas do not come back to it once they are cut off.
      await setReplicaPassword(installation, 'wrong');
      await askRedis(primary.place.address, REDIS_PORT, ['CLIENT', 'KILL', 'TYPE', 'replica']);
      await pause(STALE_MS);
    },
    async begin({ installation }) {
      await primary?.running.kill();
      await setReplicaPassword(installation, '');
    },
    async end() {
      if (primary !== undefined) await restart(primary);
    },
  };
}

const STALE_MS = 4000;

async function setReplicaPassword({ redis }: Installation, password: string): Promise<void> {
  for (const { place } of redis) {
    await askRedis(place.address, REDIS_PORT, ['CONFIG', 'SET', 'masterauth', password]);
  }
}

function redisAway(holdMs: number): Fault {
  return {
    name: `all of Redis gone for ${Math.round(holdMs / 1000)} s`,
    holdMs,
    recoversFrom: 'heal',
    recoveryLimitMs: FAILOVER_LIMIT_MS,
    async begin({ installation }) {
      for (const member of installation.redis) member.running.signal('SIGSTOP');
    },
    async end({ installation }) {
      for (const member of installation.redis) member.running.signal('SIGCONT');
    },
  };
}

function vantageCutOff(): Fault {
  const place = ({ workers }: Installation) => pick(workers, 0).place;
  return {
    name: 'a vantage that no longer reaches any target',
    holdMs: 10_000,
    recoversFrom: 'fault',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    async begin({ installation }) {
      for (const region of REGIONS) installation.network.hide(installation.backends[region].place, place(installation));
    },
    async end({ installation }) {
      for (const region of REGIONS) installation.network.show(installation.backends[region].place, place(installation));
    },
  };
}

/** Both workers of a vantage are replaced by one that says the opposite of what is. */
function liar(): Fault {
  let lying: { stop(): Promise<void> } | undefined;
  const honest = ({ workers }: Installation): Member[] => workers.filter(({ name }) => name.startsWith('v3'));
  return {
    name: 'a worker that lies',
    holdMs: 15_000,
    recoversFrom: 'fault',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    async begin({ installation }) {
      for (const member of honest(installation)) await member.running.stop();
      const { body } = await installation.call(pick(installation.apis, 0), 'GET', '/v1/configuration');
      lying = startLiar(installation.store, body, 'v3');
    },
    async end({ installation }) {
      await lying?.stop();
      for (const member of honest(installation)) await restart(member);
    },
  };
}

function everyTargetFlips(): Fault {
  return {
    name: 'every target dies at once',
    holdMs: 8000,
    recoversFrom: 'heal',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    async begin({ installation, referee }) {
      for (const region of REGIONS) referee.noteRegion(region, false);
      await Promise.all(REGIONS.map((region) => installation.backends[region].running.kill()));
    },
    async end({ installation, referee }) {
      await Promise.all(REGIONS.map((region) => restart(installation.backends[region])));
      for (const region of REGIONS) referee.noteRegion(region, true);
    },
  };
}

/** The clock of a process is set by starting it anew: what is measured is the way back from that. */
function clockOff(
  what: string,
  choose: (installation: Installation) => Member,
  excusedNodes?: readonly number[],
): Fault {
  const replace = async (installation: Installation, prefix: readonly string[]) => {
    const member = choose(installation);
    await member.running.kill();
    await restart(member, prefix);
  };
  return {
    name: `the clock of ${what} an hour ahead`,
    holdMs: 10_000,
    recoversFrom: 'heal',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    ...(excusedNodes !== undefined && { excusedNodes }),
    begin: ({ installation }) => replace(installation, anHourAhead()),
    end: ({ installation }) => replace(installation, []),
  };
}

/** What `faketime` does, without itself: it would stand between a process and the signals for it. */
function anHourAhead(): readonly string[] {
  if (findProgram('faketime') === undefined) throw new Error('faketime is needed: apt-get install faketime');
  // An hour is what the wall clock says; monotonic time is nobody's to set. Shared memory would bear the number of a process,
  // which in a namespace of its own others had before.
  const settings = ['FAKETIME=+1h', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'FAKETIME_DISABLE_SHM=1'];
  return ['env', 'LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1', ...settings];
}

/** A dns node dies while it writes its revision: what is on its disk is half of it. */
function tornState(): Fault {
  return {
    name: 'a dns node with a torn state file',
    holdMs: 1000,
    recoversFrom: 'heal',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    excusedNodes: [0],
    async begin({ installation }) {
      const node = pick(installation.nodes, 0);
      await node.running.kill();
      truncateSync(join(node.stateDirectory, REVISION_FILE), 300);
    },
    end: ({ installation }) => restart(pick(installation.nodes, 0)),
  };
}

/** Whatever a dns node, an api node and a worker write to their disks fails. */
function diskFull(): Fault {
  const members = ({ nodes, workers, apis }: Installation): Member[] => [
    pick(nodes, 0),
    pick(workers, 0),
    pick(apis, 0),
  ];
  const mount = (command: string, ...args: readonly string[]): void => {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  };
  return {
    name: 'the disks of a dns node, a worker and an api node full',
    holdMs: 10_000,
    recoversFrom: 'fault',
    recoveryLimitMs: RECOVERY_LIMIT_MS,
    async begin({ installation }) {
      for (const { stateDirectory } of members(installation)) {
        const token = join(stateDirectory, TOKEN_FILE);
        const kept = existsSync(token) ? readFileSync(token) : undefined;
        // The directory itself takes one file of those that there may be, and what those who ask the API need another one.
        mount('mount', '-t', 'tmpfs', '-o', `size=8k,nr_inodes=${kept === undefined ? 1 : 2}`, 'tmpfs', stateDirectory);
        if (kept !== undefined) writeFileSync(token, kept);
      }
    },
    async end({ installation }) {
      for (const { stateDirectory } of members(installation)) mount('umount', stateDirectory);
    },
  };
}

function pick<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`there is no number ${index}`);
  return value;
}
