// Keeps the secrets of server cookies: those of a file that is read again when it changes, those of the settings, or, where
// neither gives any, secrets of this process alone, which it rolls over by itself (RFC 7873 section 7.1).

import { randomBytes } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Logger } from 'pino';
import { type CookieSecrets, createCookieSecrets, writeCookieSecrets } from '../answer/cookie-secrets.ts';
import { parseCookieSecrets } from '../model/cookie-secret.ts';
import { formatProblem, type Parsed } from '../model/problem.ts';
import type { Settings } from '../model/settings.ts';
import { describeCause } from '../store/store-error.ts';

export type CookieKeeper = {
  /** As all answer threads see them; without any where cookies are not served. */
  readonly secrets: CookieSecrets;
  close(): void;
};

const SECRET_BYTES = 16;
/** RFC 7873 section 7.1: rolled at least every 36 days, and not so often that cookies in use are lost: they live an hour. */
const ROLL_MS = 24 * 60 * 60 * 1000;
const FILE_INTERVAL_MS = 1000;

/** @throws Error with advice when the file that the settings name cannot be used. */
export function keepCookieSecrets(
  { enabled, secrets, secretFile }: Settings['dns']['cookies'],
  logger: Logger,
): CookieKeeper {
  const shared = createCookieSecrets();
  if (!enabled) return { secrets: shared, close: () => undefined };
  if (secretFile !== '') return { secrets: shared, close: followFile(secretFile, shared, logger) };
  if (secrets.length > 0) {
    writeCookieSecrets(shared, secrets);
    return { secrets: shared, close: () => undefined };
  }
  return { secrets: shared, close: rollSecrets(shared) };
}

/** What was read last holds until the file can be read again. */
function followFile(file: string, shared: CookieSecrets, logger: Logger): () => void {
  const first = readSecrets(file);
  if (!first.ok) {
    const reasons = first.problems.map(({ message }) => message).join(' ');
    throw new Error(
      `the cookie secrets in ${file} cannot be used: ${reasons} Correct dns.cookies.secretFile, or the file`,
    );
  }
  writeCookieSecrets(shared, first.value);
  const reread = (): void => {
    const read = readSecrets(file);
    if (read.ok) {
      writeCookieSecrets(shared, read.value);
      logger.info({ file, secrets: read.value.length }, 'cookie secrets in force');
    } else {
      logger.error(
        { file, reasons: read.problems.map(formatProblem) },
        'these cookie secrets are no use: those before stay',
      );
    }
  };
  watchFile(file, { interval: FILE_INTERVAL_MS, persistent: false }, reread);
  return () => unwatchFile(file, reread);
}

function readSecrets(file: string): Parsed<readonly Uint8Array[]> {
  try {
    return parseCookieSecrets(readFileSync(file, 'utf8'));
  } catch (error) {
    return { ok: false, problems: [{ path: '', message: `It cannot be read (${describeCause(error)}).` }] };
  }
}

/** The one before stays good, so that nobody's cookie is lost. */
function rollSecrets(shared: CookieSecrets): () => void {
  let current: Uint8Array = randomBytes(SECRET_BYTES);
  writeCookieSecrets(shared, [current]);
  const timer = setInterval(() => {
    const previous = current;
    current = randomBytes(SECRET_BYTES);
    writeCookieSecrets(shared, [current, previous]);
  }, ROLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
