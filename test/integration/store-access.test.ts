// The users that each role has in Redis: with them everything that the roles do works, and nothing else does. The contract of
// the store runs with each part of it done by the role that does it in production.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { ACCESS_ROLES, type AccessRole, composeAccessRules, userOf } from '../../src/store/redis/access-rules.ts';
import { CHANNELS, KEYS } from '../../src/store/redis/keys.ts';
import { openRedisStore, type RedisStore } from '../../src/store/redis/open-redis-store.ts';
import { hashPassword } from '../../src/store/redis/password.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import {
  CONTRACT_HISTORY,
  CONTRACT_POLL_MS,
  describeStoreContract,
  makeRevision,
  makeSlot,
  type OpenStore,
  waitUntil,
} from '../support/store-contract.ts';

const skip = requireProgram('redis-server', 'redis-server');

/** Of the command itself, or of one in a script. */
const REFUSALS = /NOPERM|ACL failure|The user executing the script can't/;

let server: RedisServer;
let admin: Redis;

async function startServer(): Promise<void> {
  server = await startRedisServer();
  admin = new Redis(server.url);
  for (const role of ACCESS_ROLES) {
    await admin.call('ACL', 'SETUSER', userOf(role), ...composeAccessRules(role, hashPassword(`${role}-password`)));
  }
  // As an operator should: nobody comes in without a name.
  await admin.call('ACL', 'SETUSER', 'admin', 'on', '>admin', '~*', '&*', '+@all');
  await admin.auth('admin', 'admin');
  await admin.call('ACL', 'SETUSER', 'default', 'off');
}

async function stopServer(): Promise<void> {
  admin.disconnect();
  await server.stop();
}

function urlOf(role: AccessRole): string {
  return server.url.replace('//', `//${userOf(role)}:${role}-password@`);
}

function openAs(role: AccessRole): RedisStore {
  return openRedisStore(urlOf(role), { pollIntervalMs: CONTRACT_POLL_MS, historyLimit: CONTRACT_HISTORY });
}

/**
 * Every call by the role that makes it: commits and load by api, slots by probe, reading and following by dns. Whoever has
 * begun to listen over one connection hears what is said over another after the next answer to the first.
 */
function openByRoles(): OpenStore {
  const [dns, probe, api] = [openAs('dns'), openAs('probe'), openAs('api')];
  const close = async () => {
    await Promise.all([dns.close(), probe.close(), api.close()]);
  };
  const { allocateEpoch, removeSlot } = probe.health;
  const { readSlots, followSlots, followLoadReports } = dns.health;
  const { readHead, readManifest, readObjects, followHead } = dns.configuration;
  const { commit, listManifests } = api.configuration;
  return {
    configuration: { readHead, readManifest, readObjects, followHead, commit, listManifests, close },
    health: {
      ...{ allocateEpoch, removeSlot, readSlots, followSlots, followLoadReports, close },
      writeSlot: async (slot, delta) => {
        await readHead();
        return probe.health.writeSlot(slot, delta);
      },
      writeLoadReport: api.health.writeLoadReport,
    },
    hints: {
      publish: async (hint) => {
        await api.configuration.readHead();
        await dns.hints.publish(hint);
      },
      follow: api.hints.follow,
    },
    close,
  };
}

describeStoreContract(
  'the store in Redis, by users that may do no more than their role needs',
  {
    start: startServer,
    stop: stopServer,
    openEmpty: async () => {
      await admin.flushall();
      return openByRoles();
    },
  },
  skip,
);

describe('users of roles', skip === undefined ? {} : { skip }, () => {
  before(startServer);
  after(stopServer);

  test('probe and api nodes follow what they need, though another role writes it', async (context) => {
    await admin.flushall();
    const [probe, api] = [openAs('probe'), openAs('api')];
    context.after(() => Promise.all([probe.close(), api.close()]));
    const heads = { probe: 0, api: 0 };
    const slots = { probe: 0, api: 0 };
    let reports = 0;
    for (const [name, store] of Object.entries({ probe, api })) {
      const count = (counts: Record<string, number>): void => {
        counts[name] = (counts[name] ?? 0) + 1;
      };
      const following = [
        store.configuration.followHead((head) => head && count(heads), assert.fail),
        followSlotTable(store.health, { onError: assert.fail }, () => count(slots)),
      ];
      context.after(() => following.forEach((part) => void part.close()));
    }
    const loads = api.health.followLoadReports(() => reports++, assert.fail);
    context.after(() => loads.close());
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    await api.configuration.commit(manifest, objects);
    await probe.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
    await api.health.writeLoadReport({ subject: 'web-eu', connections: 1 });
    await waitUntil(() => heads.probe > 0 && heads.api > 0 && slots.probe > 0 && slots.api > 0 && reports > 0);
    assert.ok(await probe.configuration.readManifest(manifest.id));
    assert.equal((await probe.configuration.readObjects(Object.values(manifest.objects))).size, 1);
  });

  test('nothing that they do is denied: the log of the server stays empty', async () => {
    const log: unknown = await admin.call('ACL', 'LOG');
    assert.deepEqual(log, []);
  });

  for (const role of ACCESS_ROLES) {
    test(`the user of ${role} can do nothing that is not its own`, async (context) => {
      const call = await connectAs(context, role);
      for (const command of forbiddenTo(role)) {
        await assert.rejects(call(command), REFUSALS, `${role}: ${command.join(' ')}`);
      }
      const allowed = allowedTo(role);
      for (const command of allowed) await call(command);
      assert.ok(allowed.length > 0);
    });
  }
});

