// The part `faults`: from the fault of a backend to the last wrong answer of any node, for each way to fail and at several
// timings of the checks.

import { median, percentile, round } from '../figures.ts';
import type { PartResult } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import { FAULTS, type Fault } from './behaviours.ts';
import type { FailoverContext } from './context.ts';
import { readMonitor } from './known-monitor.ts';
import { mergeLoads } from './machine-load.ts';
import { openStage, type Stage } from './stage.ts';
import { composeMonitor, VANTAGES } from './stage-document.ts';
import { type RoundResult, runRound, type TrialResult, type TrialRound } from './trials.ts';
import { listGapsMs, untilLastWrongMs } from './watch.ts';

type Setting = {
  readonly name: string;
  readonly timing: TrialRound['timing'];
  readonly spacingMs: number;
  /** Budgets of the design, where this is the setting that they are about. */
  readonly budgetMs?: Partial<Readonly<Record<Fault, number>>>;
};

const SETTINGS: readonly Setting[] = [
  {
    name: '1 s, timeout 500 ms, fall 2, rise 2',
    timing: { interval: '1s', timeout: '500ms', fall: 2, rise: 2, intervalMs: 1000, timeoutMs: 500 },
    spacingMs: 70,
    budgetMs: { refused: 1300, silent: 1800 },
  },
  {
    name: '1 s, else defaults: timeout 1 s, fall 3, rise 2',
    timing: { interval: '1s', intervalMs: 1000, timeoutMs: 1000 },
    spacingMs: 70,
  },
  {
    name: 'defaults: 5 s, timeout 2 s, fall 3, rise 2',
    timing: { interval: '5s', intervalMs: 5000, timeoutMs: 2000 },
    spacingMs: 120,
  },
];

const FULL_TRIALS = 200;
const QUICK_TRIALS = 20;
/** Backends at a time. */
const PLACES = 250;
const CLOSE_MS = 10;

export async function benchFaults({ processes, isQuick, say }: FailoverContext): Promise<PartResult> {
  const trials = isQuick ? QUICK_TRIALS : FULL_TRIALS;
  const faults = listFaults();
  const stage = await openStage({ processes, backends: Math.min(PLACES, trials * faults.length) });
  try {
    const results: SettingResult[] = [];
    for (const setting of SETTINGS) {
      results.push(describeRounds(setting, faults, await runRounds(stage, setting, { faults, trials, say })));
    }
    const isAgentKnown = faults.includes('agent-down');
    return {
      figures: Object.fromEntries(results.map(({ setting, figures }) => [setting.name, figures])),
      tables: [...results.map(({ table }) => table), describeCircumstances(results)],
      notes: [
        describeMethod(),
        'A round is no good where the machine was saturated or event loops were late: the workers then mistrust themselves.',
        ...(isAgentKnown ? [] : ['agent-down is left out: there is no monitor of type agent yet.']),
      ],
    };
  } finally {
    await stage.close();
  }
}

type Plan = {
  readonly faults: readonly Fault[];
  readonly trials: number;
  readonly say: FailoverContext['say'];
};

let nextRound = 1;

/** The kinds of faults are mixed, so that each meets the same machine. */
async function runRounds(stage: Stage, setting: Setting, { faults, trials, say }: Plan): Promise<RoundResult[]> {
  const all = shuffle(Array.from({ length: trials }, () => faults).flat());
  const results: RoundResult[] = [];
  for (let first = 0; first < all.length; first += stage.backends.ports.length) {
    const some = all.slice(first, first + stage.backends.ports.length);
    const { timing, spacingMs } = setting;
    results.push(await runRound(stage, { round: nextRound++, timing, faults: some, spacingMs, closeMs: CLOSE_MS }));
    say(`${setting.name}: ${first + some.length} of ${all.length} trials`);
  }
  return results;
}

type SettingResult = ReturnType<typeof describeRounds>;

