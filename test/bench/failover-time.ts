// The part `failover`: how long a dead backend is still handed out: from its death to the last wrong answer of either of two nodes, with a worker
// in each of three vantages and a check every second. Dead as a process is that was killed (connections are refused), and
// dead as a machine is that hangs (connections are made, and nothing comes back).

import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from '../../scripts/test-tools.ts';
import { askAddress } from '../support/dns-ask.ts';
import { ADDRESS, type Fleet, LONDON, SERVICE, startFleet } from '../support/fleet.ts';
import type { BenchContext } from './bench-context.ts';
import { describeTimes } from './figures.ts';
import type { PartResult } from './report/report.ts';

const TRIALS = 10;
/** After so long without a wrong answer, the last one is taken to have been the last. */
const QUIET_MS = 600;
const POLL_MS = 4;
const TRIAL_LIMIT_MS = 15_000;
/** Of the checks: deaths are spread over it at random, as they are in life. */
const INTERVAL_MS = 1000;

const DEATHS = {
  refused: {
    die: async ({ backends }: Fleet) => void (await backends.eu.kill()),
    revive: ({ backends }: Fleet) => backends.eu.start(),
  },
  silent: {
    die: async ({ backends }: Fleet) => backends.eu.running.signal('SIGSTOP'),
    revive: async ({ backends }: Fleet) => backends.eu.running.signal('SIGCONT'),
  },
} as const;

const DESCRIPTIONS: Readonly<Record<keyof typeof DEATHS, string>> = {
  refused: 'killed: connections are refused',
  silent: 'frozen: connections are made and stay silent',
};
const SETTING = '3 vantages, 2 dns nodes, interval 1 s, timeout 800 ms, fall 2; last wrong answer of any node.';

export async function benchFailoverTime({ say }: BenchContext): Promise<PartResult> {
  const redis = findTool('redis-server');
  if (redis === undefined) {
    return { figures: {}, tables: [], notes: ['It needs Redis: sudo apt-get install redis-server'] };
  }
  say('starting Redis, three workers, two dns nodes, an api node and three backends');
  const fleet = await startFleet();
  try {
    const figures = {
      refused: describeTimes(await runTrials(fleet, 'refused', say)),
      silent: describeTimes(await runTrials(fleet, 'silent', say)),
    };
    const rows = (['refused', 'silent'] as const).map((kind) => {
      const { medianMs, minMs, maxMs } = figures[kind];
      return [DESCRIPTIONS[kind], ...[medianMs, minMs, maxMs].map((ms) => (ms / 1000).toFixed(2))];
    });
    const title = `From a death to the last wrong answer, in seconds, ${TRIALS} trials each`;
    return { figures, tables: [{ title, columns: ['death', 'median', 'least', 'most'], rows }], notes: [SETTING] };
  } finally {
    await fleet.close();
  }
}

async function runTrials(fleet: Fleet, kind: keyof typeof DEATHS, say: (text: string) => void): Promise<number[]> {
  const times: number[] = [];
  const { die, revive } = DEATHS[kind];
  for (let trial = 1; trial <= TRIALS; trial++) {
    await fleet.waitForAnswer(LONDON, ADDRESS.eu);
    await sleep(INTERVAL_MS / 2 + Math.random() * INTERVAL_MS);
    const began = performance.now();
    const watching = watchForLastWrong(fleet, began);
    await die(fleet);
    const ms = await watching;
    times.push(ms);
    say(`${kind} ${trial} of ${TRIALS}: ${Math.round(ms)} ms`);
    await revive(fleet);
  }
  return times;
}

/** Milliseconds from `began` to the last answer with the dead address. */
async function watchForLastWrong({ nodes }: Fleet, began: number): Promise<number> {
  let lastWrong = began;
  while (performance.now() - lastWrong < QUIET_MS) {
    const answers = await Promise.all(nodes.map(({ server }) => askAddress(server, SERVICE, LONDON)));
    if (answers.includes(ADDRESS.eu)) lastWrong = performance.now();
    if (performance.now() - began > TRIAL_LIMIT_MS) throw new Error('the dead backend is handed out for ever');
    await sleep(POLL_MS);
  }
  return lastWrong - began;
}
