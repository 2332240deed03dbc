// Runs parts of a bench one after the other, each with processes of its own, and ends what was started whatever happens.

import { inspect } from 'node:util';
import { openProcesses, type Processes } from '../support/processes.ts';
import { describeMachine } from './report/machine.ts';
import type { PartReport, PartResult, Report } from './report/report.ts';
import { formatText } from './report/table.ts';

export type MeasureOptions<Context> = {
  /** Every part that there is, in the order in which they run. */
  readonly parts: Readonly<Record<string, (context: Context) => Promise<PartResult>>>;
  /** Only these; none: all. */
  readonly chosen: readonly string[];
  readonly versions: PartReport['versions'];
  readonly createContext: (processes: Processes, say: (text: string) => void) => Context;
  /** On standard error. */
  readonly tell: (text: string) => void;
};

const FAILED_EXIT_CODE = 1;
/** As a shell says that a command was interrupted. */
const INTERRUPTED_EXIT_CODE = 130;
/** A part that takes longer hangs; the whole stays within the half hour that one waits for it. */
const PART_LIMIT_MS = 15 * 60_000;

/** One part that fails costs its own figures, not those of the others. Once per process: it listens to signals. */
export async function measureParts<Context>(options: MeasureOptions<Context>): Promise<Report> {
  const { parts, chosen, tell } = options;
  let open: Processes | undefined;
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupt('interrupted'));

  const reports: Record<string, PartReport> = {};
  for (const name of Object.keys(parts)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const report = await measure(name).catch(async (error: unknown) => {
      // What failed because it was ended has nothing to say, and nothing comes after it.
      if (isInterrupted) await new Promise(() => undefined);
      tell(`${name} failed: ${inspect(error)}`);
      process.exitCode = FAILED_EXIT_CODE;
    });
    if (report === undefined) continue;
    reports[name] = report;
    for (const table of report.tables) process.stderr.write(`\n${formatText(table)}`);
    process.stderr.write(`\n${report.notes.map((note) => `${note}\n`).join('')}\n`);
  }
  return { parts: reports };

  async function measure(name: string): Promise<PartReport | undefined> {
    const run = parts[name];
    if (run === undefined) return undefined;
    const machine = describeMachine();
    const date = new Date().toISOString();
    const beganMs = performance.now();
    open = await openProcesses();
    const why = `${name} takes more than ${PART_LIMIT_MS / 60_000} minutes`;
    const limit = setTimeout(() => void interrupt(why), PART_LIMIT_MS);
    try {
      const result = await run(options.createContext(open, (text) => tell(`${name}: ${text}`)));
      const tookSeconds = Math.round((performance.now() - beganMs) / 1000);
      return { date, tookSeconds, machine, versions: options.versions, ...result };
    } finally {
      clearTimeout(limit);
      await open.close();
      open = undefined;
    }
  }

  /** Ends whatever was started, in order, and then us. What a part started elsewhere ends with this process. */
  async function interrupt(why: string): Promise<never> {
    isInterrupted = true;
    tell(`${why}: ending what was started`);
    await open?.close();
    process.exit(INTERRUPTED_EXIT_CODE);
  }
}
