// `npm run test:faults`: the whole of Azimuth in real processes, through every fault of the plan, under a load of queries and
// of changes. Needs root, or user namespaces, for a network of its own; sends nothing beyond it, and ends by itself.
//
//   --short          the part that npm test has time for
//   --only PATTERN   only faults whose name matches
//   --redis-away S   how long all of Redis is gone (default 60)
//   --rate N         questions a second to each node (default 500)
//   --lenient        with more time for detection, on a machine that does other things as well
//   --json FILE      the figures as JSON
//   --write          the table of docs/reliability.md

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openProcesses } from '../support/processes.ts';
import { conductRun } from './conduct-run.ts';
import { DETECTION_LIMIT_MS, LENIENT_DETECTION_MS } from './limits.ts';
import { openNetwork } from './network.ts';
import { composePlan } from './plan.ts';
import { writeReport } from './report.ts';

const INSIDE = 'AZIMUTH_FAULTS_INSIDE';

const values = readArguments();

if (process.env[INSIDE] === undefined) process.exitCode = enterNamespace();
else process.exitCode = await run();

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        short: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        'redis-away': { type: 'string', default: '60' },
        rate: { type: 'string', default: '500' },
        lenient: { type: 'boolean', default: false },
        json: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
    const options = {
      ...values,
      redisAwayMs: readWhole('redis-away', values['redis-away']) * 1000,
      perSecond: readWhole('rate', values.rate),
    };
    const names = composePlan(options).map(({ name }) => name);
    if (!names.some((name) => new RegExp(values.only).test(name))) {
      throw new RangeError(`no fault is called ${values.only}: ${names.join(', ')}`);
    }
    return options;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`faults: ${reason.replaceAll('\n', ' ')} (docs/reliability.md says what there is)\n`);
    process.exit(2);
  }
}

function readWhole(name: string, text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new RangeError(`--${name} is a whole number of at least 1, not "${text}"`);
}

/** The same program again, in a network and a list of mounts that are its own. */
function enterNamespace(): number {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const self = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  // Whatever was started ends with the first process of a namespace of processes.
  const own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const { status } = spawnSync('unshare', [...asUser, ...own, ...self], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  return status ?? 1;
}

async function run(): Promise<number> {
  // Each of the many processes is ended with this one.
  process.setMaxListeners(100);
  // The first process of such a namespace does not end by a signal unless it says so.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const processes = await openProcesses();
  try {
    const run = await conductRun(processes, openNetwork(processes), {
      short: values.short,
      only: values.only,
      redisAwayMs: values.redisAwayMs,
      perSecond: values.perSecond,
      detectionMs: values.lenient ? LENIENT_DETECTION_MS : DETECTION_LIMIT_MS,
      say: (text) => process.stderr.write(`${text}\n`),
    });
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, undefined, 2)}\n`);
    if (values.write) writeReport(run);
    return run.trials.every(({ faults }) => faults.length === 0) ? 0 : 1;
  } catch (error) {
    // Told before everything is closed, for that may fail as well.
    process.stderr.write(`${processes.report()}\n${error instanceof Error ? error.stack : String(error)}\n`);
    throw error;
  } finally {
    await processes.close();
  }
}
