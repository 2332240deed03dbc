// One run: starts the installation, lets each fault of the plan happen under load, and judges what it cost.

import { setTimeout as pause } from 'node:timers/promises';
import { askAddress, waitUntil } from '../support/dns-ask.ts';
import { ADDRESS, LONDON, NEW_YORK, REGIONS, readMetrics, SERVICE, TOKYO } from '../support/fleet.ts';
import type { Processes } from '../support/processes.ts';
import { type Committer, readAnswers, startCommitter } from './committer.ts';
import { areReplicasInStep, type Fault, type Scene } from './fault.ts';
import { type Installation, startInstallation } from './installation.ts';
import type { Network } from './network.ts';
import { composePlan } from './plan.ts';
import { startQueryLoad } from './query-load.ts';
import { type Client, Referee, type Tally } from './referee.ts';
import { describeTrial } from './report.ts';

export type RunOptions = {
  readonly short: boolean;
  readonly only: string;
  readonly redisAwayMs: number;
  readonly perSecond: number;
  /** From a death to the last answer that may not know of it. */
  readonly detectionMs: number;
  readonly say: (text: string) => void;
};

export type Trial = {
  readonly name: string;
  /** Until the last wrong answer, SERVFAIL or question lost by a sound node, from when recovery is counted; 0: there was none. */
  readonly answersRecoveredMs: number;
  /** Until a change was acknowledged by each api node and answered by each dns node. */
  readonly changesRecoveredMs: number;
  readonly tally: Tally;
  /** Of what the sound nodes were asked, the share that they answered in time. */
  readonly answeredShare: number;
  readonly commitsTried: number;
  readonly commitsAcknowledged: number;
  /** Acknowledged values that are gone. */
  readonly commitsLost: number;
  /** What was more than the promises allow, one sentence each. */
  readonly faults: readonly string[];
};

export type Run = {
  readonly date: string;
  readonly options: Omit<RunOptions, 'say'>;
  readonly trials: readonly Trial[];
};

const CLIENTS: readonly Client[] = [
  { subnet: LONDON, prefers: 'eu' },
  { subnet: NEW_YORK, prefers: 'us' },
  { subnet: TOKYO, prefers: 'ap' },
];
/** Two successes a quarter of a second apart, after up to an interval; and the same again for a busy machine. */
const RETURN_LIMIT_MS = 4000;
const SETTLE_LIMIT_MS = 60_000;
const QUIET_MS = 1500;
/** Of the load without a fault, how much must be answered while there is one. */
const THROUGHPUT_LIMIT = 0.9;
const BASELINE_MS = 5000;

export async function conductRun(processes: Processes, network: Network, options: RunOptions): Promise<Run> {
  const { say, perSecond, only } = options;
  const installation = await startInstallation(processes, network, say);
  const nodeNames = installation.nodes.map(({ name }) => name);
  const referee = new Referee({
    clients: CLIENTS,
    nodeNames,
    detectionMs: options.detectionMs,
    returnMs: RETURN_LIMIT_MS,
  });
  await waitUntil('all is well', () => isWell(installation), SETTLE_LIMIT_MS, 100);
  const load = startQueryLoad({
    nodes: installation.nodes.map(({ place }) => ({ host: place.address, port: 53 })),
    name: SERVICE,
    clients: CLIENTS.map(({ subnet }) => subnet),
    perSecond,
    onOutcome: (outcome) => referee.noteOutcome(outcome),
    onQuestion: (_, isAnswered) => referee.noteQuestion(isAnswered),
  });
  const committer = startCommitter(installation);
  const scene: Scene = { installation, referee };
  const trials: Trial[] = [];
  try {
    trials.push(await conductTrial(scene, committer, nothing(), say));
    for (const fault of composePlan(options).filter(({ name }) => new RegExp(only).test(name))) {
      say(`… ${fault.name}`);
      trials.push(await conductTrial(scene, committer, fault, say));
    }
  } finally {
    await committer.close();
    load.close();
  }
  const { say: _, ...kept } = options;
  return { date: new Date().toISOString().slice(0, 10), options: kept, trials };
}

/** What the load and the machine cost without any fault. */
function nothing(): Fault {
  return {
    name: 'no fault',
    holdMs: BASELINE_MS,
    recoversFrom: 'fault',
    recoveryLimitMs: 1000,
    begin: async () => undefined,
    end: async () => undefined,
  };
}

