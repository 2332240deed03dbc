// How long a dead backend is still handed out: from its death to the last wrong answer of either of two nodes, with a worker
// in each of three vantages and a check every second. Dead as a process is that was killed (connections are refused), and
// dead as a machine is that hangs (connections are made, and nothing comes back).

import { setTimeout as sleep } from 'node:timers/promises';
import { askAddress } from '../support/dns-ask.ts';
import { ADDRESS, type Fleet, LONDON, SERVICE, startFleet } from '../support/fleet.ts';
import { describeTimes } from './figures.ts';

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

export async function benchFailoverTime(say: (text: string) => void): Promise<object> {
  say('failover time: starting Redis, three workers, two dns nodes, an api node and three backends');
  const fleet = await startFleet();
  try {
    return {
      setting: '3 vantages, 2 dns nodes, interval 1 s, timeout 800 ms, fall 2; last wrong answer of any node',
      refused: describeTimes(await runTrials(fleet, 'refused', say)),
      silent: describeTimes(await runTrials(fleet, 'silent', say)),
    };
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
    say(`failover time, ${kind} ${trial} of ${TRIALS}: ${Math.round(ms)} ms`);
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
