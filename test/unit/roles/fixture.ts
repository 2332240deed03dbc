// What tests of roles have in common: a directory, a log that can be read, revisions, and patience.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Logger, pino } from 'pino';
import type { Configuration } from '../../../src/model/configuration.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import type { Revision, RevisionId } from '../../../src/model/revision.ts';
import { checkDocument } from '../../../src/roles/check-document.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';
import { DOCUMENT } from '../api/fixture.ts';

export { DOCUMENT };

export const configurationOf = (document: unknown): Configuration => {
  const parsed = parseConfiguration(document, { resolveLocation: () => undefined });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
};

/** Differs from every other number's in one bias. */
export function documentOf(number: number) {
  return { ...DOCUMENT, regions: DOCUMENT.regions.map((region) => ({ ...region, bias: number })) };
}

export function revisionOf(number: number, generation = 1, parent: RevisionId | null = null): Revision {
  const id = { generation, number };
  const words = { id, parent, author: 'test', message: '', createdAtMs: 0 };
  const checked = checkDocument(documentOf(number), { resolveLocation: () => undefined, allowNetworks: [] });
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return composeRevision(words, splitObjects(checked.value));
}

export type LogLine = { readonly level: string; readonly msg: string; readonly [field: string]: unknown };

export function recordLog(): { readonly logger: Logger; readonly lines: LogLine[]; count(part: string): number } {
  const lines: LogLine[] = [];
  const formatters = { level: (label: string) => ({ level: label }) };
  const logger = pino({ level: 'debug', formatters }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { logger, lines, count: (part) => lines.filter(({ msg }) => msg.includes(part)).length };
}

export async function openDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-roles-'));
  // A thread that is about to end may still be writing into its cache.
  context.after(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return directory;
}

export async function waitUntil(condition: () => boolean, what = 'it', limitMs = 5000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${limitMs} ms`);
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
