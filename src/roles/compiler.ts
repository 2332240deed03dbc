// The compile thread as the control thread sees it. One that dies fails its jobs, and the next job starts another.

import { Worker } from 'node:worker_threads';
import type { PlaceMap } from '../geo/place-map.ts';
import type { Configuration } from '../model/configuration.ts';
import type { CompileOutcome, FromCompileThread, ToCompileThread } from './compile-thread.ts';

export class Compiler {
  #worker: Worker | undefined;
  #placeMap: PlaceMap | undefined;
  #jobs = 0;
  readonly #waiting = new Map<number, (outcome: CompileOutcome) => void>();

  /** Compiles for this map of clients from now on. */
  setPlaceMap(placeMap: PlaceMap): void {
    this.#placeMap = placeMap;
    this.#post({ kind: 'place-map', placeMap });
  }

  /** Compiles, and asks the canaries. `serial` goes into the SOA of every zone. */
  compile(configuration: Configuration, serial: number): Promise<CompileOutcome> {
    const job = ++this.#jobs;
    return new Promise((resolve) => {
      this.#waiting.set(job, resolve);
      this.#post({ kind: 'compile', job, configuration, serial });
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #post(message: ToCompileThread): void {
    this.#worker ??= this.#spawn();
    this.#worker.postMessage(message);
  }

  #spawn(): Worker {
    const worker = new Worker(new URL('./compile-thread.ts', import.meta.url), { name: 'compile' });
    let fault = 'the compile thread ended';
    worker.on('message', ({ job, outcome }: FromCompileThread) => {
      this.#waiting.get(job)?.(outcome);
      this.#waiting.delete(job);
    });
    worker.on('error', (error: Error) => {
      fault = `compiling failed: ${error.message}`;
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const resolve of this.#waiting.values()) resolve({ ok: false, reasons: [fault] });
      this.#waiting.clear();
    });
    if (this.#placeMap !== undefined) {
      const message: ToCompileThread = { kind: 'place-map', placeMap: this.#placeMap };
      worker.postMessage(message);
    }
    return worker;
  }
}
