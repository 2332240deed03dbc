// Which slots, deltas and removals this process takes in. Where the configuration lists the workers of a vantage, only they
// count, and only what their keys have signed: whoever can write to the store can then forge no vote. Where it lists none,
// whatever says that it is from there counts.

import type { Logger } from 'pino';
import { isAdmittedKey, type Stranger, type StrangerProblem } from '../health/admission.ts';
import { slotKey } from '../health/merge-slots.ts';
import { type SealedMessage, sealedBytes } from '../health/pack-slot.ts';
import type { Slot, SlotId } from '../health/slot.ts';
import type { Clock } from '../model/clock.ts';
import type { Vantage } from '../model/vantage.ts';
import { verifySeal } from '../native/slot-keys.ts';
import { systemClock } from '../native/system-clock.ts';

/** Workers that are refused and remembered, to be logged once and shown. */
export const STRANGER_LIMIT = 256;
/** For as long after its last message one is shown: many heartbeats. */
export const STRANGER_SHOWN_MS = 60_000;

export class SlotAdmission {
  /** Messages that were refused since the start. */
  refused = 0;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #strangers = new Map<string, Stranger>();
  readonly #told = new Set<string>();
  #vantages: ReadonlyMap<string, Vantage> = new Map();

  constructor(logger: Pick<Logger, 'warn'>, clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  setVantages(vantages: readonly Vantage[]): void {
    this.#vantages = new Map(vantages.map((vantage) => [vantage.id, vantage]));
    this.#strangers.clear();
    this.#told.clear();
  }

  /** Those that were refused lately: who is gone needs no admitting. */
  listStrangers(): readonly Stranger[] {
    const sinceMs = this.#clock.wallMs() - STRANGER_SHOWN_MS;
    for (const [key, { atMs }] of this.#strangers) if (atMs < sinceMs) this.#strangers.delete(key);
    return [...this.#strangers.values()];
  }

  /** Whether slots of that worker may be looked for at all. */
  concerns(id: SlotId): boolean {
    const workers = this.#vantages.get(id.vantage)?.workers;
    return workers === undefined || workers.some((worker) => worker.id === id.worker);
  }

  /** Whether the configuration names its vantage. */
  isNamed(id: SlotId): boolean {
    return this.#vantages.has(id.vantage);
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
    this.#refuse({ vantage, worker }, this.#findProblem(message, isGenuine), seal?.publicKey);
    return false;
  }

  #findProblem({ seal, ...id }: SealedMessage, isGenuine: boolean): StrangerProblem {
    if (seal === undefined) return 'unsigned';
    if (!isGenuine) return 'bad-signature';
    return this.concerns(id) ? 'other-key' : 'unlisted';
  }

  #refuse(id: SlotId, problem: StrangerProblem, publicKey: string | undefined): void {
    this.refused++;
    const key = slotKey(id);
    if (
      this.#strangers.has(key) ||
      this.#strangers.size < STRANGER_LIMIT ||
      this.listStrangers().length < STRANGER_LIMIT
    ) {
      const atMs = this.#clock.wallMs();
      this.#strangers.set(key, { ...id, problem, ...(publicKey !== undefined && { publicKey }), atMs });
    }
    if (this.#told.has(key) || this.#told.size >= STRANGER_LIMIT) return;
    this.#told.add(key);
    this.#logger.warn({ ...id, publicKey, problem }, `votes are refused: ${PROBLEM_TEXTS[problem]}`);
  }
}

const PROBLEM_TEXTS: Readonly<Record<StrangerProblem, string>> = {
  unlisted: 'the configuration lists the workers of this vantage, and not this one',
  'other-key': 'the configuration lists this worker with another key',
  unsigned: 'they are not signed',
  'bad-signature': 'their signature is wrong',
};
