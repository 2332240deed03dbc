// A configuration file as a command reads it: its content with the places of everything in it, or the problems of its
// syntax, printed with file, line and column.

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  formatProblems,
  type Locate,
  type Position,
  type RestOfDocument,
  readDocument,
  type SyntaxProblem,
} from '../documents/read-document.ts';
import { readZoneFiles } from '../documents/read-zone-files.ts';
import type { Problem } from '../model/problem.ts';
import { endUnhealthy, failUsage } from './failure.ts';
import { outputOf } from './output.ts';

export type ReadFile = { readonly file: string; readonly document: unknown; readonly locate: Locate };

/**
 * `-` reads standard input. Ends the command when there is nothing to read, or its syntax is wrong.
 * @param findMore what else is wrong in what could be read of it, so that all is told in one go.
 */
export function readFile(
  command: Command,
  file: string,
  isJson: boolean,
  findMore: (rest: RestOfDocument) => readonly Problem[] = () => [],
): ReadFile {
  const name = file === '-' ? '(standard input)' : file;
  const own = readDocument(readText(command, file));
  const read = own.ok ? readZoneFiles(own, file) : own;
  if (read.ok) return { file: name, document: read.document, locate: read.locate };
  const { problems, rest } = read;
  const more = rest === undefined ? [] : findMore(rest);
  const locate = rest?.locate ?? (() => undefined);
  return endWithProblems(command, { file: name, document: undefined, locate }, [...problems, ...more], isJson);
}

/** Prints problems with their places, in the order of the files, and ends the command. */
export function endWithProblems(
  command: Command,
  { file, locate }: ReadFile,
  problems: readonly SyntaxProblem[],
  isJson: boolean,
): never {
  const output = outputOf(command);
  const placed = sortByPlace(
    problems.map((problem) => ({ ...problem, position: problem.position ?? locate(problem.path) })),
  );
  if (isJson) {
    output.printJson({
      ok: false,
      problems: placed.map(({ position, ...problem }) => ({ file, ...position, ...problem })),
    });
  } else output.print(formatProblems(placed.map(withoutUndefined), () => undefined, file).join('\n'));
  return endUnhealthy();
}

type Placed = Problem & { readonly position: Position | undefined };

/** Files in the order in which they come up; what has no place comes first. */
function sortByPlace(problems: readonly Placed[]): readonly Placed[] {
  const byFile = Map.groupBy(problems, ({ position }) => position?.file);
  return [...byFile.values()].flatMap((own) =>
    own.toSorted(
      ({ position: a }, { position: b }) => (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0),
    ),
  );
}

function withoutUndefined({ position, ...problem }: Placed): SyntaxProblem {
  return position === undefined ? problem : { ...problem, position };
}

function readText(command: Command, file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return failUsage(command, `cannot read ${file} (${error instanceof Error ? error.message : String(error)})`);
  }
}
