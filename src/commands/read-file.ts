// A configuration file as a command reads it: its content with the places of everything in it, or the problems of its
// syntax, printed with file, line and column.

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { formatProblems, type Locate, readDocument } from '../documents/read-document.ts';
import { readZoneFiles } from '../documents/read-zone-files.ts';
import type { Problem } from '../model/problem.ts';
import { endUnhealthy, failUsage } from './failure.ts';
import { outputOf } from './output.ts';

export type ReadFile = { readonly file: string; readonly document: unknown; readonly locate: Locate };

/** `-` reads standard input. Ends the command when there is nothing to read, or its syntax is wrong. */
export function readFile(command: Command, file: string, isJson: boolean): ReadFile {
  const name = file === '-' ? '(standard input)' : file;
  const own = readDocument(readText(command, file));
  const read = own.ok ? readZoneFiles(own, file) : own;
  if (read.ok) return { file: name, document: read.document, locate: read.locate };
  const problems = read.problems.map(({ path, message, position }) => ({ file: name, ...position, path, message }));
  if (isJson) outputOf(command).printJson({ ok: false, problems });
  else outputOf(command).print(formatProblems(read.problems, () => undefined, name).join('\n'));
  return endUnhealthy();
}

/** Prints problems with their places, and ends the command. */
export function endWithProblems(
  command: Command,
  { file, locate }: ReadFile,
  problems: readonly Problem[],
  isJson: boolean,
): never {
  const output = outputOf(command);
  if (isJson) {
    output.printJson({
      ok: false,
      problems: problems.map((problem) => ({ file, ...locate(problem.path), ...problem })),
    });
  } else output.print(formatProblems(problems, locate, file).join('\n'));
  return endUnhealthy();
}

function readText(command: Command, file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return failUsage(command, `cannot read ${file} (${error instanceof Error ? error.message : String(error)})`);
  }
}
