// `npm run bench`: measures, and prints one JSON document; progress goes to standard error. Names of parts as arguments run
// only these: `npm run bench -- queries failover`. What the figures mean: docs/performance.md.

import { execFile } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchFailoverTime } from './failover-time.ts';
import { round } from './figures.ts';
import { benchQueryCost } from './query-cost.ts';
import { benchStartTime } from './start-time.ts';

const SCRIPT_LIMIT_MS = 120_000;
const CHECK_SECONDS = '2';

const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  queries: () => benchQueryCost(say),
  start: () => benchStartTime(say),
  map: () => runScript('map-compile.ts', []),
  checks: () => runScript('checks.ts', [CHECK_SECONDS]),
  failover: () => benchFailoverTime(say),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  say(`there is no part ${unknown.join(', ')}: there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}

const figures: Record<string, unknown> = { date: new Date().toISOString(), machine: describeMachine() };
for (const [name, run] of Object.entries(PARTS)) {
  if (asked.length === 0 || asked.includes(name)) figures[name] = await run();
}
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);

/** Parts that are programs of their own, because they measure the memory and the time of a whole process. */
async function runScript(name: string, args: readonly string[]): Promise<unknown> {
  say(name);
  const file = fileURLToPath(new URL(name, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { timeout: SCRIPT_LIMIT_MS });
  const parsed: unknown = JSON.parse(stdout);
  return parsed;
}

function describeMachine(): object {
  const [first] = cpus();
  return {
    processors: cpus().length,
    model: first?.model ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1e9),
    /** Above 0 where other work shares the machine: the figures are worse for it. */
    loadBefore: round(loadavg()[0] ?? 0, 2),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
