// The private key that this worker signs its votes with: PKCS#8 in PEM, made at the first start where there is none.

import { link, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../model/settings.ts';
import { makeSlotKeyText, readSlotKey, type SlotKey } from '../native/slot-keys.ts';
import { replaceFile } from '../store/atomic-file.ts';

export const SLOT_KEY_FILE = 'probe.key';

type KeySettings = Pick<Settings, 'probe' | 'stateDirectory'>;

/**
 * A file that the settings name is somebody's to put there: a worker that made one in its place would be a stranger to
 * everybody, so it is made only in the state directory, or for who asks for it (makeSlotKeyFile).
 * @throws with advice, when the file cannot be read or made, or holds no private key of Ed25519.
 */
export async function openSlotKey(settings: KeySettings): Promise<SlotKey> {
  if (settings.probe.keyFile === '') await makeSlotKeyFile(settings);
  const path = pathOf(settings);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (!isErrorOf(cause, 'ENOENT')) throw cause;
    throw new Error(`there is no ${path} (probe.keyFile): make it with "azimuth probe key"`, { cause });
  });
  const key = readSlotKey(text);
  if (key === undefined) {
    throw new Error(`${path} holds no private key of Ed25519: make one with "openssl genpkey -algorithm ed25519"`);
  }
  return key;
}

/** Makes the file where it is not there, readable by its owner alone. */
export async function makeSlotKeyFile(settings: KeySettings): Promise<void> {
  const path = pathOf(settings);
  // Whole or not at all: half a key would keep the worker from ever starting. And never in the place of another one.
  const whole = `${path}.${process.pid}`;
  await replaceFile(whole, [makeSlotKeyText()]);
  await link(whole, path)
    .catch((error: unknown) => {
      if (!isErrorOf(error, 'EEXIST')) throw error;
    })
    .finally(() => unlink(whole));
}

function pathOf({ probe, stateDirectory }: KeySettings): string {
  return probe.keyFile === '' ? join(stateDirectory, SLOT_KEY_FILE) : probe.keyFile;
}

function isErrorOf(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