async function conductTrial(
  scene: Scene,
  committer: Committer,
  fault: Fault,
  say: (text: string) => void,
): Promise<Trial> {
  const { installation, referee } = scene;
  await waitUntil('all is well before the fault', () => isWell(installation), SETTLE_LIMIT_MS, 100);
  await waitUntil('replicas are in step', () => areReplicasInStep(installation), SETTLE_LIMIT_MS, 100);
  await fault.prepare?.(scene);
  const before = committer.records.map((record) => ({ ...record }));
  referee.begin(fault.excusedNodes ?? []);
  await fault.begin(scene);
  let fromMs = performance.now();
  const commits = watchCommits(installation, committer, fromMs);
  const holding = pause(fault.holdMs);
  if (fault.recoversFrom === 'heal') await holding;
  let changesRecoveredMs = fault.recoversFrom === 'fault' ? await commits() : 0;
  await holding;
  const healedMs = performance.now();
  await fault.end(scene);
  if (fault.recoversFrom === 'heal') {
    fromMs = healedMs;
    changesRecoveredMs = await watchCommits(installation, committer, fromMs)();
  }
  await waitUntil('all is well after the fault', () => isWell(installation), SETTLE_LIMIT_MS, 100);
  await pause(QUIET_MS);
  const tally = { ...referee.total };
  const answersRecoveredMs = Math.max(0, Math.round(referee.lastBadAtMs - fromMs));
  const trial = {
    name: fault.name,
    answersRecoveredMs,
    changesRecoveredMs: Math.round(changesRecoveredMs),
    tally,
    answeredShare: shareOfSound(referee, fault.excusedNodes ?? []),
    commitsTried: sum(committer.records.map(({ tried }, index) => tried - (before[index]?.tried ?? 0))),
    commitsAcknowledged: sum(
      committer.records.map(({ acknowledged }, index) => acknowledged - (before[index]?.acknowledged ?? 0)),
    ),
    commitsLost: await countLost(installation, committer),
  };
  const judged = { ...trial, faults: judge(fault, trial) };
  say(describeTrial(judged));
  for (const text of judged.faults) say(`  ✖ ${text}`);
  return judged;
}

function judge(fault: Fault, trial: Omit<Trial, 'faults'>): string[] {
  const { tally, answersRecoveredMs, changesRecoveredMs, answeredShare, commitsLost } = trial;
  const faults: string[] = [];
  if (tally.servfail > 0) faults.push(`${tally.servfail} answers without data: ${tally.examples.join('; ')}`);
  if (tally.wrong > 0) faults.push(`${tally.wrong} wrong answers: ${tally.examples.join('; ')}`);
  if (tally.unanswered > 0) faults.push(`${tally.unanswered} questions that no node answered`);
  if (answeredShare < THROUGHPUT_LIMIT) faults.push(`sound nodes answered ${(100 * answeredShare).toFixed(1)} %`);
  if (answersRecoveredMs > fault.recoveryLimitMs) faults.push(`answers were right after ${answersRecoveredMs} ms`);
  if (changesRecoveredMs > fault.recoveryLimitMs) faults.push(`changes went through after ${changesRecoveredMs} ms`);
  if (commitsLost > 0) faults.push(`${commitsLost} acknowledged changes are lost`);
  return faults;
}

/** Milliseconds from `fromMs` until a change that came later is acknowledged by every api node and answered by every dns node. */
function watchCommits(installation: Installation, committer: Committer, fromMs: number): () => Promise<number> {
  return async () => {
    committer.hurry();
    await waitUntil(
      'changes go through',
      async () => {
        const answered = await Promise.all(
          committer.records.map(async ({ marker, lastBegunMs, lastValue }) => {
            if (lastBegunMs < fromMs) return false;
            const values = await readAnswers(installation, marker);
            return values.every((value) => value !== undefined && value >= lastValue - 1 && value > 0);
          }),
        );
        return answered.every(Boolean);
      },
      SETTLE_LIMIT_MS,
    );
    return performance.now() - fromMs;
  };
}

/** Each record must be at its last acknowledged value, or a later one that was tried. */
async function countLost(installation: Installation, committer: Committer): Promise<number> {
  let lost = 0;
  for (const { marker, lastValue } of committer.records) {
    const acknowledged = lastValue;
    const isThere = async () =>
      (await readAnswers(installation, marker)).every((value) => value !== undefined && value >= acknowledged);
    await waitUntil(`${marker} is at ${acknowledged}`, isThere, 5000).catch(() => lost++);
  }
  return lost;
}

function shareOfSound({ perNode }: Referee, excused: readonly number[]): number {
  const sound = perNode.filter((_, index) => !excused.includes(index));
  return sum(sound.map(({ answered }) => answered)) / Math.max(1, sum(sound.map(({ asked }) => asked)));
}

/** Every node serves every client as it should, sees every vantage, and calls every endpoint up. */
async function isWell({ nodes, redis }: Installation): Promise<boolean> {
  if (redis.length === 0) return false;
  const views = await Promise.all(
    nodes.map(async ({ place, telemetryPort }) => {
      const page = await readMetrics(telemetryPort, place.address).catch(() => '');
      const isUp = (name: string, label: string) => new RegExp(`^${name}\\{[^}]*${label}[^}]*\\} 1$`, 'm').test(page);
      const server = { host: place.address, port: 53 };
      const answers = await Promise.all(CLIENTS.map(({ subnet }) => askAddress(server, SERVICE, subnet)));
      return (
        REGIONS.every((region) => isUp('azimuth_endpoint_up', `cluster="web-${region}"`)) &&
        ['v1', 'v2', 'v3'].every((vantage) => isUp('azimuth_vantage_up', `vantage="${vantage}"`)) &&
        CLIENTS.every(({ prefers }, index) => answers[index] === ADDRESS[prefers])
      );
    }),
  );
  return views.every(Boolean);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
