// The first changes after the store came back wait. A server that came back, or one in its place, may have forgotten commits
// that another API node acknowledged and is about to bring back (roles/reconcile.ts). A change on top of the old head would
// take the number of what was forgotten, and nobody would miss that.

import type { Clock } from '../model/clock.ts';
import type { Manifest } from '../model/revision.ts';

/** Between two attempts to connect, which all others may be in, there is up to a second; then comes what a look and a commit take. */
export const SETTLE_MS = 1500;
/** Where a primary is found by asking, all are there within half a second. */
export const GUIDED_SETTLE_MS = 1000;

export type Presence = {
  /** Whether it asks where its server is. */
  readonly isGuided: boolean;
  /** Milliseconds since it came back after a loss; infinite where it never was lost. */
  readonly returnedForMs: number;
};

/** Resolves when `manifest` may be committed over a connection that is there now. */
export function settle(
  { id, parent }: Pick<Manifest, 'id' | 'parent'>,
  { isGuided, returnedForMs }: Presence,
  clock: Pick<Clock, 'schedule'>,
): Promise<void> | undefined {
  // What brings back is not held up by itself: it begins a generation.
  if (parent === null || id.generation > parent.generation) return undefined;
  const leftMs = (isGuided ? GUIDED_SETTLE_MS : SETTLE_MS) - returnedForMs;
  return leftMs > 0 ? new Promise((resolve) => void clock.schedule(leftMs, resolve)) : undefined;
}
