// The health view of a node: slots from the store, judged by this node's own clock into verdicts, and with the operators'
// words into what may be answered. Looked at anew whenever a slot moves, and at least every TICK_MS, for slots go stale
// and overrides expire without anybody saying so.

import type { Logger } from 'pino';
import { type HealthJudgement, judgeClusters } from '../health/cluster-health.ts';
import { forgetSlots, NO_SIGHTINGS, noteVersions, type Sightings, seeSlots } from '../health/liveness.ts';
import { slotKey } from '../health/merge-slots.ts';
import type { SlotId } from '../health/slot.ts';
import { listTargets, type Target } from '../health/target.ts';
import { decideVerdicts, NO_VERDICTS, type Verdict, type VerdictState, type Verdicts } from '../health/verdict.ts';
import { type Clock, repeatEvery, type Timer } from '../model/clock.ts';
import type { Configuration } from '../model/configuration.ts';
import { systemClock } from '../native/system-clock.ts';
import type { Subscription } from '../store/configuration-store.ts';
import { followSlotTable, type SlotTable, type SlotTableChange } from '../store/follow-slots.ts';
import type { HealthStore } from '../store/health-store.ts';
import { describeFailure } from '../store/store-error.ts';

const TICK_MS = 250;

export type WorkerPresence = SlotId & {
  readonly alive: boolean;
  /** Milliseconds since its slot last moved, as far as this node saw; undefined: it did not move since it was found. */
  readonly silentMs: number | undefined;
};

export type HealthViewOptions = { readonly heartbeatMs: number };
export type HealthViewDependencies = {
  readonly health: Pick<HealthStore, 'followSlots' | 'readSlots'>;
  readonly logger: Logger;
  /** After every change of what may be answered, or of the evidence for it. */
  readonly onChange: () => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

export class HealthView {
  readonly #options: HealthViewOptions;
  readonly #dependencies: HealthViewDependencies;
  #configuration: Configuration | undefined;
  #targets: readonly Target[] = [];
  #slots: SlotTable = new Map();
  #sightings: Sightings = NO_SIGHTINGS;
  #verdicts: Verdicts = NO_VERDICTS;
  #judgement: HealthJudgement | undefined;
  #subscription: Subscription | undefined;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #scheduled: Timer | undefined;

  constructor(options: HealthViewOptions, dependencies: HealthViewDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#clock = dependencies.clock ?? systemClock;
  }

  get verdicts(): Verdicts {
    return this.#verdicts;
  }

  get judgement(): HealthJudgement | undefined {
    return this.#judgement;
  }

  /** Whether there is something to check and nobody who does: then what was known last holds. */
  get isStale(): boolean {
    return this.#targets.length > 0 && !this.listWorkers().some(({ alive }) => alive);
  }

  start(): void {
    const { health, logger } = this.#dependencies;
    const onError = (error: Error) =>
      logger.warn(describeFailure(error), 'health cannot be followed: the last verdicts hold');
    this.#subscription = followSlotTable(health, { onError }, (change) => this.#acceptSlots(change));
    this.#timer = repeatEvery(this.#clock, TICK_MS, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#scheduled?.cancel();
    this.#subscription?.close();
  }

  /** Judges by another configuration from now on, at once. Verdicts on targets that it keeps are kept. */
  setConfiguration(configuration: Configuration): void {
    this.#configuration = configuration;
    this.#targets = listTargets(configuration);
    this.#judgement = undefined;
    this.#look();
  }

  /** The verdicts of an earlier life of this node, for targets on which none has been made in this one. */
  restoreVerdicts(verdicts: readonly Verdict[]): void {
    this.#verdicts = new Map([...verdicts.map((verdict) => [verdict.target, verdict] as const), ...this.#verdicts]);
  }

  listWorkers(): WorkerPresence[] {
    const nowMs = this.#clock.monotonicMs();
    return seeSlots(this.#slots.values(), this.#sightings, nowMs, this.#options.heartbeatMs).map(({ slot, alive }) => {
      const movedAtMs = this.#sightings.get(slotKey(slot))?.movedAtMs;
      const silentMs = movedAtMs === undefined ? undefined : nowMs - movedAtMs;
      return { vantage: slot.vantage, worker: slot.worker, alive, silentMs };
    });
  }

  #acceptSlots({ slots, advanced, removed }: SlotTableChange): void {
    this.#slots = slots;
    this.#sightings = forgetSlots(noteVersions(this.#sightings, advanced, this.#clock.monotonicMs()), removed);
    // Workers of several vantages report at the same time: one look for all of them.
    this.#scheduled ??= this.#clock.schedule(0, () => {
      this.#scheduled = undefined;
      this.#look();
    });
  }

  #look(): void {
    const configuration = this.#configuration;
    if (configuration === undefined) return;
    const verdicts = decideVerdicts({
      targets: this.#targets,
      vantages: configuration.vantages,
      slots: seeSlots(this.#slots.values(), this.#sightings, this.#clock.monotonicMs(), this.#options.heartbeatMs),
      previous: this.#verdicts,
      nowMs: this.#clock.wallMs(),
    });
    const expired = this.#judgement?.nextExpiryMs !== undefined && this.#judgement.nextExpiryMs <= this.#clock.wallMs();
    if (this.#judgement !== undefined && verdicts === this.#verdicts && !expired) return;
    this.#logTurns(verdicts);
    this.#verdicts = verdicts;
    this.#judgement = judgeClusters(configuration, (target) => verdicts.get(target)?.verdict, this.#clock.wallMs());
    this.#dependencies.onChange();
  }

  #logTurns(verdicts: Verdicts): void {
    let firstUp = 0;
    for (const [target, verdict] of verdicts) {
      const before = this.#verdicts.get(target)?.verdict ?? 'unknown';
      if (before === 'unknown' && verdict.verdict === 'up') firstUp++;
      else if (before !== verdict.verdict) this.#logTurn(before, verdict);
    }
    // At a start all of them are: a line for each would bury what was said before.
    if (firstUp > 0) this.#dependencies.logger.info({ up: firstUp }, 'first verdicts');
  }

  #logTurn(before: VerdictState, { target, verdict, reason, votes }: Verdict): void {
    const evidence = votes.map(
      ({ vantage, vote, reason: cause }) => `${vantage}: ${vote}${cause === '' ? '' : ` (${cause})`}`,
    );
    const level = verdict === 'down' ? 'warn' : 'info';
    this.#dependencies.logger[level]({ target, before, verdict, reason, evidence }, 'verdict turned');
  }
}
