// `npm run simulation`: seeds of simulated worlds, as many as wanted.
//
//   --seeds N     how many (default 1,000)      --from S     the first (default 1)
//   --threads T   default: all processors       --mutant M   without one of the rules: see mutants.ts
//   --seed S      this one alone, with its plan; --trace: with all that happens

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MUTANTS, plantMutant } from './mutants.ts';
import type { Violation } from './oracle.ts';
import { createPlan, describePlan } from './plan.ts';
import { runSeeds } from './run-seeds.ts';

const REPORT_EVERY_MS = 10_000;
const MAX_THREADS = 1024;
/** Of those that are found, so many are told in full. */
const MAX_TOLD = 5;

const { mutant, seed: only, isTraced, seeds: count, from, threads } = readArguments();
process.exitCode = only === undefined ? await runMany() : await runOne(only);

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string', default: '1' },
        threads: { type: 'string', default: String(availableParallelism()) },
        mutant: { type: 'string' },
        seed: { type: 'string' },
        trace: { type: 'boolean', default: false },
      },
    });
    const { mutant, seed, trace } = values;
    if (mutant !== undefined && !MUTANTS.some(({ name }) => name === mutant)) {
      throw new RangeError(`no mutant is called ${mutant}: ${MUTANTS.map(({ name }) => name).join(', ')}`);
    }
    if (trace && seed === undefined) throw new RangeError('--trace is of one seed: give --seed as well');
    return {
      mutant,
      seed: seed === undefined ? undefined : readWhole('seed', seed, 0),
      isTraced: trace,
      seeds: readWhole('seeds', values.seeds, 1),
      from: readWhole('from', values.from, 0),
      threads: readWhole('threads', values.threads, 1, MAX_THREADS),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`simulation: ${reason.replaceAll('\n', ' ')} (docs/reliability.md says what there is)\n`);
    process.exit(2);
  }
}

function readWhole(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const bound = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
  throw new RangeError(`--${name} is a whole number of at least ${least}${bound}, not "${text}"`);
}

async function runMany(): Promise<number> {
  const began = performance.now();
  let reportedAtMs = began;
  let told = 0;
  const result = await runSeeds({
    from,
    count,
    threads,
    ...(mutant !== undefined && { mutant }),
    stopsAtFirst: false,
    onViolation({ seed, violation }) {
      if (++told <= MAX_TOLD) tell(seed, violation);
    },
    onProgress(seeds, violations) {
      const nowMs = performance.now();
      if (nowMs - reportedAtMs < REPORT_EVERY_MS) return;
      reportedAtMs = nowMs;
      const rate = (seeds / (nowMs - began)) * 1000;
      say(`${seeds} of ${count} seeds, ${rate.toFixed(0)} a second, ${violations} violations`);
    },
  });
  const byInvariant = Map.groupBy(result.violations, ({ violation }) => violation.invariant);
  for (const [invariant, found] of byInvariant) {
    const seeds = found.slice(0, 10).map(({ seed }) => seed);
    say(`${found.length} seeds violate "${invariant}": ${seeds.join(' ')}${found.length > 10 ? ' …' : ''}`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`${result.seeds} seeds, ${result.events} events, ${result.violations.length} violations in ${seconds} s`);
  return result.violations.length === 0 ? 0 : 1;
}

async function runOne(seed: number): Promise<number> {
  const assertPlanted = mutant === undefined ? () => undefined : plantMutant(mutant);
  const { runSeed } = await import('./run-seed.ts');
  const { runInMacrotask } = await import('./settle.ts');
  assertPlanted();
  say(describePlan(createPlan(seed)));
  const trace = isTraced ? (name: string, what: string) => say(`${name} ${what}`) : undefined;
  const { events, violation } = await runInMacrotask(() => runSeed(seed, trace));
  say(`${events} events; ${violation === undefined ? 'all invariants hold' : describe(violation)}`);
  return violation === undefined ? 0 : 1;
}

function tell(seed: number, violation: Violation): void {
  say(`${describePlan(createPlan(seed))}\n  ${describe(violation)}`);
  const flag = mutant === undefined ? '' : ` --mutant ${mutant}`;
  say(`  once more: npm run simulation -- --seed ${seed} --trace${flag}\n`);
}

function describe({ invariant, atMs, what }: Violation): string {
  return `at ${atMs.toFixed(1)} ms "${invariant}" is violated: ${what}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
