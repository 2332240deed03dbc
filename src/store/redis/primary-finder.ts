// Knows which of several servers is the primary, by asking those who decide it: the Sentinels of a primary with replicas, or
// the nodes of a cluster. All are asked at once, so that one which is frozen or cut off delays nothing that the others
// agree on, and what most of those that answer say is believed. It is asked before every attempt to connect, and four
// times a second besides: a primary that was demoted, replaced or cut off is left though its connection looks sound.
//
//   guide 1 ── says B ──┐
//   guide 2 ── silent   ├─► B, as soon as more than half of all guides say so, or all have answered or failed
//   guide 3 ── says B ──┘

import { type Endpoint, formatEndpoint } from '../../model/store-address.ts';
import { createStoreError, describeCause } from '../store-error.ts';
import type { PrimaryLocator } from './primary-locator.ts';

/** One that is asked. */
export type Guide = {
  /** Undefined: it answers, and knows of no primary. Rejects, soon, when it does not answer. */
  askPrimary(): Promise<Endpoint | undefined>;
  /** What is said of it then. */
  readonly ignorance: string;
  close(): Promise<void>;
};

/** How often the guides are asked though nobody wants to connect: a failover is noticed so much later, and asking costs little. */
export const LOOK_INTERVAL_MS = 250;

export class PrimaryFinder implements PrimaryLocator {
  readonly #guides: readonly Guide[];
  readonly #title: string;
  readonly #listeners = new Set<(primary: Endpoint) => void>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<Endpoint> | undefined;

  /** @param title for messages, without credentials. */
  constructor(title: string, guides: readonly Guide[], intervalMs: number = LOOK_INTERVAL_MS) {
    this.#title = title;
    this.#guides = guides;
    this.#timer = setInterval(() => void this.#tellAll(), intervalMs).unref();
  }

  /** Whoever asks while others do shares their answer. */
  locate(): Promise<Endpoint> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  watch(listener: (primary: Endpoint) => void): { close(): void } {
    this.#listeners.add(listener);
    return { close: () => void this.#listeners.delete(listener) };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#listeners.clear();
    await Promise.all(this.#guides.map((guide) => guide.close()));
  }

  async #tellAll(): Promise<void> {
    try {
      const primary = await this.locate();
      for (const listener of this.#listeners) listener(primary);
    } catch {
      // Without guides a connection stays where it is: that nobody can be asked says nothing against its server.
    }
  }

  #ask(): Promise<Endpoint> {
    return new Promise((resolve, reject) => {
      const said = new Map<string, { readonly primary: Endpoint; count: number }>();
      const faults: string[] = [];
      let left = this.#guides.length;
      const note = (primary: Endpoint): void => {
        const entry = said.get(formatEndpoint(primary)) ?? { primary, count: 0 };
        entry.count++;
        said.set(formatEndpoint(primary), entry);
        if (entry.count > this.#guides.length / 2) resolve(primary);
      };
      const end = (): void => {
        left--;
        if (left > 0) return;
        const [most] = [...said.values()].sort((one, other) => other.count - one.count);
        if (most !== undefined) return resolve(most.primary);
        reject(createStoreError('STORE_UNAVAILABLE', `no primary is known at ${this.#title}: ${faults.join('; ')}`));
      };
      for (const guide of this.#guides) {
        guide
          .askPrimary()
          .then((primary) => {
            if (primary === undefined) faults.push(guide.ignorance);
            else note(primary);
          })
          .catch((error: unknown) => faults.push(describeCause(error)))
          .finally(end);
      }
    });
  }
}
