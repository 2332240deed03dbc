// When Redis stored the write that decided on each target, by Redis' own clock, which is this machine's.

import { Redis } from 'ioredis';
import { slotKey } from '../../../src/health/merge-slots.ts';
import type { SlotDelta } from '../../../src/health/slot.ts';
import { KEYS } from '../../../src/store/redis/keys.ts';
import { openRedisStore } from '../../../src/store/redis/open-redis-store.ts';
import { machineMs } from './machine-time.ts';
import { noteWords, type Words } from './turns.ts';

export type DecisionWatch = {
  /** In machineMs; undefined: not decided. */
  decidedAtMs(cluster: string): number | undefined;
  /** Of all clusters, each time that one was decided on. */
  countDecided(): number;
  close(): Promise<void>;
};

/** Begins to listen, before anything is decided. `needed`: vantages that must say down. */
export async function watchDecisions(url: string, needed: number): Promise<DecisionWatch> {
  const store = openRedisStore(url, { name: 'bench' });
  const redis = new Redis(url);
  const words: Words = new Map();
  const decided = new Map<string, number>();
  let count = 0;
  const noteDelta = (delta: SlotDelta) => {
    const heardAtMs = machineMs();
    for (const target of noteWords(words, delta, needed)) {
      // A target is `cluster/endpoint#hash`.
      const cluster = target.slice(0, target.indexOf('/'));
      decided.set(cluster, heardAtMs);
      count++;
      void readStoredAtMs(redis, delta).then((atMs) => {
        // The entry may be of a later write by now: then what was heard stands.
        if (atMs < heardAtMs) decided.set(cluster, atMs);
      });
    }
  };
  const ignore = () => undefined;
  const following = store.health.followSlots({
    onDelta: noteDelta,
    onRemoved: ignore,
    onIndex: ignore,
    onError: ignore,
  });
  await redis.ping();
  return {
    decidedAtMs: (cluster) => decided.get(cluster),
    countDecided: () => count,
    async close() {
      following.close();
      redis.disconnect();
      await store.close();
    },
  };
}

/** An entry of the index is `epoch.sequence.writtenAtMs`, the time of the wall; see slot-scripts.ts. */
async function readStoredAtMs(redis: Redis, delta: SlotDelta): Promise<number> {
  const entry = await redis.hget(KEYS.index, slotKey(delta));
  const wallMs = Number(entry?.split('.')[2] ?? Number.NaN);
  return Number.isNaN(wallMs) ? Number.POSITIVE_INFINITY : wallMs - Date.now() + machineMs();
}
