// Follows the file of TSIG keys: read at the start, and again whenever it changes, by polling, since notifications of file
// systems get lost in containers. A file with any fault is refused whole, and the keys before stay; secrets are never logged.

import { readFileSync, statSync } from 'node:fs';
import { MAX_KEY_FILE_LENGTH, readKeyFile } from '../transfer/read-key-file.ts';
import type { TsigKey } from '../wire/tsig.ts';

export type KeyFileLogger = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};
export type KeyFileOptions = { readonly file: string; readonly intervalMs?: number };

export type KeyFileWatch = {
  /** Those of the last file without a fault; none before there was one. */
  readonly keys: readonly TsigKey[];
  close(): void;
};

const INTERVAL_MS = 2000;
const READABLE_BY_ALL = 0o004;

/** Reads the file now, and calls `onKeys` whenever other keys are in force, at once if there are any. An empty path is no file. */
export function watchKeyFile(
  { file, intervalMs = INTERVAL_MS }: KeyFileOptions,
  logger: KeyFileLogger,
  onKeys: (keys: readonly TsigKey[]) => void,
): KeyFileWatch {
  let keys: readonly TsigKey[] = [];
  let seen: string | undefined;
  if (file === '') return { keys, close: () => undefined };
  look();
  const timer = setInterval(look, intervalMs).unref();
  return {
    get keys() {
      return keys;
    },
    close: () => clearInterval(timer),
  };

  function look(): void {
    const found = describeFile(file);
    if (found === seen) return;
    seen = found;
    const reasons = take();
    if (reasons.length === 0) return;
    const state = keys.length > 0 ? 'those before stay in force' : 'nobody who signs with one is served';
    logger.error({ file, reasons }, `the TSIG keys of dns.tsig.keyFile cannot be used: ${state}`);
  }

  /** Returns what is wrong with the file. */
  function take(): readonly string[] {
    try {
      const { size, mode } = statSync(file);
      if (size > MAX_KEY_FILE_LENGTH) return [`it is longer than ${MAX_KEY_FILE_LENGTH} octets`];
      const read = readKeyFile(readFileSync(file, 'utf8'));
      if (!read.ok) return read.faults.map(({ line, message }) => `line ${line}: ${message}`);
      if ((mode & READABLE_BY_ALL) !== 0) logger.warn({ file }, 'every user of this machine can read the TSIG keys');
      keys = read.keys;
      logger.info({ file, keys: keys.length }, 'TSIG keys in force');
      onKeys(keys);
      return [];
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return [isMissing(error) ? `${cause}: ${MISSING_ADVICE}` : cause];
    }
  }
}

const MISSING_ADVICE =
  'make it ("tsig-keygen NAME > FILE"), readable by Azimuth alone, or correct dns.tsig.keyFile (AZIMUTH_DNS_TSIG_KEY_FILE)';

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Changes whenever the file is written or gets other rights (it may be readable then), or another one takes its place. */
function describeFile(file: string): string {
  try {
    const { size, ctimeMs, ino } = statSync(file);
    return `${size} ${ctimeMs} ${ino}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