function describeRounds(setting: Setting, faults: readonly Fault[], rounds: readonly RoundResult[]) {
  const trials = rounds.flatMap((result) => result.trials);
  const byFault = Object.fromEntries(faults.map((fault) => [fault, describeTrials(trials, fault)]));
  const counts = countAround(rounds);
  const load = mergeLoads(rounds.map((result) => result.load));
  const columns = ['fault', 'trials', 'median', 'p99', 'least', 'most', 'never', 'budget'];
  const rows = faults.map((fault) => {
    const figures = byFault[fault] ?? describeTrials([], fault);
    const budgetMs = setting.budgetMs?.[fault];
    return [
      FAULTS[fault],
      String(figures.trials),
      ...[figures.medianMs, figures.p99Ms, figures.minMs, figures.maxMs].map(formatSeconds),
      String(figures.never),
      budgetMs === undefined ? '' : `≤ ${formatSeconds(budgetMs)}`,
    ];
  });
  const title = `From the fault to the last wrong answer of any node, in seconds; interval ${setting.name}`;
  return { setting, figures: { ...byFault, counts, load }, counts, load, table: { title, columns, rows } };
}

/** What was seen beside the times themselves. */
function countAround(rounds: readonly RoundResult[]) {
  const trials = rounds.flatMap((result) => result.trials);
  const gaps = trials.flatMap(({ watch }) => listGapsMs(watch));
  const sum = (read: (result: RoundResult) => number) => rounds.reduce((total, result) => total + read(result), 0);
  return {
    falseFailovers: trials.filter(({ watch }) => watch.early > 0).length,
    returns: trials.filter(({ watch }) => watch.returned > 0).length,
    questions: sum((result) => result.counts.sent),
    unanswered: sum((result) => result.counts.sent - result.counts.received),
    strangeAnswers: sum((result) => result.counts.strange),
    gapMedianMs: round(median(gaps), 1),
    gapP99Ms: round(percentile(gaps, 0.99), 1),
  };
}

function describeCircumstances(results: readonly SettingResult[]): Table {
  const rowOf = (name: string, read: (result: SettingResult) => number) => [
    name,
    ...results.map((result) => read(result).toLocaleString('en')),
  ];
  const names = Object.keys(results[0]?.load.cpuPercent ?? {});
  return {
    title: 'Around these trials',
    columns: ['what', ...results.map(({ setting }) => setting.name)],
    rows: [
      rowOf('questions', ({ counts }) => counts.questions),
      rowOf('without an answer', ({ counts }) => counts.unanswered),
      rowOf('answered otherwise (SERVFAIL, empty)', ({ counts }) => counts.strangeAnswers),
      rowOf('false failovers before a fault', ({ counts }) => counts.falseFailovers),
      rowOf('returns to a dead backend', ({ counts }) => counts.returns),
      rowOf('last wrong to first right answer, ms, median', ({ counts }) => counts.gapMedianMs),
      rowOf('the same, p99', ({ counts }) => counts.gapP99Ms),
      rowOf('machine busy, %', ({ load }) => load.machineBusyPercent),
      ...names.map((name) => rowOf(`CPU of ${name}, % of a processor`, ({ load }) => load.cpuPercent[name] ?? 0)),
      rowOf('event loop late by, ms, p99, worst process', ({ load }) => Math.max(...Object.values(load.lagMs))),
    ],
  };
}

/** `never`: still handed out when the round ended; these have no time. */
function describeTrials(trials: readonly TrialResult[], wanted: Fault) {
  const own = trials.filter(({ fault }) => fault === wanted);
  const times = own.flatMap(({ watch }) => (watch.isOver ? (untilLastWrongMs(watch) ?? []) : []));
  return {
    trials: own.length,
    never: own.length - times.length,
    medianMs: Math.round(median(times)),
    p99Ms: Math.round(percentile(times, 0.99)),
    minMs: Math.round(Math.min(...times)),
    maxMs: Math.round(Math.max(...times)),
  };
}

function describeMethod(): string {
  return `${VANTAGES.length} vantages of one worker, quorum majority, 2 dns nodes, Redis and an api node, a process each, on one machine over loopback. Faults at random moments, kinds mixed, many under way at a time; every name whose backend has failed is asked of every node each ${CLOSE_MS} ms.`;
}

/** Those that the product has a monitor for. */
function listFaults(): readonly Fault[] {
  const all: readonly Fault[] = ['refused', 'reset', 'silent', 'slow', 'errors', 'agent-down'];
  return readMonitor(composeMonitor('agent', { interval: '1s' })) !== undefined
    ? all
    : all.filter((fault) => fault !== 'agent-down');
}

function shuffle<Value>(values: readonly Value[]): readonly Value[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

function formatSeconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
