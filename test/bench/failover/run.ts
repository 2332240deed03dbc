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

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTool } from '../../../scripts/test-tools.ts';
import { ROOT } from '../../support/processes.ts';
import { measureParts } from '../measure-parts.ts';
import { fillDocument } from '../report/document.ts';
import type { Report } from '../report/report.ts';
import { runProgram } from '../run-program.ts';
import { FAILOVER_PARTS } from './parts.ts';

const DOCUMENT = join(ROOT, 'docs/performance.md');
const USAGE_EXIT_CODE = 2;

const { values, positionals } = readArguments();
const unknown = positionals.filter((name) => !Object.hasOwn(FAILOVER_PARTS, name));
if (unknown.length > 0)
  endWithUsage(`there is no part ${unknown.join(', ')}: ${Object.keys(FAILOVER_PARTS).join(', ')}`);

const report = values.from === undefined ? await measure() : readReport(values.from);
if (values.write) writeTables(report);
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

function writeTables(filled: Report): void {
  const { page, missing } = fillDocument(readFileSync(DOCUMENT, 'utf8'), filled);
  writeFileSync(DOCUMENT, page);
  tell(`filled ${DOCUMENT}${missing.length === 0 ? '' : `, which has no place for ${missing.join(', ')}`}`);
}

function readReport(file: string): Report {
  const parsed: Report = JSON.parse(readFileSync(file, 'utf8'));
  return parsed;
}

function endWithUsage(message: string): never {
  tell(message);
  process.exit(USAGE_EXIT_CODE);
}

function tell(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
