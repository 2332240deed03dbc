// What the tests of the writer share: contents that differ, and a store that becomes another one.

import { join } from 'node:path';
import { formatRevisionId } from '../../../src/model/revision.ts';
import { JOURNAL_DIRECTORY } from '../../../src/roles/journal.ts';
import type { EmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { readPersistedRevision } from '../../../src/store/persisted-revision.ts';
import { DOCUMENT } from '../api/fixture.ts';

export const change = { author: 'ann', message: 'test' };

export function withBias(bias: number) {
  return { ...DOCUMENT, regions: DOCUMENT.regions.map((region) => ({ ...region, bias })) };
}

export async function readJournal(directory: string) {
  const read = await readPersistedRevision(join(directory, JOURNAL_DIRECTORY));
  return read.status === 'read' ? formatRevisionId(read.value.manifest.id) : read.status;
}

export async function headOf({ configuration }: Pick<EmbeddedStore, 'configuration'>) {
  const head = await configuration.readHead();
  return head && formatRevisionId(head);
}

/** A store that may become another one, or none, between two calls. */
export function switchable(current: () => EmbeddedStore): EmbeddedStore['configuration'] {
  return {
    readHead: async () => current().configuration.readHead(),
    readManifest: async (id) => current().configuration.readManifest(id),
    readObjects: async (hashes) => current().configuration.readObjects(hashes),
    commit: async (manifest, objects) => current().configuration.commit(manifest, objects),
    listManifests: async (limit, before) => current().configuration.listManifests(limit, before),
    followHead: () => ({ close: () => {} }),
    close: async () => {},
  };
}
