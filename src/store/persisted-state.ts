// Small states that a process keeps across its restarts, such as the last verdicts: JSON under a checksum, replaced whole.
//
//   azimuth-state 1 <SHA-256 of the rest> LF <JSON>

import { join } from 'node:path';
import { readWholeFile, replaceFile } from './atomic-file.ts';
import { hashObject } from './hash-object.ts';
import type { PersistedRead } from './persisted-revision.ts';
import { describeCause } from './store-error.ts';

export const STATE_FILE_LIMIT_BYTES = 256 * 2 ** 20;

const NAME = /^[a-z0-9-]{1,64}$/;
const FILE = /^azimuth-state 1 ([0-9a-f]{64})\n(.*)$/s;

/**
 * Keeps `value`, anything that JSON can say, as `NAME.state`. One write at a time per name: await it before the next.
 *
 * @param name lower-case letters, digits and hyphens. @throws RangeError for another, and errors of the file system.
 */
export async function writePersistedState(directory: string, name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  if (text === undefined) throw new RangeError(`the state ${name} is nothing that JSON can say`);
  await replaceFile(statePath(directory, name), [`azimuth-state 1 ${hashObject(text)}\n`, text]);
}

/** The value is as it was written, but unknown in type: whoever reads it checks its shape, which may be an older one. */
export async function readPersistedState(directory: string, name: string): Promise<PersistedRead<unknown>> {
  const path = statePath(directory, name);
  try {
    const bytes = await readWholeFile(path, STATE_FILE_LIMIT_BYTES);
    if (!bytes) return { status: 'absent' };
    const [, checksum, text = ''] = FILE.exec(bytes.toString('utf8')) ?? [];
    if (hashObject(text) !== checksum) throw new Error('it is torn or was altered');
    const value: unknown = JSON.parse(text);
    return { status: 'read', value };
  } catch (cause) {
    const message = `${path} cannot be used: ${describeCause(cause)}. Delete it; it is written anew.`;
    return { status: 'damaged', problems: [{ path: '/', message }] };
  }
}

function statePath(directory: string, name: string): string {
  if (!NAME.test(name)) throw new RangeError(`${name} is no name of a state`);
  return join(directory, `${name}.state`);
}
