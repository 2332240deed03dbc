// Compiles the load generator once per version of its sources, into the bench's folder under the system's temporary
// directory, and says in a sentence why there is none where it cannot be had.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTool } from '../../../scripts/test-tools.ts';
import { openBenchFolder } from '../bench-folder.ts';
import { runProgram } from '../run-program.ts';

const SOURCES = ['lane.c', 'load.c'];
const HEADERS = ['histogram.h', 'lane.h'];
const FLAGS = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror'];

/** Why this machine cannot have the load generator; undefined when it can. */
export function whyNoLoad(): string | undefined {
  if (process.platform !== 'linux') return 'the load generator needs Linux (recvmmsg, sendmmsg)';
  return findTool('cc') === undefined
    ? 'the load generator needs a C compiler: apt-get install gcc libc6-dev'
    : undefined;
}

/** The program's path. @throws Error when it cannot be compiled. */
export async function buildLoad(): Promise<string> {
  const reason = whyNoLoad();
  if (reason !== undefined) throw new Error(reason);
  const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const name of [...SOURCES, ...HEADERS]) hash.update(readFileSync(pathOf(name)));
  const program = join(openBenchFolder(), `load-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  const unfinished = `${program}.${process.pid}`;
  const args = [...FLAGS, '-o', unfinished, ...SOURCES.map(pathOf)];
  await runProgram(findTool('cc') ?? 'cc', args);
  renameSync(unfinished, program);
  return program;
}
