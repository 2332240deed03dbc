// Runs a file of the bench as a process of its own, for what must not share memory and time with anything else, and answers
// what it prints.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LIMIT_MS = 180_000;
const MAX_OUTPUT_BYTES = 1 << 24;

/** `name`: beside this file. @throws when it fails, or does not end in time. */
export async function runProgram(name: string, args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const options = { timeout: LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], options);
  return stdout;
}
