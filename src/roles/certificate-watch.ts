// The certificate of TLS and HTTPS, kept up to date: read at the start, read again when its files have changed, and handed
// to whoever serves it. A new pair that cannot be served leaves the old one in force, and says so; so does the approaching
// end of the one in force. By polling, since notifications of file systems get lost in containers and over networks.

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { type Certificate, refuseCertificate, TICKET_KEYS_BYTES } from '../transport/certificate.ts';

export type CertificateWatchOptions = {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
  readonly reloadIntervalMs: number;
  /** How long one key seals session tickets: who has it can read what was sent in sessions that they resumed. */
  readonly ticketLifetimeMs?: number;
};

/** A chain and its key are a few kilobytes. */
const MAX_FILE_BYTES = 1 << 20;
const DAY_MS = 86_400_000;
const EXPIRY_NOTICE_MS = 14 * DAY_MS;
const TICKET_LIFETIME_MS = DAY_MS / 2;

type Pair = { readonly chain: string; readonly key: string; readonly expiresMs: number };

export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #logger: Logger;
  readonly #onChange: (certificate: Certificate) => void;
  #pair: Pair;
  #ticketKeys: Uint8Array = randomBytes(TICKET_KEYS_BYTES);
  #ticketsSinceMs = performance.now();
  /** What the files looked like when they were last read, and when they were last looked at. */
  #read: string;
  #seen: string;
  #noticedMs = 0;
  #timer: NodeJS.Timeout;
  /** Reads that found a pair to serve, and that did not. */
  readonly reads = { loaded: 1, refused: 0 };

  /** @throws Error with advice when the pair cannot be served: then there is none to fall back on. */
  constructor(options: CertificateWatchOptions, logger: Logger, onChange: (certificate: Certificate) => void) {
    this.#options = options;
    this.#logger = logger;
    this.#onChange = onChange;
    this.#seen = this.#read = describeFiles(options);
    const found = readPair(options);
    if (typeof found === 'string') {
      throw new Error(`cannot serve TLS: ${found}. Correct dns.tls.certificate and dns.tls.key`);
    }
    this.#pair = found;
    this.#noticeExpiry();
    this.#timer = this.#schedule();
  }

  get certificate(): Certificate {
    return { chain: this.#pair.chain, key: this.#pair.key, ticketKeys: this.#ticketKeys };
  }

  /** When the certificate in force ends, in milliseconds since 1970. */
  get expiresMs(): number {
    return this.#pair.expiresMs;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#poll();
      this.#timer = this.#schedule();
    }, this.#options.reloadIntervalMs).unref();
  }

  #poll(): void {
    const files = describeFiles(this.#options);
    // Two files do not change in one moment: they are read once they have been left alone for a whole interval.
    const isSettled = files === this.#seen;
    this.#seen = files;
    let isChanged = isSettled && files !== this.#read && this.#reload(files);
    if (performance.now() - this.#ticketsSinceMs >= (this.#options.ticketLifetimeMs ?? TICKET_LIFETIME_MS)) {
      this.#ticketKeys = randomBytes(TICKET_KEYS_BYTES);
      this.#ticketsSinceMs = performance.now();
      isChanged = true;
    }
    if (isChanged) this.#onChange(this.certificate);
    this.#noticeExpiry();
  }

  /** True where there is a new pair to serve. */
  #reload(files: string): boolean {
    this.#read = files;
    const found = readPair(this.#options);
    if (typeof found === 'string') {
      this.reads.refused++;
      this.#logger.error({ reason: found }, 'the new TLS certificate cannot be served: the one before stays in force');
      return false;
    }
    this.reads.loaded++;
    this.#pair = found;
    this.#noticedMs = 0;
    this.#logger.info({ expires: new Date(found.expiresMs).toISOString() }, 'a new TLS certificate is served');
    return true;
  }

  /** Once a day, when its end is near or has come. */
  #noticeExpiry(): void {
    const leftMs = this.#pair.expiresMs - Date.now();
    if (leftMs > EXPIRY_NOTICE_MS || Date.now() - this.#noticedMs < DAY_MS) return;
    this.#noticedMs = Date.now();
    const expires = new Date(this.#pair.expiresMs).toISOString();
    if (leftMs > 0) this.#logger.warn({ expires }, 'the TLS certificate expires soon');
    else this.#logger.error({ expires }, 'the TLS certificate has expired: clients that check it refuse us');
  }
}

/** The pair, or in words what is wrong with it. */
function readPair(paths: CertificateWatchOptions): Pair | string {
  try {
    const [chain, key] = [readText(paths.certificate), readText(paths.key)];
    const own = parse(paths.certificate, () => new X509Certificate(chain));
    const privateKey = parse(paths.key, () => createPrivateKey(key));
    if (!own.checkPrivateKey(privateKey)) return `${paths.key} is not the key of ${paths.certificate}`;
    const refused = refuseCertificate({ chain, key, ticketKeys: new Uint8Array(TICKET_KEYS_BYTES) });
    if (refused !== undefined) return `${paths.certificate}: ${refused}`;
    return { chain, key, expiresMs: own.validToDate.getTime() };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @throws Error that names the file. */
function parse<Parsed>(path: string, read: () => Parsed): Parsed {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function readText(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new Error(`${path} has ${size} bytes: this is no PEM file of a certificate or key`);
  return readFileSync(path, 'latin1');
}

/**
 * Changes when either file is written or replaced, or gets other rights, for one that could not be read may be readable then;
 * links are followed.
 */
function describeFiles({ certificate, key }: CertificateWatchOptions): string {
  return [certificate, key].map(describeFile).join('\n');
}

function describeFile(path: string): string {
  try {
    const { ino, size, ctimeMs } = statSync(path);
    return `${ino} ${size} ${ctimeMs}`;
  } catch (error) {
    // Why it cannot be read is said when it is read.
    return error instanceof Error ? error.message : String(error);
  }
}
