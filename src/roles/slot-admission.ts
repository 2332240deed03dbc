// Which slots, deltas and removals this process takes in. Where the configuration lists the workers of a vantage, only they
// count, and only what their keys have signed: whoever can write to the store can then forge no vote. Where it lists none,
// whatever says that it is from there counts.

import type { Logger } from 'pino';
import { isAdmittedKey } from '../health/admission.ts';
import { slotKey } from '../health/merge-slots.ts';
import { type SealedMessage, sealedBytes } from '../health/pack-slot.ts';
import type { Slot, SlotId } from '../health/slot.ts';
import type { Vantage } from '../model/vantage.ts';
import { verifySeal } from '../native/slot-keys.ts';

/** Workers that are refused and remembered, to be logged once and shown. */
export const STRANGER_LIMIT = 256;

/** One that signs for itself, and that the configuration does not admit. */
export type Stranger = SlotId & { readonly publicKey: string };

export class SlotAdmission {
  /** Messages that were refused since the start. */
  refused = 0;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #strangers = new Map<string, Stranger>();
  readonly #told = new Set<string>();
  #vantages: ReadonlyMap<string, Vantage> = new Map();

  constructor(logger: Pick<Logger, 'warn'>) {
    this.#logger = logger;
  }

  setVantages(vantages: readonly Vantage[]): void {
    this.#vantages = new Map(vantages.map((vantage) => [vantage.id, vantage]));
    this.#strangers.clear();
    this.#told.clear();
  }

  listStrangers(): readonly Stranger[] {
    return [...this.#strangers.values()];
  }

  /** Whether slots of that worker may be looked for at all. */
  concerns(id: SlotId): boolean {
    const workers = this.#vantages.get(id.vantage)?.workers;
    return workers === undefined || workers.some((worker) => worker.id === id.worker);
  }

  /** Whether a slot that was taken in may stay. */
  keeps(slot: Slot): boolean {
    return isAdmittedKey(this.#vantages.get(slot.vantage), slot.worker, slot.seal?.publicKey);
  }

  /** Whether a message may be taken in. */
  admits(message: SealedMessage): boolean {
    const { seal, vantage, worker } = message;
    const place = this.#vantages.get(vantage);
    const isGenuine = seal !== undefined && verifySeal(sealedBytes(message), seal);
    // Whatever is sealed is verified, asked for or not: a slot may stay when the configuration begins to ask.
    if ((isGenuine || seal === undefined) && isAdmittedKey(place, worker, seal?.publicKey)) return true;
    this.#refuse({ vantage, worker }, isGenuine ? seal.publicKey : undefined);
    return false;
  }

  #refuse(id: SlotId, publicKey: string | undefined): void {
    this.refused++;
    const key = slotKey(id);
    if (publicKey !== undefined && this.#strangers.size < STRANGER_LIMIT) {
      this.#strangers.set(key, { vantage: id.vantage, worker: id.worker, publicKey });
    }
    if (this.#told.has(key) || this.#told.size >= STRANGER_LIMIT) return;
    this.#told.add(key);
    this.#logger.warn(
      { ...id, publicKey },
      publicKey === undefined
        ? 'votes are refused: they are not signed, or their signature is wrong'
        : 'votes are refused: the configuration does not list this worker with this key',
    );
  }
}
