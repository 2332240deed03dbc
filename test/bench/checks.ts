// The part `checks`: how many checks one core of a worker makes: over loopback, against a server in a process of its own, through the same
// function that the worker calls. `perCore` counts the CPU time of this process alone, as a machine with the server
// elsewhere would. Prints JSON; `node test/bench/checks.ts [seconds]`.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { describeTarget, planChecks, type Target } from '../../src/health/target.ts';
import type { Check } from '../../src/model/monitor.ts';
import { createRunCheck, type RunCheck } from '../../src/probe/run-check.ts';
import { cluster, endpoint, TIMING } from '../unit/health/fixtures.ts';
import type { BenchContext } from './bench-context.ts';
import type { PartResult } from './report/report.ts';
import { runBenchFile } from './run-program.ts';

const CONCURRENCY = 64;
const WARM_UP_MS = 500;
const DEFAULT_SECONDS = 3;
/** Budgets of the design: checks per second and core. */
const BUDGETS = { tcp: 2_000, http: 1_000 } as const;

type Figures = {
  readonly checks: number;
  readonly failures: number;
  readonly perSecond: number;
  readonly perCore: number;
  readonly microsecondsEach: number;
  readonly budgetPerCore: number;
};

type CheckFigures = Readonly<Record<keyof typeof BUDGETS, Figures>>;

/** In a process of its own, whose CPU time is that of the checks alone. */
export async function benchChecks({ say }: BenchContext): Promise<PartResult> {
  say(`tcp and http checks, ${DEFAULT_SECONDS} s each`);
  const figures: CheckFigures = JSON.parse(await runBenchFile('checks.ts', [String(DEFAULT_SECONDS)]));
  const rows = Object.entries(figures).map(([kind, { perCore, microsecondsEach, failures, budgetPerCore }]) => [
    kind,
    ...[perCore, microsecondsEach, failures, budgetPerCore].map((value) => value.toLocaleString('en')),
  ]);
  const columns = ['kind', 'checks a second and core', 'CPU each in µs', 'failed', 'budget a second and core'];
  const notes = [`${CONCURRENCY} under way at a time, over loopback; the CPU time of the server is not counted.`];
  return { figures, tables: [{ title: 'Checks that one worker makes', columns, rows }], notes };
}

/** Measures tcp and http checks, each for so many seconds. */
async function measureChecks(seconds: number): Promise<CheckFigures> {
  const { server, port } = await startServer();
  const expect = { status: [{ low: 200, high: 299 }], body: 'ok' };
  const http: Check = { type: 'http', port, method: 'GET', path: '/healthz', verifyCertificate: true, expect };
  try {
    return {
      tcp: await measure('tcp', { type: 'tcp', port }, seconds),
      http: await measure('http', http, seconds),
    };
  } finally {
    server.kill();
  }
}

async function measure(kind: keyof typeof BUDGETS, check: Check, seconds: number): Promise<Figures> {
  const run = createRunCheck({ allowNetworks: ['127.0.0.0/8'] });
  const target = describeTarget(
    cluster('c', []),
    endpoint('a', '127.0.0.1'),
    planChecks({ ...TIMING, timeoutMs: 2000, check }),
  );
  await runFor(WARM_UP_MS, run, target);
  const before = process.cpuUsage();
  const startedAtMs = performance.now();
  const { checks, failures } = await runFor(seconds * 1000, run, target);
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  return {
    checks,
    failures,
    perSecond: Math.round(checks / elapsedSeconds),
    perCore: Math.round(checks / ((user + system) / 1e6)),
    microsecondsEach: Math.round((user + system) / checks),
    budgetPerCore: BUDGETS[kind],
  };
}

/** Keeps CONCURRENCY checks under way for so long. */
async function runFor(ms: number, run: RunCheck, target: Target): Promise<{ checks: number; failures: number }> {
  const untilMs = performance.now() + ms;
  const { signal } = new AbortController();
  let checks = 0;
  let failures = 0;
  const lane = async () => {
    while (performance.now() < untilMs) {
      const { ok } = await run(target, signal);
      checks++;
      if (!ok) failures++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return { checks, failures };
}

async function startServer(): Promise<{ readonly server: ChildProcess; readonly port: number }> {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(server.stdout, 'data');
  return { server, port: Number(line) };
}

function serve(): void {
  const server = createServer((_, response) => response.end('ok\n'));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') process.stdout.write(`${address?.port}\n`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'serve') serve();
  else
    process.stdout.write(
      `${JSON.stringify(await measureChecks(Number(process.argv[2] ?? DEFAULT_SECONDS)), null, 2)}\n`,
    );
}
