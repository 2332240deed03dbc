// A store that went back over an acknowledged change, and then took another one under the same number before anyone could
// bring the first one back: one id, two contents. Whoever knows the first finds that the store does not hold it. What the
// store holds stays, for operators go on working on that; the change that is lost is kept in a file and named in the log.

import { join } from 'node:path';
import { formatRevisionId, type Revision } from '../model/revision.ts';
import { replaceFile } from '../store/atomic-file.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import { composeManifest } from '../store/manifest-text.ts';
import { JOURNAL_DIRECTORY } from './journal.ts';
import type { Known } from './known-revision.ts';

/** Writes down what is lost. @throws errors of the file system. */
export type KeepLost = (lost: Known) => Promise<string>;

/** Whether the store has another revision of that number. One that it has none of was dropped as old, or was never heard of. */
export async function isReplaced(
  store: Pick<ConfigurationStore, 'readManifest'>,
  { manifest }: Revision,
): Promise<boolean> {
  const stored = await store.readManifest(manifest.id);
  return stored !== undefined && composeManifest(stored) !== composeManifest(manifest);
}

/** As documents that `azimuth diff` and `azimuth apply` read; resolves with the path. */
export function keepLostIn(stateDirectory: string): KeepLost {
  return async ({ revision, document }) => {
    const path = join(stateDirectory, JOURNAL_DIRECTORY, `lost-${formatRevisionId(revision.manifest.id)}.json`);
    await replaceFile(path, [`${JSON.stringify(document, undefined, 2)}\n`]);
    return path;
  };
}
