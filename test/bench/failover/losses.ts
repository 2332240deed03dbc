// The part `losses`: healthy targets of which one check in twenty is lost, at every vantage by itself. No verdict may turn:
// in an hour of simulated time with the real workers and verdicts, and in some minutes of real processes, quicker than in life.

import { setTimeout as sleep } from 'node:timers/promises';
import type { PartResult } from '../report/report.ts';
import { startAsker } from './asker.ts';
import { LOSS_SHARE } from './behaviours.ts';
import type { FailoverContext } from './context.ts';
import { watchDecisions } from './decision-watch.ts';
import { readMonitor } from './known-monitor.ts';
import { type LossyFigures, runLossyWorld } from './lossy-world.ts';
import { describeLoad, type LoadFigures, startMachineLoad, tryReadMetrics } from './machine-load.ts';
import { openStage, type Stage } from './stage.ts';
import { composeMonitor, nameOf, type Timing, VANTAGES } from './stage-document.ts';

type Simulation = { readonly name: string; readonly seed: number; readonly timing: Timing };

const SIMULATIONS: readonly Simulation[] = [
  { name: 'simulated: 1 s, timeout 1 s, fall 3', seed: 1, timing: { interval: '1s' } },
  { name: 'simulated: 5 s, timeout 2 s, fall 3', seed: 2, timing: { interval: '5s' } },
];
const SIMULATED_TARGETS = 100;
const FULL_HOURS = 1;
const QUICK_HOURS = 0.1;
const TOLD_MINUTES = 10;

const REAL_TIMING: Timing = { interval: '200ms' };
const REAL_NAME = 'real: 200 ms, timeout 200 ms, fall 3';
const REAL_TARGETS = 60;
const FULL_SECONDS = 180;
const QUICK_SECONDS = 20;
/** Between two questions for the same name: a turn is seen if it lasts longer. */
const ASK_MS = 50;
const ROUND = 1;
const NEEDED = Math.floor(VANTAGES.length / 2) + 1;

export async function benchLosses(context: FailoverContext): Promise<PartResult> {
  const hours = context.isQuick ? QUICK_HOURS : FULL_HOURS;
  const simulated: LossyFigures[] = [];
  for (const simulation of SIMULATIONS) simulated.push(await simulate(simulation, hours, context));
  const real = await measureReal(context);
  const rows = SIMULATIONS.map(({ name, seed }, index) => {
    const { checks = 0, lost = 0, downVotes = 0, falseDowns = [] } = simulated[index] ?? {};
    const counts = [checks, lost, downVotes, falseDowns.length].map((count) => count.toLocaleString('en'));
    return [`${name} (seed ${seed})`, String(SIMULATED_TARGETS), `${hours * 60} min`, ...counts, ''];
  });
  const { seconds, decided, falseAnswers } = real;
  rows.push([
    REAL_NAME,
    String(REAL_TARGETS),
    `${seconds / 60} min`,
    '',
    '',
    '',
    String(decided),
    String(falseAnswers),
  ]);
  return {
    figures: { simulated: Object.fromEntries(SIMULATIONS.map(({ name }, index) => [name, simulated[index]])), real },
    tables: [
      {
        title: `Healthy targets, ${LOSS_SHARE * 100} % of the checks lost, ${VANTAGES.length} vantages, quorum majority`,
        columns: ['', 'targets', 'time', 'checks', 'lost', "one worker's down", 'false verdicts', 'false answers'],
        rows,
      },
    ],
    notes: [
      `In the real run more than ${LOSS_SHARE * 100} % lost means that the machine was too busy to answer in time: its figures count only without.`,
      'The budget is no false verdict. A lost check is one that is never answered; losses are independent.',
      `False answers are questions, one per name and node each ${ASK_MS} ms, that were answered with the fallback. ${describeLoad(real.load)}`,
      ...simulated.flatMap(({ falseDowns }, index) =>
        falseDowns
          .slice(0, 3)
          .map(({ atMs, votes }) => `${SIMULATIONS[index]?.name}: at ${Math.round(atMs)} ms ${votes}.`),
      ),
    ],
  };
}

async function simulate({ name, seed, timing }: Simulation, hours: number, { say }: FailoverContext) {
  const monitor = readMonitor(composeMonitor('http', timing));
  if (monitor === undefined) throw new Error(`${name} is no timing of a monitor`);
  const { check: _check, ...read } = monitor;
  return runLossyWorld({
    seed,
    timing: read,
    targets: SIMULATED_TARGETS,
    lossShare: LOSS_SHARE,
    hours,
    onMinute: (minutes) => {
      if (minutes % TOLD_MINUTES === 0) say(`${name}: ${minutes} of ${hours * 60} minutes`);
    },
  });
}

type RealFigures = {
  readonly seconds: number;
  /** Of all workers, while it was measured. */
  readonly checks: number;
  readonly failed: number;
  /** How often enough vantages said down, whatever a node made of it. */
  readonly decided: number;
  readonly questions: number;
  readonly falseAnswers: number;
  readonly load: LoadFigures;
};

async function measureReal({ processes, isQuick, say }: FailoverContext): Promise<RealFigures> {
  const seconds = isQuick ? QUICK_SECONDS : FULL_SECONDS;
  const stage = await openStage({ processes, backends: REAL_TARGETS });
  const decisions = await watchDecisions(stage.redis.url, NEEDED);
  try {
    const places = stage.backends.ports.map((port) => ({ port, monitor: 'http' as const }));
    await stage.configure({ round: ROUND, timing: REAL_TIMING, places });
    await Promise.all(places.map((_, place) => stage.backends.set(place, 'lossy')));
    say(`${REAL_NAME}: ${seconds} s`);
    return await countFalse(stage, seconds, () => decisions.countDecided());
  } finally {
    await decisions.close();
    await stage.close();
  }
}

async function countFalse(stage: Stage, seconds: number, countDecided: () => number): Promise<RealFigures> {
  let falseAnswers = 0;
  const asker = await startAsker({
    nodes: stage.nodes.map(({ server }) => server),
    names: stage.backends.ports.map((_, place) => nameOf(ROUND, place)),
    closeMs: ASK_MS,
    farMs: ASK_MS,
    onAnswer: (_name, _node, isFallback) => {
      if (isFallback) falseAnswers++;
    },
  });
  const endLoad = await startMachineLoad([...stage.roles, { name: 'backends', pid: stage.backends.pid }]);
  const before = await countChecks(stage);
  await sleep(seconds * 1000);
  const after = await countChecks(stage);
  const load = await endLoad();
  const { sent } = await asker.stop();
  const counts = { checks: after.checks - before.checks, failed: after.failed - before.failed };
  return { seconds, ...counts, decided: countDecided(), questions: sent, falseAnswers, load };
}

/** Those that say something of a target, so far. */
async function countChecks({ roles }: Stage): Promise<{ readonly checks: number; readonly failed: number }> {
  const pages = await Promise.all(roles.map(({ port }) => tryReadMetrics(port)));
  const count = (outcome: string) => {
    const line = new RegExp(`^azimuth_probe_checks_total\\{type="http",outcome="${outcome}"\\} (\\d+)$`, 'm');
    return pages.reduce((sum, page) => sum + Number(line.exec(page)?.[1] ?? 0), 0);
  };
  const failed = count('failed');
  return { checks: count('succeeded') + failed, failed };
}
