// The secret of this process that private keys are encrypted with. It never enters the store: a machine gets it from whoever
// runs it, or makes its own where the store is on that machine too.

import { randomUUID } from 'node:crypto';
import { access, link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isKeyringObject } from '../dnssec/keyring.ts';
import { type KeySecret, makeSecretText, parseSecret } from '../keys/seal-key.ts';
import type { Settings } from '../model/settings.ts';
import { makeDirectory } from '../native/make-directory.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import { readPersistedRevision } from '../store/persisted-revision.ts';
import { JOURNAL_DIRECTORY } from './journal.ts';

export const SECRET_FILE = 'dnssec.secret';

/** What to do where there is none: for whoever wants a zone signed. */
export const SECRET_ADVICE =
  'put 32 random octets into a file ("openssl rand -hex 32"), readable by Azimuth alone, and name it in dnssec.secretFile (AZIMUTH_DNSSEC_SECRET_FILE) on every API and DNS node';

/**
 * Undefined: none is set, and the store is not ours alone.
 * @param configuration of the store: where it has keys already, no new secret can stand in for the one that is lost.
 * @throws with advice, when the file cannot be read, made, or holds no secret; StoreError when the store cannot be read.
 */
export async function openKeySecret(
  { dnssec, store, stateDirectory }: Pick<Settings, 'dnssec' | 'store' | 'stateDirectory'>,
  configuration: KeptManifests,
): Promise<KeySecret | undefined> {
  if (dnssec.secretFile !== '') return readSecret(dnssec.secretFile);
  if (store.driver !== 'embedded') return undefined;
  const path = join(stateDirectory, SECRET_FILE);
  if (!(await isThere(path))) {
    if (await hasKeys(stateDirectory, configuration)) throw new Error(describeLoss(path));
    await makeOnce(path, stateDirectory);
  }
  return readSecret(path);
}

export type KeptManifests = Pick<ConfigurationStore, 'readHead' | 'readManifest'>;

function describeLoss(path: string): string {
  const loss = `the secret of DNSSEC keys, ${path}, is not there, and the keys of signed zones can be read with no other`;
  const advice = 'put its copy back, or name the file that has it in dnssec.secretFile (AZIMUTH_DNSSEC_SECRET_FILE)';
  return `${loss}: ${advice}; where there is no copy, README.md says under "Signed zones" how to begin anew`;
}

/** In the store, or in what this node keeps for the day on which the store is lost. */
async function hasKeys(stateDirectory: string, configuration: KeptManifests): Promise<boolean> {
  const head = await configuration.readHead();
  const stored = head && (await configuration.readManifest(head));
  if (namesKeys(stored?.objects ?? {})) return true;
  for (const directory of [stateDirectory, join(stateDirectory, JOURNAL_DIRECTORY)]) {
    const kept = await readPersistedRevision(directory);
    if (kept.status === 'read' && namesKeys(kept.value.manifest.objects)) return true;
  }
  return false;
}

function namesKeys(objects: Readonly<Record<string, string>>): boolean {
  return Object.keys(objects).some(isKeyringObject);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whole or not at all, and never over one that is there: of several who make it at once the first wins. */
async function makeOnce(path: string, directory: string): Promise<void> {
  makeDirectory(directory);
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(makeSecretText());
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await unlink(temporary);
  }
}

async function readSecret(path: string): Promise<KeySecret> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new Error(`the secret of DNSSEC keys cannot be read (${cause.message})`, { cause });
  });
  const secret = parseSecret(text);
  if (typeof secret === 'string') throw new Error(`the secret of DNSSEC keys in ${path} cannot be used: ${secret}`);
  return secret;
}
