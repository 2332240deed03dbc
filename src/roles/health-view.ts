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
import type { Configuration } from '../model/configuration.ts';
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
  #timer: NodeJS.Timeout | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: HealthViewOptions, dependencies: HealthViewDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
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
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#scheduled);
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
    const nowMs = performance.now();
    return seeSlots(this.#slots.values(), this.#sightings, nowMs, this.#options.heartbeatMs).map(({ slot, alive }) => {
      const movedAtMs = this.#sightings.get(slotKey(slot))?.movedAtMs;
      const silentMs = movedAtMs === undefined ? undefined : nowMs - movedAtMs;
      return { vantage: slot.vantage, worker: slot.worker, alive, silentMs };
    });
  }

  #acceptSlots({ slots, advanced, removed }: SlotTableChange): void {
    this.#slots = slots;
    this.#sightings = forgetSlots(noteVersions(this.#sightings, advanced, performance.now()), removed);
    // Workers of several vantages report at the same time: one look for all of them.
    this.#scheduled ??= setImmediate(() => {
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
      slots: seeSlots(this.#slots.values(), this.#sightings, performance.now(), this.#options.heartbeatMs),
      previous: this.#verdicts,
      nowMs: Date.now(),
    });
    const expired = this.#judgement?.nextExpiryMs !== undefined && this.#judgement.nextExpiryMs <= Date.now();
    if (this.#judgement !== undefined && verdicts === this.#verdicts && !expired) return;
    this.#logTurns(verdicts);
    this.#verdicts = verdicts;
    this.#judgement = judgeClusters(configuration, (target) => verdicts.get(target)?.verdict, Date.now());
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

  #logTurn(before: VerdictState, { target, verdict, votes }: Verdict): void {
    const evidence = votes.map(
      ({ vantage, vote, reason }) => `${vantage}: ${vote}${reason === '' ? '' : ` (${reason})`}`,
    );
    const level = verdict === 'down' ? 'warn' : 'info';
    this.#dependencies.logger[level]({ target, before, verdict, evidence }, 'verdict turned');
  }
}
