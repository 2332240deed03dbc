// `npm run fuzz`: hostile messages by the million, over everything that reads octets of strangers and over the sockets of a node.
// Says on standard error how far it is and every fault as it is found, and prints one JSON document at the end; exit code 1: faults.
//
//   npm run fuzz                                          a million messages to the parsers, 100,000 over sockets
//   npm run fuzz -- --messages 100e6 --live 1e6           the documented run: docs/fuzzing.md
//   npm run fuzz -- --seed 7 --threads 1 --live 0         another seed, one core, no sockets
//   npm run fuzz -- --table run.json                      no run: the tables of docs/fuzzing.md, of what one has printed
//   npm run fuzz -- --seed 7 --turn 12345                 one message again; with --hex … that of a fault; --from 12000 --messages 400 for those before it too

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { inspect, parseArgs } from 'node:util';
import { createRun, dealTargets } from './fuzz-worker.ts';
import { createProgress } from './progress.ts';
import { runLive } from './run-live.ts';
import { runParsers } from './run-parsers.ts';
import { type FuzzReport, formatReport } from './table.ts';
import { SHARES } from './target.ts';

const FAULTS_EXIT_CODE = 1;
const USAGE_EXIT_CODE = 2;
const MAX_MESSAGES = 1e12;

const { values } = readArguments();
const seed = readCount('seed', 0, 0x7fff_ffff);
const messages = readCount('messages', 0, MAX_MESSAGES);
const live = readCount('live', 0, MAX_MESSAGES);
const threads = readCount('threads', 1, 256);
const from = readCount('from', 0, MAX_MESSAGES);

if (values.table !== undefined) process.stdout.write(formatReport(JSON.parse(readFileSync(values.table, 'utf8'))));
else if (values.turn !== undefined) repeatTurn(readCount('turn', 0, MAX_MESSAGES));
else await runAll();

async function runAll(): Promise<void> {
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`;
  const startedAt = new Date().toISOString();
  try {
    const parsers =
      messages > 0
        ? await runParsers({ seed, from, count: messages, threads }, createProgress('parsers', seed))
        : undefined;
    const sockets = live > 0 ? await runLive({ seed, count: live }, createProgress('sockets', seed)) : undefined;
    const report: FuzzReport = { startedAt, machine, seed, parsers, sockets };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    const isFaulty = (parsers?.faults.length ?? 0) > 0 || (sockets?.complaints.length ?? 0) > 0;
    process.exitCode = isFaulty ? FAULTS_EXIT_CODE : 0;
  } catch (error) {
    process.stderr.write(`fuzz: ${error instanceof Error ? error.message : inspect(error)}\n`);
    process.exitCode = FAULTS_EXIT_CODE;
  }
}

/** The message of the turn; or the one that the fault told, since what others sign is new each time. */
function repeatTurn(turn: number): void {
  if (values.hex !== undefined) {
    const target = dealTargets()[turn % SHARES];
    const outcome = target?.run(Uint8Array.from(Buffer.from(values.hex, 'hex')), turn);
    process.stdout.write(`${target?.name}: ${outcome}\n`);
    return;
  }
  const { faults, outcomes, slowest } = createRun()(seed, { from: turn, count: 1 });
  for (const { target, hex, message } of faults) process.stderr.write(`fuzz: ${target}: ${message}\n${hex}\n`);
  process.stdout.write(`${JSON.stringify({ seed, turn, outcomes, slowest }, null, 2)}\n`);
  process.exitCode = faults.length > 0 ? FAULTS_EXIT_CODE : 0;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: '20260601' },
        messages: { type: 'string', default: '1e6' },
        live: { type: 'string', default: '1e5' },
        threads: { type: 'string', default: String(availableParallelism()) },
        from: { type: 'string', default: '0' },
        turn: { type: 'string' },
        hex: { type: 'string' },
        table: { type: 'string' },
      },
    });
  } catch (error) {
    return endWithUsage(
      `${error instanceof Error ? error.message : String(error)}: docs/fuzzing.md says what there is`,
    );
  }
}

function readCount(
  name: 'seed' | 'messages' | 'live' | 'threads' | 'from' | 'turn',
  least: number,
  most: number,
): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  return endWithUsage(`--${name} is a whole number from ${least} to ${most}`);
}

function endWithUsage(text: string): never {
  process.stderr.write(`fuzz: ${text}\n`);
  process.exit(USAGE_EXIT_CODE);
}
