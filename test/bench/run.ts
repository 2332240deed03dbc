// `npm run bench`: measures, tells on standard error what it does and found, and prints one JSON document at the end.
//
//   npm run bench                                  everything
//   npm run bench -- queries scope                 these parts only
//   npm run bench -- --plot docs --write           also draws the plots, and fills the tables into docs/performance.md
//   npm run bench -- --from figures.json --write   the same from an earlier run's output, without measuring
//   npm run bench -- queries --rounds 1 --seconds 0.5                   a quick look
//
// What the figures mean: docs/performance.md. What must be installed: test/bench/README.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../support/processes.ts';
import { endWithUsage, readReport, tell, writeTables } from './hand-over.ts';
import { measureParts } from './measure-parts.ts';
import { PARTS } from './parts.ts';
import { drawPlot } from './report/plot.ts';
import type { Report } from './report/report.ts';
import { describeVersions } from './servers/server-kinds.ts';

const DOCUMENT = join(ROOT, 'docs/performance.md');
const DEFAULT_ROUNDS = '5';
const DEFAULT_SECONDS = '1.5';

const { values, positionals } = readArguments();

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: DEFAULT_ROUNDS },
        seconds: { type: 'string', default: DEFAULT_SECONDS },
        from: { type: 'string' },
        plot: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return endWithUsage(
      `${error instanceof Error ? error.message : String(error)}: test/bench/README.md says what there is`,
    );
  }
}
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0)
  endWithUsage(`there is no part ${unknown.join(', ')}: there are ${Object.keys(PARTS).join(', ')}`);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) endWithUsage('--rounds is 1 to 50');
if (!(seconds >= 0.1 && seconds <= 30)) endWithUsage('--seconds is 0.1 to 30');

const report = values.from === undefined ? await measure() : readReport(values.from);
if (values.plot !== undefined) drawPlots(report, values.plot);
if (values.write) writeTables(DOCUMENT, report);
if (values.from === undefined) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

function measure(): Promise<Report> {
  return measureParts({
    parts: PARTS,
    chosen: positionals,
    versions: describeVersions(),
    createContext: (processes, say) => ({ processes, rounds, seconds, say }),
    tell,
  });
}

function drawPlots({ parts }: Report, directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const plot of Object.values(parts).flatMap(({ plots }) => plots ?? [])) {
    writeFileSync(join(directory, plot.file), drawPlot(plot));
    tell(`drew ${join(directory, plot.file)}`);
  }
}
