// How commands end when they do not succeed. They throw; main.ts turns what they throw into an exit code.

import { type Command, CommanderError } from 'commander';

export const FAILED_EXIT_CODE = 1;
export const USAGE_EXIT_CODE = 2;

/** Ours begin with it; those of commander itself are about usage, or no failure at all (help, version). */
const PREFIX = 'azimuth.';

/** Says why on standard error, and ends the command: it was refused, or could not be done. */
export function fail(command: Command, message: string): never {
  return end(command, message, FAILED_EXIT_CODE, 'failed');
}

/** Says why, and ends the command: it was not called as it should be. */
export function failUsage(command: Command, message: string): never {
  return end(command, message, USAGE_EXIT_CODE, 'usage');
}

/** Ends the command without a word, when what it printed says it all: something is unhealthy, or there are problems. */
export function endUnhealthy(): never {
  throw new CommanderError(FAILED_EXIT_CODE, `${PREFIX}unhealthy`, '');
}

export function exitCodeOf({ code, exitCode }: CommanderError): number {
  if (exitCode === 0 || code.startsWith(PREFIX)) return exitCode;
  return USAGE_EXIT_CODE;
}

/** Not by commander's own `error`: that adds advice on usage, which is rarely what was wrong. */
function end(command: Command, message: string, exitCode: number, code: string): never {
  const { writeErr } = command.configureOutput();
  const text = `azimuth: ${message}\n`;
  if (writeErr === undefined) process.stderr.write(text);
  else writeErr(text);
  throw new CommanderError(exitCode, PREFIX + code, message);
}
