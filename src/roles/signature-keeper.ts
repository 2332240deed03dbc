// Keeps the signatures of zones on disk, so that a node that starts need not make all of them again before it can answer.
// Written when as many are missing there as the next start would notice, and not more often than now and then: what is lost
// costs a fraction of a second of signing, so nothing is written when the node ends.

import { readSignatureList, type SignatureList } from '../dnssec/signature-list.ts';
import { listSignatures, type SignedImage } from '../snapshot/list-signatures.ts';
import type { SignatureCounts } from '../snapshot/sign-zone.ts';
import {
  readPersistedSignatures,
  removePersistedSignatures,
  SIGNATURES_LIMIT_BYTES,
  writePersistedSignatures,
} from '../store/persisted-signatures.ts';
import { describeCause } from '../store/store-error.ts';

/** Signatures that may be missing on disk, or be there for nothing: to make them takes 50 ms. */
const MAX_MISSING = 1000;
/** Where there are more, this share of all may. */
const MISSING_SHARE = 1 / 64;
/** From the end of one write to the next. */
const REST_MS = 60_000;
/** The same after one that failed. */
const RETRY_MS = 600_000;

export type SignatureKeeperOptions = {
  readonly directory: string;
  readonly warn: (message: string) => void;
  /** For tests. */
  readonly restMs?: number;
};

export class SignatureKeeper {
  readonly #options: SignatureKeeperOptions;
  #list: SignatureList | undefined;
  #isRead = false;
  /** By zone: what there is to be kept. */
  #images: ReadonlyMap<string, SignedImage> = new Map();
  /** Signatures on disk. */
  #kept = 0;
  /** Of what there is to be kept or is kept in vain, how much has come since. */
  #missing = 0;
  /** Signatures of the list that were taken over. */
  #found = 0;
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  #isWriting = false;
  #isFailing = false;

  constructor(options: SignatureKeeperOptions) {
    this.#options = options;
  }

  /** What an earlier life of the node signed. Nothing from the first call of `keep` on: then there are images to take over from. */
  read(): SignatureList | undefined {
    if (this.#isRead) return this.#list;
    this.#isRead = true;
    const { directory, warn } = this.#options;
    const read = readPersistedSignatures(directory);
    if (read.status === 'absent') return undefined;
    this.#list = read.status === 'read' ? readSignatureList(read.value) : undefined;
    if (read.status === 'damaged')
      for (const { message } of read.problems) warn(`all zones are signed anew: ${message}`);
    else if (this.#list === undefined) warn('all zones are signed anew: the signatures on disk are in no order');
    this.#kept = this.#list?.count ?? 0;
    return this.#list;
  }

  /** What became of the signatures of a job, whether or not it is served. */
  count({ made, listed }: SignatureCounts): void {
    this.#missing += made;
    this.#found = Math.max(this.#found, listed);
  }

  /** These are served from now on: writes them down, if that is worth it. */
  keep(images: ReadonlyMap<string, SignedImage>): void {
    // What the file has for nothing: of zones that are gone, and what is due.
    if (this.#list !== undefined) this.#missing += this.#list.count - this.#found;
    this.#list = undefined;
    const isFirst = !this.#isRead;
    this.#isRead = true;
    const isZoneGone = [...this.#images.keys()].some((zone) => !images.has(zone));
    // Nobody has looked yet whether there is a file of zones that were signed once.
    const isUnseen = isFirst && images.size === 0;
    if (isZoneGone || isUnseen) this.#missing = Number.POSITIVE_INFINITY;
    this.#images = images;
    this.#writeWhenDue();
  }

  #writeWhenDue(): void {
    if (this.#timer !== undefined || this.#isWriting) return;
    if (this.#missing < Math.max(MAX_MISSING, MISSING_SHARE * this.#kept)) return;
    const delayMs = Math.max(0, this.#notBeforeMs - performance.now());
    this.#timer = setTimeout(() => void this.#write(), delayMs).unref();
  }

  async #write(): Promise<void> {
    const { directory, warn, restMs = REST_MS } = this.#options;
    this.#timer = undefined;
    this.#isWriting = true;
    const missing = this.#missing;
    this.#missing = 0;
    try {
      if (this.#images.size === 0) await removePersistedSignatures(directory);
      else await writePersistedSignatures(directory, this.#listImages());
      this.#isFailing = false;
      this.#notBeforeMs = performance.now() + restMs;
    } catch (error) {
      this.#missing += missing;
      if (!this.#isFailing) {
        warn(`signatures cannot be kept on disk, so that the next start will take longer: ${describeCause(error)}`);
      }
      this.#isFailing = true;
      this.#notBeforeMs = performance.now() + RETRY_MS;
    }
    this.#isWriting = false;
    this.#writeWhenDue();
  }
  *#listImages(): Generator<Uint8Array> {
    this.#kept = yield* listSignatures(this.#images.values(), SIGNATURES_LIMIT_BYTES);
  }
}
