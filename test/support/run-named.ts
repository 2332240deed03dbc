// BIND on loopback, with what it needs to run in a directory of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes, Running } from './processes.ts';
import { findProgram } from './require-program.ts';

export type NamedOptions = {
  /** Of the process, in what is told of it. */
  readonly name: string;
  readonly directory: string;
  readonly port: number;
  /** Within `options`, behind what every server has. */
  readonly options: string;
  /** Before them, and behind them. */
  readonly keys?: string;
  readonly rest: string;
};

/** Resolves when it answers. */
export async function runNamed(
  processes: Processes,
  { name, directory, port, options, keys = '', rest }: NamedOptions,
): Promise<Running> {
  const file = join(directory, 'named.conf');
  writeFileSync(
    file,
    `${keys}controls { };
options {
  directory "${directory}"; pid-file "${directory}/pid"; session-keyfile none; managed-keys-directory "${directory}";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  ${options}
};
${rest}
`,
  );
  const running = processes.run(findProgram('named') ?? 'named', ['-g', '-c', file], { name });
  await running.waitFor(/running$/m);
  return running;
}
