// The probe worker: one process at one vantage that checks its share of the targets and publishes what it thinks of them.
//
//    pool says due ─► runCheck ─► held up? ─► updateOpinion ─► turned? ─► slot writer ─► store
//         ▲                                        │
//         └──── next point of its phase, or soon ──┘          other vantages' turns ─► look again at once
//
// It owns the timers and the running checks; which targets are its share is decided in share-of-work.ts, and what checks mean
// in health/ (vote, liveness).

import { STALE_AFTER_HEARTBEATS } from '../health/liveness.ts';
import type { SlotId, TargetVote } from '../health/slot.ts';
import type { Target } from '../health/target.ts';
import {
  isInDoubt,
  NO_OPINION,
  type Observation,
  recheckDelayMs,
  updateOpinion,
  wouldTurnDown,
} from '../health/vote.ts';
import { repeatEvery, type Timer } from '../model/clock.ts';
import type { Vantage } from '../model/vantage.ts';
import { type AbstentionLog, createAbstentionLog } from './abstention-log.ts';
import { AnchorWatch } from './anchor-watch.ts';
import { type CheckPool, createCheckPool, type Urgency } from './check-pool.ts';
import { countObservation, createProbeCounters, type ProbeCounters } from './counters.ts';
import { DEFAULT_TOLERATED_LAG_MS } from './lag-watch.ts';
import { createPeers, type ForeignTurn, isVote, type Peers, type SlotsChange } from './peers.ts';
import type { CheckResult, RunningCheck } from './running-checks.ts';
import { chooseJitterMs, choosePhaseMs, delayToPhaseMs } from './schedule.ts';
import { SelfTrust } from './self-trust.ts';
import { createShareOfWork, type ShareOfWork } from './share-of-work.ts';
import { createSilenceWatch } from './silence-watch.ts';
import { SlotWriter } from './slot-writer.ts';
import { noteDuration } from './usual-time.ts';
import {
  beginWatch,
  contradicts,
  findUrgency,
  forgetDoubt,
  inheritVote,
  mayTurnDown,
  noteHeldUp,
  publishVote,
  ranOut,
  type Watch,
} from './watch.ts';
import type { ProbeStatus, ProbeWorkerDependencies, ProbeWorkerOptions } from './worker-options.ts';

/** Looks around for so long before it takes on work: whoever is at it already keeps it until this worker has voted. */
export const JOIN_DELAY_MS = 250;

/** Of targets that nobody checks, so many are begun with in a millisecond: what a core can do of the cheapest checks. */
export const ORPHANS_PER_MS = 4;

/** A heartbeat that is late by more than this share of the distance to the one before: what others said meanwhile lies there unread. */
const LATE_SHARE = 1 / 2;

