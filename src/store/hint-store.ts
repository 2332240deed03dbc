// What a store of hints does, whatever carries them: somebody has heard that a zone has changed at its primary (NOTIFY, RFC
// 1996), and whoever copies zones may look at once. A hint is nothing more: none is kept, none is said twice, none waits for
// a store that is away. One that is lost costs no more than the wait until the zone is looked after anyway (SOA refresh).
// Drivers: redis/ and embedded/. One suite of tests holds both to this page.

import type { Subscription } from './configuration-store.ts';

export type Hint = {
  /** Full, lower case, without the last dot. */
  readonly zone: string;
  /** Of the primary that said so, in its canonical form. */
  readonly address: string;
};

export type HintStore = {
  /** Tells all who follow now. Rejects with a StoreError, at once when the store is not there. */
  publish(hint: Hint): Promise<void>;
  /**
   * Calls `onHint` with the hints of all processes, of each zone at most one in HINT_INTERVAL_MS: what comes sooner comes at
   * its end, the latest in place of all. Zones may be none that anybody knows. `onNonsense` hears once, at the first message
   * that is no hint.
   */
  follow(onHint: (hint: Hint) => void, onNonsense?: (message: string) => void): Subscription;
};

/** How often a zone is hinted at, at most. */
export const HINT_INTERVAL_MS = 1000;

/** Of so many zones hints are held back at once; those of further ones are lost meanwhile. */
export const MAX_HINTED_ZONES = 10_000;
