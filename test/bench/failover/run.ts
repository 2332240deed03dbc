// `npm run bench:failover`: how soon what is dead is no longer handed out, measured on real processes over loopback. Tells on
// standard error what it does and found, and prints one JSON document at the end.
//
//   npm run bench:failover                                  everything, under 20 minutes
//   npm run bench:failover -- --quick                       a tenth of the trials
//   npm run bench:failover -- faults verdicts               these parts only
//   npm run bench:failover -- --write > figures.json        also fills the tables into docs/performance.md
//   npm run bench:failover -- --from figures.json --write   the same from an earlier run's output, without measuring
//
// It needs redis-server, Linux, and a machine on which nothing else runs: a table says how busy the machine was.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTool } from '../../../scripts/test-tools.ts';
import { ROOT } from '../../support/processes.ts';
import { endWithUsage, readReport, tell, writeTables } from '../hand-over.ts';
import { measureParts } from '../measure-parts.ts';
import type { Report } from '../report/report.ts';
import { runProgram } from '../run-program.ts';
import { FAILOVER_PARTS } from './parts.ts';

const DOCUMENT = join(ROOT, 'docs/performance.md');

const { values, positionals } = readArguments();
const unknown = positionals.filter((name) => !Object.hasOwn(FAILOVER_PARTS, name));
if (unknown.length > 0)
  endWithUsage(`there is no part ${unknown.join(', ')}: ${Object.keys(FAILOVER_PARTS).join(', ')}`);

const report = values.from === undefined ? await measure() : readReport(values.from);
if (values.write) writeTables(DOCUMENT, report);
if (values.from === undefined) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        from: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return endWithUsage(`${error instanceof Error ? error.message : String(error)}: see test/bench/README.md`);
  }
}

async function measure(): Promise<Report> {
  const redis = findTool('redis-server');
  if (redis === undefined) endWithUsage('it needs Redis: sudo apt-get install redis-server');
  const version = /v=(\S+)/.exec(await runProgram(redis, ['--version']))?.[1] ?? 'unknown';
  return measureParts({
    parts: FAILOVER_PARTS,
    chosen: positionals,
    versions: { redis: version },
    createContext: (processes, say) => ({ processes, isQuick: values.quick, say }),
    tell,
  });
}
