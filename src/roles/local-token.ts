// The token of whoever may read the state directory: made at the first start, so that the command line on the same machine
// works without further ado. The file is readable by its owner alone; the configuration holds its hash like any other's.

import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { ConfigurationWriter } from '../api/ports.ts';
import { createToken, findToken, hasScope } from '../api/token.ts';
import { replaceFile } from '../store/atomic-file.ts';

export const TOKEN_FILE = 'token';
const MAX_TRIES = 5;

/**
 * The token in the file if it is a valid one with the scope admin; otherwise a new one, committed and written there.
 * Undefined when the store holds no configuration yet, or does not answer: call again when it does.
 * @throws errors of the file system.
 */
export async function ensureLocalToken(
  stateDirectory: string,
  writer: Pick<ConfigurationWriter, 'read' | 'commitTokens'>,
  nowMs: () => number,
): Promise<string | undefined> {
  const path = join(stateDirectory, TOKEN_FILE);
  // Several nodes may share a store, and a machine: each has a token of its own, and replaces none but that.
  const name = `local ${hostname()} ${resolve(stateDirectory)}`;
  const kept = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await writer.read().catch(() => undefined);
    if (current === undefined) return undefined;
    const known = findToken(current.tokens, kept, nowMs());
    if (known !== undefined && hasScope(known, 'admin')) return kept;
    const { text, record } = createToken({ name, scopes: ['admin'], createdAtMs: nowMs() });
    const outcome = await writer.commitTokens({
      tokens: [...current.tokens.filter((token) => token.name !== name), record],
      expected: current.id,
      author: name,
      message: 'create the local token',
    });
    if (outcome.status === 'committed') {
      await replaceFile(path, [`${text}\n`]);
      return text;
    }
    if (outcome.status !== 'conflict') return undefined;
  }
  return undefined;
}
