// The parts of the bench, in the order in which they are run. Each is a function of its own; to add one, add its line here and
// its place in docs/performance.md.

import type { BenchContext } from './bench-context.ts';
import { benchQueryCost } from './query-cost.ts';
import type { PartResult } from './report/report.ts';

export type Part = (context: BenchContext) => Promise<PartResult>;

export const PARTS: Readonly<Record<string, Part>> = {
  queries: benchQueryCost,
};
