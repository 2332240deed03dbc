// Lets through one hint of each zone in HINT_INTERVAL_MS, at once where there was none before. What comes sooner is let
// through at the end of the interval, so that the last change is never missed; only its latest hint, for they all say the same.
//
//   in    a b c                 d
//   out   a         c           d
//         |- 1 s -|- 1 s -|     |- 1 s -|

import { HINT_INTERVAL_MS, type Hint, MAX_HINTED_ZONES } from './hint-store.ts';

export type HintCoalescer = {
  note(hint: Hint): void;
  /** Forgets what is held back. */
  close(): void;
};

/** Of a zone that was hinted at within the last interval. */
type Pause = { readonly timer: NodeJS.Timeout; next: Hint | undefined };

export function coalesceHints(deliver: (hint: Hint) => void): HintCoalescer {
  const pauses = new Map<string, Pause>();
  let isClosed = false;
  return { note, close };

  function note(hint: Hint): void {
    const pause = pauses.get(hint.zone);
    if (pause !== undefined) pause.next = hint;
    else if (pauses.size < MAX_HINTED_ZONES && !isClosed) pass(hint);
  }

  function pass(hint: Hint): void {
    // Nobody waits for a hint: it keeps no process alive.
    const timer = setTimeout(() => endPause(hint.zone), HINT_INTERVAL_MS).unref();
    pauses.set(hint.zone, { timer, next: undefined });
    deliver(hint);
  }

  function endPause(zone: string): void {
    const next = pauses.get(zone)?.next;
    pauses.delete(zone);
    if (next !== undefined) pass(next);
  }

  function close(): void {
    isClosed = true;
    for (const { timer } of pauses.values()) clearTimeout(timer);
    pauses.clear();
  }
}
