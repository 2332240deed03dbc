// What a configuration store does, whatever keeps it: objects under their SHA-256, manifests under their revision, and
// one head that moves by compare-and-set. Drivers: redis/ and embedded/. One suite of tests holds both to this page.
//
// Every call either answers or rejects with a StoreError (store-error.ts) within the driver's timeout; nothing queues for
// a store that is not there. The store keeps a limited number of revisions, and the objects that these name.

import type { Manifest, RevisionId } from '../model/revision.ts';

export type CommitResult =
  | { readonly status: 'committed' }
  /** The head was not `manifest.parent`: nothing was written. `head` is null when the store is empty. */
  | { readonly status: 'conflict'; readonly head: RevisionId | null };

export type Subscription = { close(): void };

export type ConfigurationStore = {
  /** Undefined when the store holds no revision at all: lost or new, never "configuration deleted". */
  readHead(): Promise<RevisionId | undefined>;
  readManifest(id: RevisionId): Promise<Manifest | undefined>;
  /** Texts by hash; hashes that the store does not hold are absent. Callers verify the hashes: see fetch-revision.ts. */
  readObjects(hashes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Stores objects and manifest and moves the head, all or nothing, if the head is `manifest.parent` (null: if there is
   * no head). Atomic among all writers. `objects` may leave out those that the store holds already; one that neither has
   * is refused with STORE_INCOMPLETE. Committing once more what is the head already counts as committed, so that
   * whoever timed out may repeat the call. An id that is not newer than its parent, and a text that does not have the
   * hash that it is given under, are bugs of the caller: RangeError.
   */
  commit(manifest: Manifest, objects: ReadonlyMap<string, string>): Promise<CommitResult>;
  /** Newest first, strictly older than `before` if that is given; never more than MANIFEST_LIST_LIMIT. */
  listManifests(limit: number, before?: RevisionId): Promise<readonly Manifest[]>;
  /**
   * Calls `listener` with the head now and after every change: at once when the store says so, and within a second by
   * polling when that word was lost. `undefined` for an emptied store. `onError` hears of a store that fails once, not
   * at every try; following goes on, and when the store answers again `listener` is told so with the head, be it the
   * same. Otherwise the head is said once: whoever fails to fetch it tries again by themselves.
   */
  followHead(listener: (head: RevisionId | undefined) => void, onError: (error: Error) => void): Subscription;
  /** Ends all following, without a word to the listeners; calls reject with STORE_CLOSED from then on. */
  close(): Promise<void>;
};

/** How many manifests one call lists at most. */
export const MANIFEST_LIST_LIMIT = 1000;

/** How many revisions a store keeps unless it is told otherwise; an object goes with the last revision that names it. */
export const HISTORY_LIMIT = 1000;

/** How often a follower asks, in case the word of a change was lost. */
export const POLL_INTERVAL_MS = 1000;
