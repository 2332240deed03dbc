// The configuration store in Redis. Reads of the head go over the quick connection that also hears of changes; manifests
// and objects, which may be large, over the bulk connection, so that they never hold up a heartbeat.

import { formatRevisionId, type Manifest, parseRevisionId, type RevisionId } from '../../model/revision.ts';
import { systemClock } from '../../native/system-clock.ts';
import { checkCommit } from '../check-commit.ts';
import {
  type CommitResult,
  type ConfigurationStore,
  MANIFEST_LIST_LIMIT,
  type Subscription,
} from '../configuration-store.ts';
import { composeManifest, parseManifest } from '../manifest-text.ts';
import { startPoll } from '../poll.ts';
import { settle } from '../settle.ts';
import { createStoreError } from '../store-error.ts';
import type { RedisConnection } from './connection.ts';
import { CHANNELS, KEYS } from './keys.ts';

export type RedisConfigurationOptions = { readonly pollIntervalMs: number; readonly historyLimit: number };

/** How many objects one command fetches. */
const OBJECT_BATCH_LIMIT = 64;

export function createRedisConfigurationStore(
  options: RedisConfigurationOptions,
  connections: { readonly quick: RedisConnection; readonly bulk: RedisConnection },
): Omit<ConfigurationStore, 'close'> {
  const { quick, bulk } = connections;

  async function readHead(): Promise<RevisionId | undefined> {
    const text = await quick.call((redis) => redis.get(KEYS.head));
    return text === null ? undefined : readId(text);
  }

  /** A head is told only while the connection is up over which it will be fetched. */
  async function readFetchableHead(): Promise<RevisionId | undefined> {
    await bulk.call(async () => undefined);
    return readHead();
  }

  async function readManifest(id: RevisionId): Promise<Manifest | undefined> {
    const member = orderMember(id);
    const text = await bulk.call((redis) => redis.hget(KEYS.manifests, member));
    return text === null ? undefined : readManifestText(member, text);
  }

  async function readObjects(hashes: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const objects = new Map<string, string>();
    for (let start = 0; start < hashes.length; start += OBJECT_BATCH_LIMIT) {
      const batch = hashes.slice(start, start + OBJECT_BATCH_LIMIT);
      const texts = await bulk.call((redis) => redis.hmget(KEYS.objects, ...batch));
      batch.forEach((hash, index) => {
        const text = texts[index];
        if (typeof text === 'string') objects.set(hash, text);
      });
    }
    return objects;
  }

  async function commit(manifest: Manifest, objects: ReadonlyMap<string, string>): Promise<CommitResult> {
    const given = checkCommit(manifest, objects);
    // A connection that is just coming back is waited for: it has not returned yet.
    await bulk.call(async () => undefined);
    await settle(manifest, bulk, systemClock);
    const hashes = [...new Set(Object.values(manifest.objects))];
    const reply = await bulk.call((redis) =>
      redis.commitRevision(
        ...[KEYS.head, KEYS.order, KEYS.manifests, KEYS.objects, KEYS.references],
        manifest.parent ? formatRevisionId(manifest.parent) : '',
        formatRevisionId(manifest.id),
        orderMember(manifest.id),
        composeManifest(manifest),
        options.historyLimit,
        CHANNELS.head,
        hashes.length,
        ...hashes,
        ...[...given].flat(),
      ),
    );
    return readCommitReply(reply);
  }

  async function listManifests(limit: number, before?: RevisionId): Promise<readonly Manifest[]> {
    const count = Math.min(limit, MANIFEST_LIST_LIMIT);
    if (count <= 0) return [];
    const newest = before ? `(${orderMember(before)}` : '+';
    return bulk.call(async (redis) => {
      const members = await redis.zrevrangebylex(KEYS.order, newest, '-', 'LIMIT', 0, count);
      if (members.length === 0) return [];
      const texts = await redis.hmget(KEYS.manifests, ...members);
      // A revision that was dropped between the two reads is the oldest one, and no longer there.
      return members.flatMap((member, index) => {
        const text = texts[index];
        return typeof text === 'string' ? [readManifestText(member, text)] : [];
      });
    });
  }

  function followHead(listener: (head: RevisionId | undefined) => void, onError: (error: Error) => void): Subscription {
    let last: string | undefined;
    const poll = startPoll({
      intervalMs: options.pollIntervalMs,
      read: readFetchableHead,
      deliver(head) {
        const text = head ? formatRevisionId(head) : '';
        if (text === last) return;
        last = text;
        listener(head);
      },
      onError(error) {
        last = undefined;
        onError(error);
      },
    });
    const wakers = [quick.onReady(poll.wake), bulk.onReady(poll.wake), quick.subscribe(CHANNELS.head, poll.wake)];
    const parts = [poll, ...wakers];
    return { close: () => parts.forEach((part) => void part.close()) };
  }

  return { readHead, readManifest, readObjects, commit, listManifests, followHead };
}

/** Sorts as text in the order of revisions. */
function orderMember(id: RevisionId): string {
  return `${String(id.generation).padStart(10, '0')}.${String(id.number).padStart(10, '0')}`;
}

function readId(text: string): RevisionId {
  const id = parseRevisionId(text);
  if (!id) throw createStoreError('STORE_DAMAGED', `${KEYS.head} in Redis holds no revision`);
  return id;
}

function readManifestText(member: string, text: string): Manifest {
  const manifest = parseManifest(text);
  if (!manifest) throw createStoreError('STORE_DAMAGED', `${member} of ${KEYS.manifests} in Redis is no manifest`);
  return manifest;
}

function readCommitReply(reply: unknown): CommitResult {
  const [status, detail]: unknown[] = Array.isArray(reply) ? reply : [];
  if (status === 'committed') return { status };
  if (status === 'conflict') return { status, head: detail === '' ? null : readId(String(detail)) };
  if (status === 'incomplete') {
    throw createStoreError('STORE_INCOMPLETE', `object ${String(detail)} is neither given nor stored`);
  }
  throw createStoreError('STORE_REJECTED', `unknown reply of the commit script: ${String(status)}`);
}
