// The parts of the failover bench, in the order in which they are run. Each has its place in docs/performance.md.

import { benchChecks } from '../checks.ts';
import type { PartResult } from '../report/report.ts';
import type { FailoverContext } from './context.ts';
import { benchFaults } from './faults.ts';
import { benchLosses } from './losses.ts';
import { benchStoreLoad } from './store-load.ts';
import { benchVerdicts } from './verdicts.ts';

export const FAILOVER_PARTS: Readonly<Record<string, (context: FailoverContext) => Promise<PartResult>>> = {
  faults: benchFaults,
  verdicts: benchVerdicts,
  losses: benchLosses,
  checks: benchChecks,
  store: benchStoreLoad,
};
