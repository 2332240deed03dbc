// What a bench program says and hands over: its words on standard error, its report into a document, or read from a file.

import { readFileSync, writeFileSync } from 'node:fs';
import { fillDocument } from './report/document.ts';
import type { Report } from './report/report.ts';

const USAGE_EXIT_CODE = 2;

export function writeTables(document: string, filled: Report): void {
  const { page, missing } = fillDocument(readFileSync(document, 'utf8'), filled);
  writeFileSync(document, page);
  tell(`filled ${document}${missing.length === 0 ? '' : `, which has no place for ${missing.join(', ')}`}`);
}

export function readReport(file: string): Report {
  const parsed: Report = JSON.parse(readFileSync(file, 'utf8'));
  return parsed;
}

export function endWithUsage(message: string): never {
  tell(message);
  process.exit(USAGE_EXIT_CODE);
}

export function tell(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
