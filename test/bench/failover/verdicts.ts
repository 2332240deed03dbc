// The part `verdicts`: from the write of a slot that decides on a target, as Redis stored it, to the first right answer at each
// node; with the messages of Redis, and with every one of them lost on the way.

import { median, percentile, round } from '../figures.ts';
import type { PartResult } from '../report/report.ts';
import type { FailoverContext } from './context.ts';
import { type DecisionWatch, watchDecisions } from './decision-watch.ts';
import { startLossyProxy } from './lossy-proxy.ts';
import { describeLoad } from './machine-load.ts';
import { openStage } from './stage.ts';
import { clusterOf, VANTAGES } from './stage-document.ts';
import { type RoundResult, runRound, type TrialRound } from './trials.ts';

const FULL_TRIALS = 200;
const QUICK_TRIALS = 40;
const NEEDED = Math.floor(VANTAGES.length / 2) + 1;
const ROUND = 1;

type Way = {
  readonly name: string;
  readonly budgetMs: number;
  readonly spacingMs: number;
  readonly closeMs: number;
  readonly losesMessages: boolean;
};

const WAYS: readonly Way[] = [
  { name: 'with messages', budgetMs: 50, spacingMs: 100, closeMs: 3, losesMessages: false },
  { name: 'every message lost', budgetMs: 1500, spacingMs: 100, closeMs: 10, losesMessages: true },
];

const TIMING: TrialRound['timing'] = {
  interval: '1s',
  timeout: '500ms',
  fall: 2,
  rise: 2,
  intervalMs: 1000,
  timeoutMs: 500,
};

export async function benchVerdicts(context: FailoverContext): Promise<PartResult> {
  const results: WayFigures[] = [];
  for (const way of WAYS) {
    results.push(await measureWay(way, context));
    context.say(`${way.name}: done`);
  }
  return {
    figures: Object.fromEntries(WAYS.map(({ name }, index) => [name, results[index]])),
    tables: [
      {
        title: 'From the decisive write in Redis to the first right answer, each node by itself, in milliseconds',
        columns: ['', 'answers', 'median', 'p99', 'most', 'budget (p99)', 'messages lost', 'questions apart, median'],
        rows: WAYS.map(({ name, budgetMs }, index) => {
          const result = results[index];
          const cells = [result?.answers, result?.medianMs, result?.p99Ms, result?.maxMs];
          return [
            name,
            ...cells.map(String),
            `≤ ${budgetMs}`,
            String(result?.messagesLost),
            String(result?.gapMedianMs),
          ];
        }),
      },
    ],
    notes: [
      'Backends that refuse, checked each second with fall 2. The moment of a write is that which Redis notes with it, in whole milliseconds, rounded down.',
      'Messages are lost by a proxy between Redis and every worker and node, which passes on all that is no message of a subscription.',
      ...results.map(({ load }, index) => `${WAYS[index]?.name}: ${describeLoad(load)}`),
    ],
  };
}

type WayFigures = Awaited<ReturnType<typeof measureWay>>;

async function measureWay(way: Way, { processes, isQuick }: FailoverContext) {
  const trials = isQuick ? QUICK_TRIALS : FULL_TRIALS;
  const proxies: Awaited<ReturnType<typeof startLossyProxy>>[] = [];
  const openProxy = async (redisPort: number) => {
    const proxy = await startLossyProxy(redisPort);
    proxies.push(proxy);
    return proxy.url;
  };
  const storeUrl = async ({ port, url }: { readonly port: number; readonly url: string }) =>
    way.losesMessages ? openProxy(port) : url;
  const stage = await openStage({ processes, backends: trials, storeUrl });
  const decisions = await watchDecisions(stage.redis.url, NEEDED);
  try {
    const faults = Array.from({ length: trials }, () => 'refused' as const);
    const { spacingMs, closeMs } = way;
    const result = await runRound(stage, { round: ROUND, timing: TIMING, faults, spacingMs, closeMs });
    const times = listTimes(result, decisions);
    const gaps = result.trials.flatMap(({ watch }) =>
      watch.nodes.map(({ lastWrongMs, firstRightMs = Number.NaN }) => firstRightMs - lastWrongMs),
    );
    return {
      answers: times.length,
      medianMs: Math.round(median(times)),
      p99Ms: Math.round(percentile(times, 0.99)),
      maxMs: Math.round(Math.max(...times)),
      messagesLost: proxies.reduce((sum, proxy) => sum + proxy.countLost(), 0),
      gapMedianMs: round(median(gaps), 1),
      load: result.load,
    };
  } finally {
    await decisions.close();
    await stage.close();
    for (const proxy of proxies) await proxy.close();
  }
}

function listTimes({ trials }: RoundResult, decisions: DecisionWatch): readonly number[] {
  return trials.flatMap(({ watch }, place) => {
    const decidedAtMs = decisions.decidedAtMs(clusterOf(ROUND, place));
    return watch.nodes.flatMap(({ firstRightMs }) =>
      firstRightMs === undefined || decidedAtMs === undefined ? [] : [Math.max(0, firstRightMs - decidedAtMs)],
    );
  });
}
