// The private key that this worker signs its votes with: PKCS#8 in PEM, made at the first start where there is none.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../model/settings.ts';
import { makeDirectory } from '../native/make-directory.ts';
import { makeSlotKeyText, readSlotKey, type SlotKey } from '../native/slot-keys.ts';

export const SLOT_KEY_FILE = 'probe.key';

/** @throws with advice, when the file cannot be read or made, or holds no private key of Ed25519. */
export async function openSlotKey({
  probe,
  stateDirectory,
}: Pick<Settings, 'probe' | 'stateDirectory'>): Promise<SlotKey> {
  const path = probe.keyFile === '' ? join(stateDirectory, SLOT_KEY_FILE) : probe.keyFile;
  if (probe.keyFile === '') {
    makeDirectory(stateDirectory);
    await writeFile(path, makeSlotKeyText(), { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  }
  const key = readSlotKey(await readFile(path, 'utf8'));
  if (key === undefined) {
    throw new Error(`${path} holds no private key of Ed25519: make one with "openssl genpkey -algorithm ed25519"`);
  }
  return key;
}
