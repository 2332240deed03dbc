// Where the bench keeps what takes long to make, from one run to the next: the database of the peers' shape, the load generator.

import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Its path; made when it is not there. */
export function openBenchFolder(): string {
  const folder = join(tmpdir(), 'azimuth-bench');
  mkdirSync(folder, { recursive: true });
  return folder;
}
