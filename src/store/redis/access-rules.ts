// What each role may do in Redis, as rules of ACL SETUSER: exactly the commands, keys and channels that its part of this
// folder uses. A script runs with the rights of the user that sent it, so that EVAL gives nothing that is not given
// otherwise: whoever may send a script may write what stands here as written, and no more. Channels that a role publishes on
// stand in selectors of their own, since a plain channel rule would let it publish wherever it listens.
//
//              reads                              writes                            publishes     listens
//   dns        revisions, slots, load             nothing                           hints         head, deltas, load
//   probe      revisions, slots                   slots, index, epochs              deltas        head, deltas
//   api        revisions, slots, load             revisions, load                   head, load    head, deltas, load, hints

import { CHANNELS, KEYS } from './keys.ts';

export type AccessRole = 'dns' | 'probe' | 'api';

export const ACCESS_ROLES: readonly AccessRole[] = ['dns', 'probe', 'api'];

type KeyName = keyof typeof KEYS;
type ChannelName = keyof typeof CHANNELS;

type Access = {
  readonly reads: readonly KeyName[];
  readonly writes: readonly KeyName[];
  readonly publishes: readonly ChannelName[];
  readonly listens: readonly ChannelName[];
  readonly commands: readonly string[];
};

const REVISIONS = ['head', 'manifests', 'objects'] as const;
const LOAD = ['load', 'loadOrder', 'loadLast'] as const;
/** What connecting takes, and finding out whether it is a primary that was connected to. */
const CONNECTING = ['client|setname', 'select', 'info', 'subscribe', 'unsubscribe', 'cluster|slots'];
const READING = ['get', 'hget', 'hmget', 'hgetall'];
const SCRIPTING = ['eval', 'evalsha', 'time', 'hset', 'hdel'];

const ACCESS: Readonly<Record<AccessRole, Access>> = {
  dns: {
    reads: [...REVISIONS, 'slots', 'index', ...LOAD],
    writes: [],
    publishes: ['hints'],
    listens: ['head', 'deltas', 'load'],
    commands: [...CONNECTING, ...READING, 'zrangebyscore'],
  },
  probe: {
    reads: REVISIONS,
    writes: ['epochs', 'index', 'slots'],
    publishes: ['deltas'],
    listens: ['head', 'deltas'],
    commands: [...CONNECTING, ...READING, ...SCRIPTING],
  },
  api: {
    reads: ['slots', 'index'],
    writes: [...REVISIONS, 'order', 'references', ...LOAD],
    publishes: ['head', 'load'],
    listens: ['head', 'deltas', 'load', 'hints'],
    commands: [
      ...[...CONNECTING, ...READING, ...SCRIPTING, 'set', 'hexists', 'hincrby'],
      ...['zadd', 'zcard', 'zrange', 'zrem', 'zrangebyscore', 'zrevrangebylex'],
    ],
  },
};

export function userOf(role: AccessRole): string {
  return `azimuth-${role}`;
}

/**
 * The rules for `ACL SETUSER` (or, after `user NAME`, of a line of an ACL file), Redis 7 or later. They begin with `reset`:
 * whatever the user had before is gone.
 * @param passwordHash SHA-256 of the password, in hexadecimal.
 */
export function composeAccessRules(role: AccessRole, passwordHash: string): readonly string[] {
  const { reads, writes, publishes, listens, commands } = ACCESS[role];
  return [
    ...['reset', 'resetchannels', 'on', `#${passwordHash}`],
    ...reads.map((key) => `%R~${KEYS[key]}`),
    ...writes.map((key) => `%RW~${KEYS[key]}`),
    ...listens.map((channel) => `&${CHANNELS[channel]}`),
    ...commands.map((command) => `+${command}`),
    ...publishes.map((channel) => `(+publish &${CHANNELS[channel]})`),
  ];
}
