// Reads something now, whenever it is woken, and at every interval; never twice at the same time. Followers of a store are
// made of it: the word of a change only wakes it, so a word that is lost, forged or repeated does no harm. A store that is
// closed ends its polls without a word.

import { type Clock, repeatEvery } from '../model/clock.ts';
import { backgroundClock } from '../native/system-clock.ts';
import { isStoreError } from './store-error.ts';

export type Poll = {
  /** Reads soon: at once, or when the read that is under way has ended. */
  wake(): void;
  close(): void;
};

export type PollOptions<Value> = {
  readonly intervalMs: number;
  readonly read: () => Promise<Value>;
  readonly deliver: (value: Value) => void;
  /** Once when reads begin to fail, not at every try, and again only after one has succeeded. */
  readonly onError: (error: Error) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

export function startPoll<Value>(options: PollOptions<Value>): Poll {
  let state: 'idle' | 'reading' | 'woken' | 'closed' = 'idle';
  let failing = false;
  // Following alone keeps no process alive.
  const timer = repeatEvery(options.clock ?? backgroundClock, options.intervalMs, wake);
  wake();
  return { wake, close };

  function close(): void {
    state = 'closed';
    timer.cancel();
  }

  function wake(): void {
    if (state === 'reading') state = 'woken';
    if (state !== 'idle') return;
    state = 'reading';
    void readOnce();
  }

  async function readOnce(): Promise<void> {
    const outcome = await options.read().then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => ({ ok: false as const, error: error instanceof Error ? error : new Error(String(error)) }),
    );
    if (isClosed()) return;
    if (!outcome.ok && isStoreError(outcome.error) && outcome.error.code === 'STORE_CLOSED') return close();
    const again = state === 'woken';
    state = 'idle';
    if (!outcome.ok && !failing) options.onError(outcome.error);
    failing = !outcome.ok;
    if (outcome.ok) options.deliver(outcome.value);
    if (again) wake();
  }

  function isClosed(): boolean {
    return state === 'closed';
  }
}
