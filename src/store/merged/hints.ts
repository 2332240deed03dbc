// Hints over several independent servers: said at all, heard from any. One that comes twice costs one look more.

import { coalesceHints } from '../coalesce-hints.ts';
import type { Subscription } from '../configuration-store.ts';
import type { HintStore } from '../hint-store.ts';
import { firstOf } from './calls.ts';

export function createMergedHintStore(members: readonly HintStore[]): HintStore & { close(): void } {
  const followers = new Set<Subscription>();
  return {
    async publish(hint) {
      const calls = members.map((member) => member.publish(hint));
      // Whoever comes to listen afterwards hears nothing of it from any.
      await Promise.allSettled(calls);
      await firstOf(calls);
    },
    follow(onHint, onNonsense) {
      const coalescer = coalesceHints(onHint);
      const parts = [...members.map((member) => member.follow(coalescer.note, onNonsense)), coalescer];
      const follower = {
        close() {
          followers.delete(follower);
          for (const part of parts) part.close();
        },
      };
      followers.add(follower);
      return follower;
    },
    close: () => [...followers].forEach((follower) => void follower.close()),
  };
}
