// The parts of the bench, in the order in which they are run. Each is a function of its own; to add one, add its line here and
// its place in docs/performance.md.

import { benchAnswerSteps } from './answer-steps.ts';
import type { BenchContext } from './bench-context.ts';
import { benchChecks } from './checks.ts';
import { benchCompileTime } from './compile-time.ts';
import { benchDisturbance } from './disturbance.ts';
import { benchFlood } from './flood.ts';
import { benchGenerator } from './generator-check.ts';
import { benchManyNames } from './many-names.ts';
import { benchProfile } from './profile.ts';
import { benchQueryCost } from './query-cost.ts';
import { describeFigures } from './report/describe-figures.ts';
import type { PartResult } from './report/report.ts';
import { runBenchFile } from './run-program.ts';
import { benchScopeWidth } from './scope-width.ts';
import { benchSignedCost } from './signed-cost.ts';
import { benchStartTime } from './start-time.ts';

export type Part = (context: BenchContext) => Promise<PartResult>;

export const PARTS: Readonly<Record<string, Part>> = {
  queries: benchQueryCost,
  signed: benchSignedCost,
  generator: benchGenerator,
  scope: benchScopeWidth,
  compile: benchCompileTime,
  map: benchMap,
  changes: benchDisturbance,
  names: benchManyNames,
  steps: benchAnswerSteps,
  start: benchStartTime,
  checks: benchChecks,
  flood: benchFlood,
  profile: benchProfile,
};

async function benchMap(): Promise<PartResult> {
  return describeFigures('The map of clients from inside', JSON.parse(await runBenchFile('map-compile.ts', [])));
}
