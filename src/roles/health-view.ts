// The health view of a node: slots from the store, judged by this node's own clock into verdicts, and with the operators'
// words into what may be answered. Looked at anew whenever a slot moves, and at least every TICK_MS, for slots go stale
// and overrides expire without anybody saying so.

import type { Logger } from 'pino';
import type { HealthJudgement } from '../health/cluster-health.ts';
import { type Judge, judgeAnew, openJudge } from '../health/judge.ts';
import { countRises, forgetSlots, NO_SIGHTINGS, noteVersions, type Sightings, seeSlots } from '../health/liveness.ts';
import { slotKey } from '../health/merge-slots.ts';
import type { Slot, SlotId } from '../health/slot.ts';
import { NO_STANDINGS } from '../health/standing.ts';
import { type Look, lookAtSlots, openTally, type Tally, type Turn } from '../health/tally.ts';
import { listTargets, type Target } from '../health/target.ts';
import { NO_VERDICTS, NOBODY, type Verdict, type Verdicts } from '../health/verdict.ts';
import { type WatchedTime, watchedMs, watchTime } from '../health/watched-time.ts';
import { type Clock, repeatEvery, type Timer } from '../model/clock.ts';
import type { Configuration } from '../model/configuration.ts';
import { systemClock } from '../native/system-clock.ts';
import {
  followSlotTable,
  type SlotsSubscription,
  type SlotTable,
  type SlotTableChange,
} from '../store/follow-slots.ts';
import type { HealthStore } from '../store/health-store.ts';
import { describeFailure } from '../store/store-error.ts';
import { SlotAdmission } from './slot-admission.ts';

const TICK_MS = 250;

