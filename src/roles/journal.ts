// The journal: the newest revision that this process has seen, on its own disk. A store that was emptied, or that came back
// older than it was, is put right from it.

import type { Revision } from '../model/revision.ts';
import type { PersistedRead, RevisionDisk } from '../store/persisted-revision.ts';

/** In the state directory. */
export const JOURNAL_DIRECTORY = 'journal';

export type Journal = {
  read(): Promise<PersistedRead<Revision>>;
  /** Resolves when this revision, or a later one that was given meanwhile, is on disk. Errors go to `onError`. */
  write(revision: Revision): Promise<void>;
};

/** One write at a time; of those that wait, only the last is carried out. */
export function openJournal(disk: RevisionDisk, onError: (error: Error) => void): Journal {
  let waiting: Revision | undefined;
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    while (waiting !== undefined) {
      const revision = waiting;
      waiting = undefined;
      try {
        await disk.write(revision);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
    working = undefined;
  }

  return {
    read: () => disk.read(),
    write(revision) {
      waiting = revision;
      working ??= work();
      return working;
    },
  };
}
