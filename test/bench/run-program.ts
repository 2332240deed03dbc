// Runs a program to its end and answers what it printed. It ends with us, and by itself when it takes too long.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LIMIT_MS = 180_000;
const MAX_OUTPUT_BYTES = 1 << 24;

/** @throws when it fails, or does not end in time. */
export async function runProgram(command: string, args: readonly string[]): Promise<string> {
  const running = promisify(execFile)(command, [...args], { timeout: LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES });
  const end = (): void => void running.child.kill('SIGKILL');
  process.once('exit', end);
  try {
    return (await running).stdout;
  } finally {
    process.off('exit', end);
  }
}

/** A file of the bench as a process of its own, for what must not share memory and time with anything else. */
export function runBenchFile(name: string, args: readonly string[]): Promise<string> {
  return runProgram(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args]);
}