type Command = readonly [command: string, ...args: string[]];

const OUTSIDE = 'somebody-else';
const WRITES: Readonly<Record<AccessRole, readonly string[]>> = {
  dns: [],
  probe: [KEYS.epochs, KEYS.index, KEYS.slots],
  api: [
    ...[KEYS.head, KEYS.order, KEYS.manifests, KEYS.objects, KEYS.references],
    ...[KEYS.load, KEYS.loadOrder, KEYS.loadLast],
  ],
};
const UNREADABLE: Readonly<Record<AccessRole, readonly string[]>> = {
  dns: [KEYS.epochs, KEYS.order, KEYS.references],
  probe: [KEYS.order, KEYS.references, KEYS.load, KEYS.loadOrder, KEYS.loadLast],
  api: [KEYS.epochs],
};
const PUBLISHES: Readonly<Record<AccessRole, readonly string[]>> = {
  dns: [CHANNELS.hints],
  probe: [CHANNELS.deltas],
  api: [CHANNELS.head, CHANNELS.load],
};
const DEAF_TO: Readonly<Record<AccessRole, readonly string[]>> = {
  dns: [CHANNELS.hints],
  probe: [CHANNELS.load, CHANNELS.hints],
  api: [],
};
/** Commands of administrators, and those that reach beyond the keys that they name. */
const ADMINISTRATION: readonly Command[] = [
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['CONFIG', 'GET', '*'],
  ['CONFIG', 'SET', 'dir', '/tmp'],
  ['KEYS', '*'],
  ['SCAN', '0'],
  ['RANDOMKEY'],
  ['SHUTDOWN', 'NOSAVE'],
  ['DEBUG', 'SLEEP', '0'],
  ['REPLICAOF', 'NO', 'ONE'],
  ['ACL', 'LIST'],
  ['ACL', 'SETUSER', 'azimuth-dns', '+@all'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'KILL', 'TYPE', 'normal'],
  ['CLIENT', 'PAUSE', '1'],
  ['SCRIPT', 'FLUSH'],
  ['SCRIPT', 'LOAD', 'return 1'],
  ['FUNCTION', 'FLUSH'],
  ['FUNCTION', 'LOAD', '#!lua name=x\nredis.register_function("x", function() return 1 end)'],
  ['MONITOR'],
  ['SAVE'],
  ['BGREWRITEAOF'],
  ['SLOWLOG', 'GET'],
  ['MODULE', 'LIST'],
  ['MIGRATE', '127.0.0.1', '1', KEYS.head, '0', '1'],
  ['CLUSTER', 'RESET'],
  ['SWAPDB', '0', '1'],
  ['PSUBSCRIBE', '*'],
];

/** Each of these must be refused. */
function forbiddenTo(role: AccessRole): readonly Command[] {
  const unwritable = [...Object.values(KEYS), OUTSIDE].filter((key) => !WRITES[role].includes(key));
  const unreadable = [...UNREADABLE[role], OUTSIDE];
  const silent = Object.values(CHANNELS).filter((channel) => !PUBLISHES[role].includes(channel));
  return [
    ...ADMINISTRATION,
    ...unwritable.flatMap((key): Command[] => [
      ['SET', key, 'x'],
      ['HSET', key, 'x', 'y'],
      ['DEL', key],
      ['EXPIRE', key, '1'],
      ['EVAL', "return redis.call('SET', KEYS[1], 'x')", '1', key],
      // A key that the script does not name is held to the rules as well.
      ['EVAL', `return redis.call('HSET', '${key}', 'x', 'y')`, '0'],
    ]),
    ...unreadable.flatMap((key): Command[] => [
      ['GET', key],
      ['HGETALL', key],
      ['EVAL', `return redis.call('GET', '${key}')`, '0'],
    ]),
    ...[...silent, OUTSIDE].flatMap((channel): Command[] => [
      ['PUBLISH', channel, 'x'],
      ['EVAL', `return redis.call('PUBLISH', '${channel}', 'x')`, '0'],
    ]),
    ...[...DEAF_TO[role], OUTSIDE].map((channel): Command => ['SUBSCRIBE', channel]),
    // Whatever may be written is never dropped as a whole.
    ...WRITES[role].flatMap((key): Command[] => [
      ['DEL', key],
      ['RENAME', key, OUTSIDE],
      ['EVAL', `return redis.call('DEL', KEYS[1])`, '1', key],
    ]),
  ];
}

/** Shows that the connection of the test is allowed what the role is for, so that a refusal above means something. */
function allowedTo(role: AccessRole): readonly Command[] {
  return [['GET', KEYS.head], ...PUBLISHES[role].map((channel): Command => ['PUBLISH', channel, 'x'])];
}

async function connectAs(context: TestContext, role: AccessRole): Promise<(command: Command) => Promise<unknown>> {
  const client = new Redis(urlOf(role), { disableClientInfo: true });
  context.after(() => client.disconnect());
  return ([command, ...args]) => client.call(command, ...args);
}
