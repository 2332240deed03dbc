// The first changes after the store came back wait. A server that came back, or one in its place, may have forgotten commits
// that another API node acknowledged and is about to bring back (roles/reconcile.ts). A change on top of the old head would
// take the number of what was forgotten, and nobody would miss that.

import type { Clock } from '../model/clock.ts';
import type { Manifest } from '../model/revision.ts';
import { createStoreError } from './store-error.ts';

/** Between two attempts to connect, which all others may be in, there is up to a second; then comes what a look and a commit take. */
export const SETTLE_MS = 1500;
/** Where a primary is found by asking, all are there within half a second. */
export const GUIDED_SETTLE_MS = 1000;

/** No change waits for longer, while the store comes and goes. */
export const MAX_SETTLE_MS = 4000;

export type Presence = {
  /** Whether it asks where its server is. */
  readonly isGuided: boolean;
  /** Milliseconds since it came back after a loss; infinite where it never was lost. Read anew each time. */
  readonly returnedForMs: number;
  /** Resolves when the connection is there; one that is just coming back has not returned yet. Rejects when it is not. */
  whenThere(): Promise<unknown>;
};

/**
 * Resolves when `manifest` may be committed over a connection that is there now; undefined: it may at once. Rejects when the store
 * is not there any more, or does not stay.
 */
export function settle(
  { id, parent }: Pick<Manifest, 'id' | 'parent'>,
  presence: Presence,
  clock: Pick<Clock, 'schedule'>,
): Promise<void> | undefined {
  // What brings back is not held up by itself: it begins a generation.
  if (parent === null || id.generation > parent.generation) return undefined;
  return leftMsOf(presence) > 0 ? waitForRest(presence, clock) : undefined;
}

/** The store may be lost, and come back once more, while a change waits: then that return counts. */
async function waitForRest(presence: Presence, clock: Pick<Clock, 'schedule'>): Promise<void> {
  let waitedMs = 0;
  for (let leftMs = leftMsOf(presence); leftMs > 0; leftMs = leftMsOf(presence)) {
    waitedMs += leftMs;
    if (waitedMs > MAX_SETTLE_MS) {
      throw createStoreError('STORE_UNAVAILABLE', 'the store comes and goes: nothing is changed in it until it stays');
    }
    await pause(leftMs, clock);
    await presence.whenThere();
  }
}

function pause(ms: number, clock: Pick<Clock, 'schedule'>): Promise<void> {
  return new Promise((resolve) => void clock.schedule(ms, resolve));
}

function leftMsOf({ isGuided, returnedForMs }: Presence): number {
  return (isGuided ? GUIDED_SETTLE_MS : SETTLE_MS) - returnedForMs;
}