export type WorkerPresence = SlotId & {
  readonly alive: boolean;
  /** Milliseconds since its slot last moved, as far as this node saw; undefined: it did not move since it was found. */
  readonly silentMs: number | undefined;
  /** How often it took a new epoch within the last minute. */
  readonly epochRises: number;
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
  readonly admission: SlotAdmission;
  readonly #options: HealthViewOptions;
  readonly #dependencies: HealthViewDependencies;
  #configuration: Configuration | undefined;
  #targets: readonly Target[] = [];
  #slots: SlotTable = new Map();
  #sightings: Sightings = NO_SIGHTINGS;
  /** Before there is a tally: what an earlier life knew. */
  #restored: Verdicts = NO_VERDICTS;
  #tally: Tally | undefined;
  #watched: WatchedTime | undefined;
  #turnCount = 0;
  /** Undefined: verdicts were never free to turn yet. */
  #wasFrozen: boolean | undefined;
  #judge: Judge | undefined;
  /** Clusters that the removal brake holds, to tell of each once. */
  #held: ReadonlySet<string> = NOBODY;
  #subscription: SlotsSubscription | undefined;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #scheduled: Timer | undefined;

  constructor(options: HealthViewOptions, dependencies: HealthViewDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#clock = dependencies.clock ?? systemClock;
    this.admission = new SlotAdmission(dependencies.logger, this.#clock);
  }

  get verdicts(): Verdicts {
    return this.#tally?.verdicts ?? this.#restored;
  }

  /** Vantages whose words count as none, since they disagree with the others. */
  get aside(): ReadonlySet<string> {
    return this.#tally?.aside ?? NOBODY;
  }

  /** How many verdicts cannot turn, for too few vantages speak. */
  get frozenCount(): number {
    return this.#tally?.frozen ?? 0;
  }

  /** Whether most verdicts cannot turn: what is served is what was known last. */
  get isFrozen(): boolean {
    return this.frozenCount * 2 > (this.#tally?.targets.size ?? 0);
  }

  /** Grows whenever a verdict may be another one than before; evidence alone does not count. */
  get turnCount(): number {
    return this.#turnCount;
  }

  get judgement(): HealthJudgement | undefined {
    return this.#judge?.judgement;
  }

  /** Whether there is something to check and nobody who does: then what was known last holds. */
  get isStale(): boolean {
    return this.#targets.length > 0 && !this.listWorkers().some(({ alive }) => alive);
  }

  start(): void {
    const { health, logger } = this.#dependencies;
    const onError = (error: Error) =>
      logger.warn(describeFailure(error), 'health cannot be followed: the last verdicts hold');
    this.#subscription = followSlotTable(health, { onError, admission: this.admission }, (change) =>
      this.#acceptSlots(change),
    );
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
    const { standings = NO_STANDINGS } = this.#tally ?? {};
    this.#tally = openTally(this.#targets, configuration.vantages, this.verdicts, standings);
    this.#turnCount++;
    this.#judge = openJudge(configuration, this.#targets, this.#judge);
    this.admission.setVantages(configuration.vantages);
    this.#subscription?.recheck();
    this.#look();
  }

  /** The verdicts of an earlier life of this node, for targets on which none has been made in this one. */
  restoreVerdicts(verdicts: readonly Verdict[]): void {
    const restored = verdicts.map((verdict) => [verdict.target, verdict] as const);
    this.#restored = new Map([...restored, ...this.verdicts]);
    this.#turnCount++;
    if (this.#configuration === undefined) return;
    const { standings = NO_STANDINGS } = this.#tally ?? {};
    this.#tally = openTally(this.#targets, this.#configuration.vantages, this.#restored, standings);
  }

  listWorkers(): WorkerPresence[] {
    const nowMs = this.#nowMs();
    return seeSlots(this.#slots.values(), this.#sightings, nowMs, this.#options.heartbeatMs).map(({ slot, alive }) => {
      const movedAtMs = this.#sightings.get(slotKey(slot))?.movedAtMs;
      const silentMs = movedAtMs === undefined ? undefined : nowMs - movedAtMs;
      const epochRises = countRises(slot, this.#sightings, nowMs);
      return { vantage: slot.vantage, worker: slot.worker, alive, silentMs, epochRises };
    });
  }

  /** What that worker says, as far as it was taken in. */
  findSlot(id: SlotId): Slot | undefined {
    return this.#slots.get(slotKey(id));
  }

  #acceptSlots({ slots, advanced, removed }: SlotTableChange): void {
    this.#slots = slots;
    this.#sightings = forgetSlots(noteVersions(this.#sightings, advanced, this.#nowMs()), removed);
    // Workers of several vantages report at the same time: one look for all of them.
    this.#scheduled ??= this.#clock.schedule(0, () => {
      this.#scheduled = undefined;
      this.#look();
    });
  }

  #nowMs(): number {
    this.#watched = watchTime(this.#watched, this.#clock.monotonicMs(), TICK_MS);
    return watchedMs(this.#watched);
  }

  #look(): void {
    const nowMs = this.#nowMs();
    const [judge, tally] = [this.#judge, this.#tally];
    if (judge === undefined || tally === undefined) return;
    const wallMs = this.#clock.wallMs();
    const seen = seeSlots(this.#slots.values(), this.#sightings, nowMs, this.#options.heartbeatMs);
    const look = lookAtSlots(tally, seen, nowMs, wallMs);
    this.#turnCount += look.turns.length;
    this.#logLook(look);
    const judgement = judgeAnew(judge, tally.verdicts, look.changed, { nowMs, wallMs });
    if (judgement === undefined) return;
    if (judge.held.size > 0 || this.#held.size > 0) this.#logHeld(judgement);
    this.#dependencies.onChange();
  }

  /** Once when the brake begins to hold a cluster, and once when it lets go. */
  #logHeld({ endpoints }: HealthJudgement): void {
    const { logger } = this.#dependencies;
    const held = new Map(
      endpoints.flatMap(({ cluster, heldUntilMs }) => (heldUntilMs === undefined ? [] : [[cluster, heldUntilMs]])),
    );
    for (const [cluster, untilMs] of held) {
      if (this.#held.has(cluster)) continue;
      const until = new Date(untilMs).toISOString();
      logger.warn(
        { cluster, until },
        'held by the removal brake: another region was taken out of its service just now',
      );
    }
    for (const cluster of this.#held) {
      if (!held.has(cluster)) logger.info({ cluster }, 'the removal brake holds it no longer');
    }
    this.#held = new Set(held.keys());
  }

  #logLook({ turns, setAside, returned }: Look): void {
    const { logger } = this.#dependencies;
    for (const vantage of setAside)
      logger.error({ vantage }, 'vantage set aside: it calls most targets down of which the others say up');
    for (const vantage of returned) logger.info({ vantage }, 'vantage counts again: it agrees with the others');
    const isFirst = ({ before, verdict }: Turn) => before === 'unknown' && verdict.verdict === 'up';
    const firstUp = turns.filter(isFirst).length;
    for (const turn of turns) if (!isFirst(turn)) this.#logTurn(turn);
    // At a start all of them are: a line for each would bury what was said before.
    if (firstUp > 0) logger.info({ up: firstUp }, 'first verdicts');
    this.#logFreeze();
  }

  /** Once each way. At a start nobody has spoken yet, which is no news. */
  #logFreeze(): void {
    const { isFrozen, frozenCount } = this;
    if (this.#targets.length === 0) return;
    if (isFrozen === this.#wasFrozen || (isFrozen && this.#wasFrozen === undefined)) return;
    const { logger } = this.#dependencies;
    if (isFrozen)
      logger.error({ targets: frozenCount }, 'verdicts are frozen: too few vantages speak, the last ones hold');
    else if (this.#wasFrozen === true) logger.info({ frozen: frozenCount }, 'most verdicts are free to turn again');
    this.#wasFrozen = isFrozen;
  }

  #logTurn({ before, verdict: { target, verdict, reason, votes } }: Turn): void {
    const evidence = votes.map(
      ({ vantage, vote, reason: cause }) => `${vantage}: ${vote}${cause === '' ? '' : ` (${cause})`}`,
    );
    const level = verdict === 'down' ? 'warn' : 'info';
    this.#dependencies.logger[level]({ target, before, verdict, reason, evidence }, 'verdict turned');
  }
}
