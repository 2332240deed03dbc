// What this process shows and trusts in TLS handshakes of checks: client certificates by their names, and authorities beside
// those that are public. The files are read when they are first needed and again once a minute, so that renewed ones come
// into force by themselves. A context costs milliseconds to make, and is shared by the checks that ask for the same.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { TlsOptions } from '../model/monitors/tls-options.ts';

export type TlsFiles = {
  /** Directory of NAME.crt (with its chain) and NAME.key, PEM. Empty: there are none. */
  readonly clientCertificates: string;
  /** A PEM file of certificates that are trusted beside the public authorities. Empty: none. */
  readonly authorities: string;
};

export type TlsContext =
  | { readonly ok: true; readonly context: SecureContext }
  /** For people: why this worker cannot ask as it should. */
  | { readonly ok: false; readonly reason: string };

export const CONTEXT_LIFE_MS = 60_000;

export class TlsContexts {
  readonly #files: TlsFiles;
  readonly #now: () => number;
  /** At most one for each version and name that a configuration has, and that files stand behind. */
  readonly #kept = new Map<string, { readonly madeAtMs: number; readonly made: TlsContext }>();

  /** `now` in monotonic milliseconds. */
  constructor(files: TlsFiles, now: () => number = () => performance.now()) {
    this.#files = files;
    this.#now = now;
  }

  get({ minVersion, clientCertificate }: TlsOptions): TlsContext {
    const key = `${minVersion} ${clientCertificate ?? ''}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#now() - kept.madeAtMs < CONTEXT_LIFE_MS) return kept.made;
    this.#dropOld();
    const made = makeContext(this.#files, minVersion, clientCertificate);
    this.#kept.set(key, { madeAtMs: this.#now(), made });
    return made;
  }

  #dropOld(): void {
    const oldestMs = this.#now() - CONTEXT_LIFE_MS;
    for (const [key, { madeAtMs }] of this.#kept) if (madeAtMs <= oldestMs) this.#kept.delete(key);
  }
}

function makeContext(files: TlsFiles, minVersion: TlsOptions['minVersion'], name: string | undefined): TlsContext {
  try {
    const trusted = readAuthorities(files.authorities);
    const own = name === undefined ? {} : readClientCertificate(files.clientCertificates, name);
    return { ok: true, context: createSecureContext({ minVersion: `TLSv${minVersion}`, ...trusted, ...own }) };
  } catch (error) {
    if (error instanceof UnreadableFile) return { ok: false, reason: error.message };
    const what = name === undefined ? 'the authorities' : `the client certificate ${name}, or its key`;
    return { ok: false, reason: `this worker cannot use ${what}: the files are no good PEM` };
  }
}

function readAuthorities(path: string): { readonly ca?: string[] } {
  if (path === '') return {};
  return { ca: [...getCACertificates('default'), read(path, 'the file probe.authorities')] };
}

function readClientCertificate(directory: string, name: string): { readonly cert: string; readonly key: string } {
  if (directory === '') {
    throw new UnreadableFile(
      `this worker has no client certificate ${name}: its setting probe.clientCertificates is empty`,
    );
  }
  const what = `the client certificate ${name}`;
  return { cert: read(join(directory, `${name}.crt`), what), key: read(join(directory, `${name}.key`), what) };
}

/** Inside this file only: becomes a reason. */
class UnreadableFile extends Error {}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UnreadableFile(`this worker cannot read ${what} (${code})`);
  }
}
