// Hints within a single process: nothing is written. Listeners are called from the event loop, as in health.ts.

import { coalesceHints, type HintCoalescer } from '../coalesce-hints.ts';
import type { Subscription } from '../configuration-store.ts';
import type { Hint, HintStore } from '../hint-store.ts';
import { createStoreError } from '../store-error.ts';

export function createEmbeddedHintStore(): HintStore & { close(): void } {
  const followers = new Set<HintCoalescer>();
  let isClosed = false;

  async function publish(hint: Hint): Promise<void> {
    if (isClosed) throw createStoreError('STORE_CLOSED', 'the store is closed');
    setImmediate(() => {
      for (const follower of followers) follower.note(hint);
    });
  }

  function follow(onHint: (hint: Hint) => void): Subscription {
    const follower = coalesceHints(onHint);
    followers.add(follower);
    return {
      close() {
        followers.delete(follower);
        follower.close();
      },
    };
  }

  function close(): void {
    isClosed = true;
    for (const follower of followers) follower.close();
    followers.clear();
  }

  return { publish, follow, close };
}
