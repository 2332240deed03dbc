// Hints in Redis: messages on a channel, over the quick connection, which is subscribed to others anyway. Nothing is stored.

import { coalesceHints } from '../coalesce-hints.ts';
import type { Subscription } from '../configuration-store.ts';
import type { Hint, HintStore } from '../hint-store.ts';
import { composeHint, MAX_HINT_LENGTH, parseHint } from '../hint-text.ts';
import { createStoreError } from '../store-error.ts';
import type { RedisConnection } from './connection.ts';
import { CHANNELS } from './keys.ts';

export function createRedisHintStore(connection: RedisConnection): HintStore & { close(): void } {
  const followers = new Set<Subscription>();

  async function publish(hint: Hint): Promise<void> {
    // Calls that wait for a connection are few, and a heartbeat's.
    if (connection.isConnecting) throw createStoreError('STORE_UNAVAILABLE', 'hints do not wait for a connection');
    await connection.call((redis) => redis.publish(CHANNELS.hints, composeHint(hint)));
  }

  function follow(onHint: (hint: Hint) => void, onNonsense?: (message: string) => void): Subscription {
    const coalescer = coalesceHints(onHint);
    let isTold = false;
    const messages = connection.subscribe(CHANNELS.hints, (payload) => {
      // Every octet is at least one character of JSON in UTF-8; a name has no others.
      const hint = payload.length > MAX_HINT_LENGTH ? undefined : parseHint(payload.toString());
      if (hint !== undefined) return coalescer.note(hint);
      if (!isTold) onNonsense?.(`${CHANNELS.hints} in Redis carries ${payload.length} octets that are no hint`);
      isTold = true;
    });
    const follower = {
      close() {
        followers.delete(follower);
        messages.close();
        coalescer.close();
      },
    };
    followers.add(follower);
    return follower;
  }

  function close(): void {
    for (const follower of [...followers]) follower.close();
  }

  return { publish, follow, close };
}
