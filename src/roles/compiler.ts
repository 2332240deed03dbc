// The compile thread as the control thread sees it. A thread that dies is replaced, and its jobs are tried once more there:
// it may have been short of memory for a moment. A job on which a second one dies, or that never ends, is refused.

import type { Worker } from 'node:worker_threads';
import type { ZoneKeys } from '../dnssec/zone-keys.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import type { Configuration } from '../model/configuration.ts';
import { keyOfPart } from '../snapshot/part-cache.ts';
import type { CompileJob, CompileOutcome, FromCompileThread, ToCompileThread } from './compile-thread.ts';
import type { PlaceMapOrigin } from './held-place-map.ts';
import type { StatedConfiguration } from './read-revision.ts';
import { startThread } from './thread-starter.ts';

export type CompilerOptions = {
  /** How long one job may take; default COMPILE_LIMIT_MS, or SIGNING_LIMIT_MS. */
  readonly limitMs?: number;
  /** The map of clients once more, where the file that had it is gone. */
  readonly reopenMap?: () => Promise<PlaceMap | undefined>;
  /** Where signatures are kept from one start to the next; undefined: nowhere. */
  readonly stateDirectory?: string;
  /** Something that the operator should know, and that holds nothing up. */
  readonly onWarning?: (message: string) => void;
  /** Default: starts a thread that runs compile-thread.ts. */
  readonly spawn?: () => Worker;
};

/** Far beyond what the largest configuration takes. */
const COMPILE_LIMIT_MS = 300_000;
/** The same where zones are signed: of two million names each has two signatures to be made, when a node is started. */
const SIGNING_LIMIT_MS = 1_800_000;
const MAX_TRIES = 2;

/** `texts`: those of a revision's objects, by hash. */
type Work = StatedConfiguration & {
  readonly texts: ReadonlyMap<string, string>;
  readonly serial: number;
  readonly keys: ReadonlyMap<string, ZoneKeys>;
};

type Job = {
  readonly work: Work;
  readonly resolve: (outcome: CompileOutcome) => void;
  tries: number;
};

export class Compiler {
  readonly #options: CompilerOptions;
  #worker: Worker | undefined;
  #placeMap: (ToCompileThread & { readonly kind: 'place-map' }) | undefined;
  #jobs = 0;
  /** What the worker has of the job that it was sent last. */
  #sent: { readonly configuration: Configuration; readonly parts: ReadonlySet<string> } | undefined;
  #closed = false;
  readonly #waiting = new Map<number, Job>();

  constructor(options: CompilerOptions = {}) {
    this.#options = options;
  }

  /** Starts the thread, which then waits for its first job: starting takes a while. */
  open(): void {
    if (!this.#closed) this.#worker ??= this.#spawn();
  }

  /**
   * Compiles for this map of clients from now on; `origin` says where it and its rankings are kept: the thread then reads it
   * when it needs it, and nobody has it in memory for longer.
   */
  setPlaceMap(placeMap: PlaceMap | undefined, origin?: PlaceMapOrigin): void {
    // A thread that is yet to be started gets it at its start.
    this.#worker?.postMessage({ kind: 'place-map', placeMap, origin } satisfies ToCompileThread);
    const isReadAgain = this.#worker !== undefined && origin !== undefined;
    this.#placeMap = { kind: 'place-map', placeMap: isReadAgain ? undefined : placeMap, origin };
  }

  /**
   * Compiles, and asks the canaries. `texts` are those of the revision's objects, by hash: only what the thread does not have
   * of the job before is sent to it. `serial` goes into the SOA of every zone; `keys` sign those zones that they are of. Never
   * rejects.
   */
  compile(
    stated: StatedConfiguration,
    texts: ReadonlyMap<string, string>,
    serial: number,
    keys: ReadonlyMap<string, ZoneKeys> = new Map(),
  ): Promise<CompileOutcome> {
    if (this.#closed) return Promise.resolve(CLOSED);
    const job = ++this.#jobs;
    return new Promise((resolve) => {
      const { limitMs = keys.size > 0 ? SIGNING_LIMIT_MS : COMPILE_LIMIT_MS } = this.#options;
      const limit = setTimeout(() => {
        this.#settle(job, { ok: false, reasons: [`compiling took longer than ${limitMs / 1000} s`] });
        void this.#worker?.terminate();
      }, limitMs);
      this.#waiting.set(job, {
        work: { ...stated, texts, serial, keys },
        tries: 0,
        resolve: (outcome) => {
          clearTimeout(limit);
          resolve(outcome);
        },
      });
      this.#send(job);
    });
  }

  /** Jobs under way end refused, as do later ones. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of [...this.#waiting.keys()]) this.#settle(job, CLOSED);
    await this.#worker?.terminate();
  }

  #send(number: number): void {
    const job = this.#waiting.get(number);
    if (job === undefined) return;
    job.tries++;
    this.#worker ??= this.#spawn();
    this.#worker.postMessage(this.#compose(number, job.work));
  }

  #compose(job: number, { configuration, records, texts, serial, keys }: Work): CompileJob {
    const parts = records.flatMap(({ zone, hashes }) => hashes.map((hash) => ({ key: keyOfPart(zone, hash), hash })));
    const unsent = parts.filter(({ key }) => this.#sent?.parts.has(key) !== true);
    const isKnown = this.#sent?.configuration === configuration;
    this.#sent = { configuration, parts: new Set(parts.map(({ key }) => key)) };
    return {
      kind: 'compile',
      job,
      configuration: isKnown ? undefined : configuration,
      records,
      texts: new Map(unsent.map(({ hash }) => [hash, texts.get(hash) ?? ''])),
      serial,
      keys,
    };
  }

  #settle(number: number, outcome: CompileOutcome): void {
    this.#waiting.get(number)?.resolve(outcome);
    this.#waiting.delete(number);
  }

  #spawn(): Worker {
    const { spawn = () => startThread('compile') } = this.#options;
    const worker = spawn();
    this.#sent = undefined;
    let fault = 'the compile thread ended';
    worker.on('message', (message: FromCompileThread) => {
      if (message.kind === 'warning') this.#options.onWarning?.(message.message);
      else if (message.outcome === 'map-lost') void this.#sendWithMap(message.job);
      else this.#settle(message.job, message.outcome);
    });
    worker.on('error', (error: Error) => {
      fault = `compiling failed: ${error.message}`;
    });
    worker.on('exit', () => this.#replace(worker, fault));
    const { stateDirectory: directory } = this.#options;
    if (directory !== undefined) worker.postMessage({ kind: 'state-directory', directory } satisfies ToCompileThread);
    if (this.#placeMap !== undefined) {
      worker.postMessage(this.#placeMap);
    }
    return worker;
  }

  async #sendWithMap(number: number): Promise<void> {
    const lost = this.#placeMap;
    const placeMap = (this.#waiting.get(number)?.tries ?? MAX_TRIES) < MAX_TRIES && (await this.#options.reopenMap?.());
    if (!placeMap) return this.#settle(number, { ok: false, reasons: ['the map of clients cannot be read any more'] });
    if (this.#placeMap === lost) this.setPlaceMap(placeMap, lost?.origin);
    this.#send(number);
  }

  #replace(worker: Worker, fault: string): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const [number, { tries }] of [...this.#waiting]) {
      if (tries < MAX_TRIES) this.#send(number);
      else this.#settle(number, { ok: false, reasons: [fault] });
    }
  }
}

const CLOSED: CompileOutcome = { ok: false, reasons: ['the node is closing'] };
