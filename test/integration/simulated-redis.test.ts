// The store of the simulation against the real one: the same calls, drawn from a seed, through test/simulation/store-client.ts
// to the simulated server and through src/store/redis to a redis-server. What the simulation proves of the system is proved
// only as far as both answer alike.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { slotKey } from '../../src/health/merge-slots.ts';
import type { SlotDelta, SlotId, SlotVersion, TargetVote } from '../../src/health/slot.ts';
import type { Manifest, RevisionId } from '../../src/model/revision.ts';
import { composeRevision } from '../../src/roles/revision-texts.ts';
import { hashObject } from '../../src/store/hash-object.ts';
import { openRedisStore, type RedisStore } from '../../src/store/redis/open-redis-store.ts';
import { isStoreError } from '../../src/store/store-error.ts';
import { EventQueue } from '../simulation/event-queue.ts';
import { SimulatedProcess } from '../simulation/process.ts';
import { createRandom, type Random } from '../simulation/random.ts';
import { type Publication, SimulatedRedis } from '../simulation/simulated-redis.ts';
import { openStoreClient, type StoreClient } from '../simulation/store-client.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import { waitUntil } from '../support/store-contract.ts';

const SEEDS = [1, 2, 3, 4];
const CALLS = 400;
/** No poll brings what a word should have brought. */
const NO_POLL_MS = 60_000;
/** An epoch that a server gave out later than this after it was asked is none of its clock. */
const CLOCK_SLACK_MS = 2000;

const WORKERS: readonly SlotId[] = ['eu', 'us'].flatMap((vantage) =>
  ['w1', 'w2'].map((worker) => ({ vantage, worker })),
);
const STRANGER: SlotId = { vantage: 'ap', worker: 'w9' };
const TEXTS = Array.from({ length: 40 }, (_, index) => `{"text":"${index} ä 🌍"}`);

const skip = requireProgram('redis-server', 'redis-server');

