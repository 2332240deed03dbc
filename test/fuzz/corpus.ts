// The corpus: packets from which mutation starts. Every bug that a packet could show has left its packet here. Files are
// named after what is special about them; `node test/fuzz/write-corpus.ts` writes those that can be told in a few words.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'corpus');

export function readCorpus(): readonly Uint8Array[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.bin'));
  return names.sort().map((name) => Uint8Array.from(readFileSync(join(FOLDER, name))));
}
