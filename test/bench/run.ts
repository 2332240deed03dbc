// `npm run bench`: measures, tells on standard error what it does and found, and prints one JSON document at the end.
//
//   npm run bench                                  everything
//   npm run bench -- queries scope                 these parts only
//   npm run bench -- --plot docs --write           also draws the plots, and fills the tables into docs/performance.md
//   npm run bench -- --from figures.json --write   the same from an earlier run's output, without measuring
//   npm run bench -- queries --rounds 1 --seconds 0.5                   a quick look
//
// What the figures mean: docs/performance.md. What must be installed: test/bench/README.md.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { openProcesses, type Processes, ROOT } from '../support/processes.ts';
import { round } from './figures.ts';
import { PARTS, type Part } from './parts.ts';
import { fillDocument } from './report/document.ts';
import { drawPlot } from './report/plot.ts';
import type { Machine, PartReport, Report } from './report/report.ts';
import { formatText } from './report/table.ts';
import { describeVersions } from './servers/server-kinds.ts';

const DOCUMENT = join(ROOT, 'docs/performance.md');
const DEFAULT_ROUNDS = '5';
const DEFAULT_SECONDS = '1.5';
const FAILED_EXIT_CODE = 1;
const USAGE_EXIT_CODE = 2;
/** As a shell says that a command was interrupted. */
const INTERRUPTED_EXIT_CODE = 130;
/** A part that takes longer hangs; the whole stays within the half hour that one waits for it. */
const PART_LIMIT_MS = 15 * 60_000;

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

let open: Processes | undefined;
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupt());

const report = values.from === undefined ? await measure() : readReport(values.from);
if (values.plot !== undefined) drawPlots(report, values.plot);
if (values.write) writeTables(report);
if (values.from === undefined) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

/** One part that fails costs its own figures, not those of the others. */
async function measure(): Promise<Report> {
  const versions = describeVersions();
  const parts: Record<string, PartReport> = {};
  for (const [name, run] of Object.entries(PARTS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const part = await measurePart(name, run, versions).catch(async (error: unknown) => {
      // What failed because it was ended has nothing to say, and nothing comes after it.
      if (isInterrupted) await new Promise(() => undefined);
      tell(`${name} failed: ${inspect(error)}`);
      process.exitCode = FAILED_EXIT_CODE;
    });
    if (part === undefined) continue;
    parts[name] = part;
    for (const table of part.tables) process.stderr.write(`\n${formatText(table)}`);
    process.stderr.write(`\n${part.notes.map((note) => `${note}\n`).join('')}\n`);
  }
  return { parts };
}

async function measurePart(name: string, run: Part, versions: PartReport['versions']): Promise<PartReport> {
  const machine = describeMachine();
  const date = new Date().toISOString();
  const beganMs = performance.now();
  const say = (text: string) => tell(`${name}: ${text}`);
  open = await openProcesses();
  const limit = setTimeout(
    () => void interrupt(`${name} takes more than ${PART_LIMIT_MS / 60_000} minutes`),
    PART_LIMIT_MS,
  );
  try {
    const result = await run({ processes: open, rounds, seconds, say });
    return { date, tookSeconds: Math.round((performance.now() - beganMs) / 1000), machine, versions, ...result };
  } finally {
    clearTimeout(limit);
    await open.close();
    open = undefined;
  }
}

/** Ends whatever was started, in order, and then us. What a part started elsewhere ends with this process. */
async function interrupt(why = 'interrupted'): Promise<never> {
  isInterrupted = true;
  tell(`${why}: ending what was started`);
  await open?.close();
  process.exit(INTERRUPTED_EXIT_CODE);
}

function drawPlots({ parts }: Report, directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const plot of Object.values(parts).flatMap(({ plots }) => plots ?? [])) {
    writeFileSync(join(directory, plot.file), drawPlot(plot));
    tell(`drew ${join(directory, plot.file)}`);
  }
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

function describeMachine(): Machine {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1e9),
    loadBefore: round(loadavg()[0] ?? 0, 2),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

function endWithUsage(message: string): never {
  tell(message);
  process.exit(USAGE_EXIT_CODE);
}

function tell(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