export class ProbeWorker {
  readonly counters: ProbeCounters = createProbeCounters();
  readonly #options: ProbeWorkerOptions;
  readonly #dependencies: ProbeWorkerDependencies;
  readonly #id: SlotId;
  readonly #peers: Peers;
  readonly #pool: CheckPool;
  readonly #writer: SlotWriter;
  readonly #anchors: AnchorWatch;
  readonly #trust: SelfTrust;
  readonly #share: ShareOfWork;
  readonly #abstentions: AbstentionLog;
  readonly #expectAnswer: (watch: Watch, check: RunningCheck) => void;
  readonly #watches = new Map<string, Watch>();
  readonly #timers: Timer[] = [];
  #following: { close(): void } | undefined;
  #isConfigured = false;
  #isRunning = false;
  /** When the last heartbeat was, and until when nobody's silence means anything, for this worker did not listen (monotonic). */
  #beatAtMs = 0;
  #deafUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: ProbeWorkerOptions, dependencies: ProbeWorkerDependencies) {
    const { clock, health: store, logger } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#id = { vantage: options.vantage, worker: options.worker };
    this.#peers = createPeers(this.#id, options.heartbeatMs);
    this.#share = createShareOfWork(options, {
      peers: this.#peers,
      hasVote: (id) => isVote(this.#watches.get(id)?.opinion.vote),
    });
    this.#abstentions = createAbstentionLog(this.#id, logger);
    this.#pool = createCheckPool(
      options,
      clock,
      (id) => this.#check(id),
      (id) => this.#findUrgency(id),
    );
    this.#expectAnswer = createSilenceWatch({
      nowMs: () => this.#now(),
      schedule: (delayMs, run) => clock.schedule(delayMs, () => this.#isRunning && run()),
      onLate: (watch, lateMs) => this.#noteLate(watch, lateMs),
      onSilent: (watch) => this.#overlap(watch),
    });
    this.#anchors = new AnchorWatch(options.anchors ?? [], {
      clock,
      runCheck: dependencies.runAnchorCheck ?? dependencies.runCheck,
      onRound: () => this.#hearAnchors(),
    });
    const { heartbeatMs, toleratedLagMs = DEFAULT_TOLERATED_LAG_MS } = options;
    const onTurn = () => this.#writer.noteChange();
    this.#trust = new SelfTrust(
      this.#id,
      { toleratedLagMs, heartbeatMs },
      { clock, logger, anchors: this.#anchors, onTurn },
    );
    this.#writer = new SlotWriter(
      { id: this.#id, heartbeatMs },
      { store, clock, logger, counters: this.counters, readVotes: () => this.#readVotes(), seal: dependencies.seal },
    );
  }

  /** Begins; needs no store to be there. Once only. */
  start(): void {
    this.#isRunning = true;
    this.#beatAtMs = this.#now();
    this.#following = this.#dependencies.followSlots((change) => this.#acceptSlots(change));
    this.#writer.beat();
    this.#anchors.start();
    const { clock } = this.#dependencies;
    this.#timers.push(
      this.#trust.start(),
      repeatEvery(clock, this.#options.heartbeatMs, () => this.#beat()),
      clock.schedule(JOIN_DELAY_MS, () => this.#join()),
    );
  }

  /** Takes a configuration's targets and vantages in place of those before. What was learned of unchanged targets stays. */
  setTargets(targets: readonly Target[], vantages: readonly Vantage[]): void {
    const index = vantages.findIndex((vantage) => vantage.id === this.#id.vantage);
    this.#isConfigured = index >= 0;
    if (!this.#isConfigured) {
      this.#dependencies.logger.warn(
        this.#id,
        'the configuration does not name this vantage: nothing is checked from here',
      );
    }
    const listed = new Map(this.#isConfigured ? targets.map((target) => [target.id, target]) : []);
    for (const [id, watch] of this.#watches) if (!listed.has(id)) this.#dismiss(id, watch);
    for (const target of listed.values()) {
      const phaseMs = choosePhaseMs(target.id, index, vantages.length, target.timing.intervalMs);
      this.#watch(target, phaseMs);
    }
    this.#share.setTargets(listed.values());
    this.#divideWork();
    this.#writer.noteChange();
  }

  /** Ends all checks and takes the slot out of the store, so that others take over at once. Bounded, never rejects. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const timer of this.#timers) timer.cancel();
    this.#following?.close();
    this.#pool.close();
    this.#anchors.stop();
    for (const watch of this.#watches.values()) watch.running.abort();
    await this.#writer.stop();
  }

  status(): ProbeStatus {
    return {
      targets: this.#watches.size,
      checked: this.#share.countOurs(),
      running: this.#pool.runningCount(),
      waiting: this.#pool.waitingCount(),
      abstention: this.#trust.abstention,
      configured: this.#isConfigured,
    };
  }

  #watch(target: Target, phaseMs: number): void {
    const known = this.#watches.get(target.id);
    if (known === undefined) {
      this.#watches.set(target.id, beginWatch(target, phaseMs));
      return;
    }
    const isRetimed = known.phaseMs !== phaseMs || known.target.timing.intervalMs !== target.timing.intervalMs;
    known.target = target;
    known.phaseMs = phaseMs;
    if (isRetimed && this.#share.isOurs(target.id) && !this.#pool.isRunning(target.id)) this.#planNext(known);
  }

  #dismiss(id: string, watch: Watch): void {
    this.#watches.delete(id);
    this.#pool.drop(id);
    watch.running.abort();
  }

  #join(): void {
    this.#share.meetColleagues(this.#now());
    this.#divideWork();
  }

  #divideWork(): void {
    if (!this.#isRunning) return;
    const nowMs = this.#now();
    // Who has trouble, or more to do than places for it (what is down apart), takes nothing on that is others' to check.
    const mayStandIn = this.#trust.abstention === undefined && this.#pool.hasRoom();
    const { taken, orphans, handedOver } = this.#share.divide(nowMs, mayStandIn);
    for (const id of handedOver) this.#handOver(id);
    for (const id of taken) this.#plan(id, (watch) => this.#findPoint(watch, nowMs));
    for (const [order, id] of orphans.entries()) this.#plan(id, () => nowMs + order / ORPHANS_PER_MS);
  }

  #plan(id: string, findDueMs: (watch: Watch) => number): void {
    const watch = this.#watches.get(id);
    if (watch !== undefined && watch.running.count === 0) this.#pool.plan(id, findDueMs(watch));
  }

  #handOver(id: string): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    this.#pool.drop(id);
    watch.running.abort();
    watch.opinion = NO_OPINION;
    watch.lateness = undefined;
    watch.deferred = undefined;
    this.#writer.noteChange();
  }

  async #check(id: string): Promise<void> {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    const check = watch.running.begin(this.#now());
    watch.startedAtMs = check.startedAtMs;
    this.#expectAnswer(watch, check);
    const observation = await this.#dependencies.runCheck(watch.target, check.abort.signal);
    const results = watch.running.end(check, observation);
    if (check.abort.signal.aborted || !this.#isRunning) return;
    watch.isSilent = ranOut(observation, watch.target.timing);
    if (watch.opinion === NO_OPINION) inheritVote(watch, this.#peers.recall(id, this.#now()));
    const heldUp = results.filter((result) => !this.#take(watch, result)).length;
    if (heldUp > 0) this.#pool.plan(id, this.#soonest(watch));
    else this.#planNext(watch);
  }

  #noteLate(watch: Watch, lateMs: number): void {
    if (watch.opinion.vote !== 'up') return;
    watch.lateness = `no answer yet in ${lateMs} ms, it usually takes ${Math.round(watch.usual?.meanMs ?? 0)} ms`;
    this.counters.late++;
    this.#anchors.hasten();
    this.#writer.noteChange();
  }

  /**
   * At most `fall` checks of a target at a time: more could not tell more. None where others wait for a place: where very many
   * targets are silent, it would only put off the first look at others of them. False: not now.
   */
  #overlap(watch: Watch): boolean {
    if (!mayTurnDown(watch.opinion) || watch.running.count >= watch.target.timing.fall) return true;
    if (!this.#pool.hasRoom()) return false;
    this.#pool.plan(watch.target.id, this.#now());
    return true;
  }

  /** False: what the check found cannot be believed. A failure that the event loop's own delay may have caused is forgotten. */
  #take(watch: Watch, { startedAtMs, observation }: CheckResult): boolean {
    if (!observation.ok && this.#trust.wasHeldUp(startedAtMs)) {
      this.counters.checks[watch.target.check.type].heldUp++;
      const blind = noteHeldUp(watch, observation);
      if (blind !== undefined) this.#conclude(watch, blind);
      return blind !== undefined;
    }
    if (observation.ok || observation.inconclusive === true) this.#conclude(watch, observation);
    else this.#takeFailure(watch, startedAtMs, observation);
    return true;
  }

  /** A failure counts only while the anchors answer; the one that turns the vote waits for them to have answered since. */
  #takeFailure(watch: Watch, startedAtMs: number, observation: Observation): void {
    if (!this.#anchors.trusts(startedAtMs)) {
      this.counters.checks[watch.target.check.type].cutOff++;
      return;
    }
    const { opinion, target } = watch;
    if (opinion.doubt === 0) {
      watch.doubtedAtMs = this.#now();
      this.#anchors.hasten();
    }
    if (!wouldTurnDown(opinion, target.timing) || this.#anchors.confirms(watch.doubtedAtMs))
      this.#conclude(watch, observation);
    else {
      watch.deferred = observation;
      this.#anchors.hasten();
    }
  }

  #hearAnchors(): void {
    const { cutOff } = this.#anchors;
    for (const watch of this.#watches.values()) {
      if (cutOff !== undefined) forgetDoubt(watch);
      else if (watch.deferred !== undefined && this.#anchors.confirms(watch.doubtedAtMs)) {
        this.#conclude(watch, watch.deferred);
      }
    }
    this.#trust.noteRound();
  }

  #conclude(watch: Watch, observation: Observation): void {
    countObservation(this.counters.checks[watch.target.check.type], observation);
    if (observation.ok) watch.usual = noteDuration(watch.usual, observation.durationMs);
    const { opinion: before, lateness } = watch;
    watch.opinion = updateOpinion(before, observation, watch.target.timing, this.#now());
    watch.lateness = undefined;
    watch.deferred = undefined;
    watch.heldUp = 0;
    if (before.vote !== watch.opinion.vote) this.counters.turns++;
    else if (lateness === undefined && before.reason === watch.opinion.reason && before.share === watch.opinion.share) {
      return;
    }
    this.#writer.noteChange();
  }

  #findUrgency(id: string): Urgency {
    const watch = this.#watches.get(id);
    return watch === undefined ? 'prompt' : findUrgency(watch);
  }

  /** In doubt as soon as may be, else at the next point of its phase. */
  #planNext(watch: Watch): void {
    const { id, timing } = watch.target;
    const soonestMs = this.#soonest(watch);
    if (!isInDoubt(watch.opinion, timing)) this.#pool.plan(id, this.#findPoint(watch, soonestMs));
    else if (watch.running.count < timing.fall) this.#pool.plan(id, soonestMs);
  }

  /** Never twice within a quarter of the interval, whatever the reason to look again. */
  #soonest(watch: Watch): number {
    return Math.max(this.#now(), watch.startedAtMs + recheckDelayMs(watch.target.timing));
  }

  #findPoint({ target, phaseMs }: Watch, earliestMs: number): number {
    const { clock, random } = this.#dependencies;
    const { intervalMs } = target.timing;
    const wallMs = clock.wallMs() + earliestMs - clock.monotonicMs();
    return earliestMs + delayToPhaseMs(wallMs, phaseMs, intervalMs) + chooseJitterMs(intervalMs, random());
  }

  #acceptSlots(change: SlotsChange): void {
    for (const turn of this.#peers.accept(change, this.#now())) this.#reconsider(turn);
  }

  /** Another vantage came to see something else than we do: looks again at once, though not too often. */
  #reconsider({ target: id, vote }: ForeignTurn): void {
    const watch = this.#watches.get(id);
    if (watch === undefined || !this.#share.isOurs(id) || !contradicts(vote, watch.opinion.vote)) return;
    this.counters.rechecks++;
    this.#pool.hasten(id, this.#soonest(watch));
  }

  #beat(): void {
    this.#writer.beat();
    this.#abstentions.note(this.#watches.values());
    const { heartbeatMs } = this.#options;
    const nowMs = this.#now();
    if (nowMs - this.#beatAtMs > (1 + LATE_SHARE) * heartbeatMs) this.#deafUntilMs = nowMs + heartbeatMs;
    this.#beatAtMs = nowMs;
    // After a pause of its own, and without the store, everyone looks dead; the work stays divided as it was until all had time
    // to be heard again.
    if (nowMs < this.#deafUntilMs || !this.#writer.isStoreSteady(STALE_AFTER_HEARTBEATS * heartbeatMs)) return;
    this.#share.meetColleagues(this.#now());
    this.#divideWork();
  }

  #readVotes(): readonly TargetVote[] {
    const abstention = this.#trust.abstention?.reason;
    return [...this.#watches.values()].flatMap((watch) => publishVote(watch, abstention) ?? []);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}