describe('the store of the simulation', skip === undefined ? {} : { skip }, () => {
  let server: RedisServer;
  let raw: Redis;
  let real: RedisStore;

  before(async () => {
    server = await startRedisServer();
    raw = new Redis(server.url);
    real = openRedisStore(server.url, { pollIntervalMs: NO_POLL_MS });
    await waitUntil(() => real.servers.every(({ isConnected }) => isConnected));
  });
  after(async () => {
    await real?.close();
    raw?.disconnect();
    await server?.stop();
  });

  for (const seed of SEEDS) {
    test(`answers ${CALLS} calls as a real server does (seed ${seed})`, async () => {
      await raw.flushall();
      const simulated = openSimulated();
      const [toReal, toSimulated] = [noteWords(real.health), noteWords(simulated.client.health)];
      const draw = openDraw(createRandom(seed));
      const outcomes = new Map<string, number>();
      for (let number = 0; number < CALLS; number++) {
        const { what, call } = draw.next();
        const askedAtMs = await readClock(raw);
        const expected = await outcomeOf(() => call({ ...real, empty: () => raw.flushall() }));
        // Both clocks say the same: that of the server, as far as it shows.
        const isByClock = typeof expected.value === 'number' && expected.value - askedAtMs < CLOCK_SLACK_MS;
        simulated.setClock(isByClock ? Number(expected.value) : askedAtMs);
        const found = await outcomeOf(() => call({ ...simulated.client, empty: async () => simulated.redis.empty() }));
        assert.deepEqual(found, expected, `call ${number}, ${what}`);
        draw.note(expected.value);
        const outcome = `${what.slice(0, what.indexOf(' '))} ${nameOutcome(expected)}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      await waitUntil(() => toReal.words.length >= toSimulated.words.length);
      await pause(20);
      assert.deepEqual(toSimulated.words, toReal.words, 'followers are told other words');
      for (const each of [toReal, toSimulated]) each.close();
      for (const outcome of OUTCOMES) assert.ok((outcomes.get(outcome) ?? 0) > 0, `never drawn: ${outcome}`);
    });
  }
});

/** Without these a seed has shown too little. */
const OUTCOMES = [
  'allocate a number',
  'write stored',
  'write refused',
  'remove nothing',
  'commit committed',
  'commit conflict',
  'commit STORE_INCOMPLETE',
  'commit RangeError',
];

/** What calls are made on. */
type Stores = Pick<StoreClient, 'configuration' | 'health'> & { readonly empty: () => Promise<unknown> };

type Call = { readonly what: string; readonly call: (stores: Stores) => Promise<unknown> };

function openSimulated() {
  let nowMs = 0;
  const listeners = new Set<(publication: Publication) => void>();
  const ignore = () => undefined;
  const redis = new SimulatedRedis({
    nowMs: () => nowMs,
    publish: (publication) => {
      for (const listen of listeners) listen(publication);
    },
    onEpoch: ignore,
    onStored: ignore,
    onLost: ignore,
  });
  // A network in which nothing takes time and nothing goes wrong.
  const client = openStoreClient(new SimulatedProcess('test', new EventQueue()), {
    send: (_process, _life, command, answer) => answer.reply(command(redis)),
    subscribe(_process, _life, _kinds, listen) {
      listeners.add(listen);
      return { close: () => void listeners.delete(listen) };
    },
    onReady: () => ({ close: ignore }),
    returnedForMs: () => Number.POSITIVE_INFINITY,
  });
  return {
    redis,
    client,
    setClock(ms: number) {
      nowMs = ms;
    },
  };
}

/** The words that followers of slots are told, in their order. */
function noteWords(health: StoreClient['health']) {
  const words: unknown[] = [];
  const { close } = health.followSlots({
    onDelta: (delta) => words.push(delta),
    onRemoved: (last) => words.push(last),
    onIndex: () => undefined,
    onError: (error) => words.push(error),
  });
  return { words, close };
}

/** The index, as whoever begins to follow is told it. */
function readIndex(health: StoreClient['health']): Promise<readonly SlotVersion[]> {
  return new Promise((resolve, reject) => {
    const following = health.followSlots({
      onDelta: () => undefined,
      onRemoved: () => undefined,
      onIndex(index) {
        following.close();
        resolve(index.toSorted((a, b) => (slotKey(a) < slotKey(b) ? -1 : 1)));
      },
      onError: reject,
    });
  });
}

async function readClock(raw: Redis): Promise<number> {
  const [seconds, microseconds] = await raw.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

type Outcome = { readonly value?: unknown; readonly error?: string };

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await call() };
  } catch (error) {
    if (isStoreError(error)) return { error: error.code };
    if (error instanceof RangeError) return { error: `RangeError: ${error.message}` };
    throw error;
  }
}

function nameOutcome({ value, error }: Outcome): string {
  if (error !== undefined) return error.replace(/:.*/, '');
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null && 'status' in value) return String(value.status);
  return typeof value === 'number' ? 'a number' : typeof value === 'string' ? value : 'found';
}

/** Draws calls, from what the ones before have come to. */
function openDraw(random: Random) {
  const slots = new Map<string, { epoch: number; sequence: number }>();
  let manifests: Manifest[] = [];
  let note: (value: unknown) => void = () => undefined;

  return {
    next(): Call {
      note = () => undefined;
      const kind = random.next();
      if (kind < 0.1) return drawAllocation();
      if (kind < 0.4) return drawWrite();
      if (kind < 0.47) return drawRemoval();
      if (kind < 0.6) return drawSlotRead();
      if (kind < 0.85) return drawCommit();
      if (kind < 0.995) return drawConfigurationRead();
      return {
        what: 'empty the store',
        async call({ empty }) {
          await empty();
          manifests = [];
        },
      };
    },
    note: (value: unknown) => note(value),
  };

  function drawAllocation(): Call {
    const id = random.pick(WORKERS);
    note = (value) => slots.set(slotKey(id), { epoch: Number(value), sequence: 0 });
    return { what: `allocate an epoch for ${slotKey(id)}`, call: ({ health }) => health.allocateEpoch(id) };
  }

  /** Mostly what its owner would write next; else another's epoch, an old one, one that no clock has come to, or a repetition. */
  function drawWrite(): Call {
    const id = random.pick(WORKERS);
    const known = slots.get(slotKey(id));
    if (known === undefined) return drawAllocation();
    // Within a day: what is older than that is swept, which no world of the simulation is long enough for.
    const epoch = known.epoch + random.pick([0, 0, 0, 0, 0, -1, 1, 1_000_000, -3_600_000]);
    const sequence = Math.max(0, known.sequence + random.pick([1, 1, 1, 0, -1, 5]));
    const votes = drawVotes();
    const slot = { ...id, epoch, sequence, votes };
    const delta: SlotDelta = { ...id, epoch, sequence, changed: votes.slice(1), removed: random.pick([[], ['x/y#1']]) };
    const given = random.chance(0.8) ? delta : undefined;
    note = (value) => {
      if (value === 'stored') slots.set(slotKey(id), { epoch, sequence });
    };
    return {
      what: `write ${slotKey(id)} ${epoch}.${sequence}`,
      call: ({ health }) => health.writeSlot(slot, given),
    };
  }

  function drawVotes(): readonly TargetVote[] {
    return Array.from({ length: random.whole(0, 4) }, (_, index) => {
      const vote = random.pick(['up', 'down', 'suspect', 'abstain'] as const);
      const share = random.chance(0.3) ? { share: random.whole(0, 101) } : {};
      return { target: `eu/${index}#1k2m9x0qz3a`, vote, reason: vote === 'up' ? '' : 'connection refused', ...share };
    });
  }

  function drawRemoval(): Call {
    const id = random.pick([...WORKERS, STRANGER]);
    return { what: `remove ${slotKey(id)}`, call: ({ health }) => health.removeSlot(id) };
  }

  function drawSlotRead(): Call {
    if (random.chance(0.5)) return { what: 'index of the slots', call: ({ health }) => readIndex(health) };
    const ids = [...WORKERS, STRANGER].filter(() => random.chance(0.6));
    return { what: `slots ${ids.map(slotKey).join()}`, call: ({ health }) => health.readSlots(ids) };
  }

  function drawCommit(): Call {
    const last = manifests.at(-1);
    const { manifest, objects } = random.chance(0.1) && last !== undefined ? repeat(last) : drawRevision(last?.id);
    const left = new Map([...objects].filter(() => random.chance(0.8)));
    // A text under the hash of another is a bug of the caller.
    const given = random.chance(0.05) ? new Map([...left].map(([hash]) => [hash, 'damaged'])) : left;
    note = (value) => {
      if (typeof value === 'object' && value !== null && 'status' in value && value.status === 'committed')
        manifests.push(manifest);
    };
    const { id, parent } = manifest;
    return {
      what: `commit ${JSON.stringify({ id, parent, given: [...given.values()] })}`,
      call: ({ configuration }) => configuration.commit(manifest, given),
    };
  }

  function repeat(manifest: Manifest) {
    const changed = random.chance(0.5) ? { ...manifest, message: 'another' } : manifest;
    return { manifest: changed, objects: new Map<string, string>() };
  }

  /** On the head; on an older revision, on none, or on one that is newer than itself; some begin a generation. */
  function drawRevision(head: RevisionId | undefined) {
    const parent = random.chance(0.7) ? (head ?? null) : random.pick([null, ...manifests.map(({ id }) => id)]);
    const base = parent ?? { generation: 1, number: 0 };
    const id = random.chance(0.2)
      ? { generation: base.generation + 1, number: 1 }
      : { generation: base.generation, number: Math.max(1, base.number + random.pick([1, 1, 1, 1, 1, 1, 3, 0])) };
    const texts = new Map(['regions', 'zones/example.com'].map((name) => [name, random.pick(TEXTS)]));
    return composeRevision({ id, parent, author: 'ann', message: 'a change', createdAtMs: random.whole(0, 9) }, texts);
  }

  function drawConfigurationRead(): Call {
    const kind = random.whole(0, 3);
    if (kind === 0) return { what: 'head', call: ({ configuration }) => configuration.readHead() };
    if (kind === 1) {
      const id = random.pick([{ generation: 9, number: 9 }, ...manifests.map((manifest) => manifest.id)]);
      return { what: `manifest ${JSON.stringify(id)}`, call: ({ configuration }) => configuration.readManifest(id) };
    }
    const hashes = [...TEXTS, 'never stored'].filter(() => random.chance(0.1)).map(hashObject);
    return { what: `objects ${hashes.length}`, call: ({ configuration }) => configuration.readObjects(hashes) };
  }
}
