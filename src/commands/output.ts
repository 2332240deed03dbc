// What commands print: aligned columns and a little colour for people, JSON for programs. Where it goes, and whether there
// it may have colours (a terminal, NO_COLOR, FORCE_COLOR), commander knows; tests put their own ends in its place.

import { stripVTControlCharacters, styleText } from 'node:util';
import type { Command } from 'commander';

type Format = Parameters<typeof styleText>[0];

export type Output = {
  /** One line, or several. */
  print(text: string): void;
  /** For people alone: what a script would otherwise take for a result. */
  printNotice(text: string): void;
  /** The value as JSON, for --json. */
  printJson(value: unknown): void;
  /** The text in this colour, where there are colours. */
  paint(format: Format, text: string): string;
};

export function outputOf(command: Command): Output {
  const { writeOut, writeErr, getOutHasColors } = command.configureOutput();
  const print = (text: string) => (writeOut ?? writeStandardOutput)(`${text}\n`);
  const hasColors = getOutHasColors?.() ?? false;
  return {
    print,
    printNotice: (text) => (writeErr ?? writeStandardError)(`${text}\n`),
    printJson: (value) => print(JSON.stringify(value, null, 2)),
    paint: (format, text) => (hasColors ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** Rows with their columns aligned; the last column is as long as it is. Colours take no room. */
export function alignColumns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.slice(0, -1).entries()) {
      widths[index] = Math.max(widths[index] ?? 0, lengthOf(cell));
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - lengthOf(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => indent + line).join('\n');
}

/** `1 change`, `2 changes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `12 s`, `5 min`, `3 h`, `12 d`: as precise as anybody wants to know it. Clocks that disagree make nothing negative. */
export function describeAge(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

function lengthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

function writeStandardError(text: string): void {
  process.stderr.write(text);
}

function writeStandardOutput(text: string): void {
  process.stdout.write(text);
}
