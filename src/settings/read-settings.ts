// Reading settings, each source above the one before: defaults < YAML file < environment < flags. The pure part, what
// a settings document may say, is src/model/settings.ts; this adds where each value came from to the message about it.

import { readFileSync } from 'node:fs';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { splitPointer } from '../model/pointer.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import { parseSettings, type Settings } from '../model/settings.ts';
import { type Environment, readEnvironment, variableNameOf } from './environment.ts';
import { hasPath, isTree, overlay, type SettingsTree } from './settings-tree.ts';

/** A settings file is a page of text. Larger ones are something else. */
const MAX_FILE_BYTES = 1 << 20;
const MAX_ALIASES = 100;

export type SettingsSources = {
  /** Path of a YAML file. Absent: no file; then every key has its default unless another source gives it. */
  readonly file?: string | undefined;
  /** All of the process's variables; those that are not `AZIMUTH_…` are ignored. */
  readonly environment: Environment;
  /** What the command line gave, in the shape of the document: `{ dns: { listen: ['127.0.0.1:5300'] } }`. */
  readonly flags?: SettingsTree | undefined;
};

/** Reads and merges all sources. Answers the settings, or every problem of every source. Never throws for bad input. */
export function readSettings({ file, environment, flags = {} }: SettingsSources): Parsed<Settings> {
  const written = file === undefined ? EMPTY_FILE : readFile(file);
  const variables = readEnvironment(environment);
  const parsed = parseSettings(overlay(overlay(written.tree, variables.tree), flags));
  const unreadable = [...written.problems, ...variables.problems];
  const refused = parsed.ok ? [] : parsed.problems;
  if (parsed.ok && unreadable.length === 0) return parsed;
  const origins = { written, file, variables: variables.tree, flags };
  return { ok: false, problems: [...unreadable, ...refused.map((problem) => nameOrigin(problem, origins))] };
}

type WrittenFile = {
  readonly tree: SettingsTree;
  readonly problems: readonly Problem[];
  readonly placeOf: (path: readonly string[]) => string;
};

const EMPTY_FILE: WrittenFile = { tree: {}, problems: [], placeOf: () => '' };

function readFile(file: string): WrittenFile {
  const read = readText(file);
  if (typeof read !== 'string') return { ...EMPTY_FILE, problems: [read] };
  const lines = new LineCounter();
  const document = parseDocument(read, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const problems = document.errors.map(({ message, pos }) => ({ path: '', message: `${placeAt(pos[0])}: ${message}` }));
  if (problems.length > 0) return { ...EMPTY_FILE, problems };
  const content = toPlain(document, file);
  if (!content.ok) return { ...EMPTY_FILE, problems: content.problems };
  return { tree: content.value, problems, placeOf: (path) => placeAt(offsetOf(document, path)) };
}

function readText(file: string): string | Problem {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= MAX_FILE_BYTES) return bytes.toString('utf8');
    return { path: '', message: `${file} has more than ${MAX_FILE_BYTES} bytes: this is not a settings file.` };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { path: '', message: `Cannot read the settings file ${file} (${cause}). Correct --settings, or create it.` };
  }
}

/** Where a path stands in the file, or the nearest thing above it that does. */
function offsetOf(document: Document.Parsed, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

type Origins = {
  readonly written: WrittenFile;
  readonly file: string | undefined;
  readonly variables: SettingsTree;
  readonly flags: SettingsTree;
};

/** The source that had the last word on a value is the one to correct. */
function nameOrigin({ path, message }: Problem, { written, file, variables, flags }: Origins): Problem {
  const keys = splitPointer(path);
  if (hasPath(flags, keys)) return { path, message: `${message} (from the command line)` };
  if (hasPath(variables, keys)) return { path, message: `${message} (from ${variableNameOf(keys)})` };
  if (file !== undefined) return { path, message: `${message} (${written.placeOf(keys)})` };
  return { path, message };
}

/** An empty file is an empty tree. Aliases that expand without end make the YAML package throw: told as a problem. */
function toPlain(document: Document.Parsed, file: string): Parsed<SettingsTree> {
  try {
    const content: unknown = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
    if (isTree(content)) return { ok: true, value: content };
    return { ok: false, problems: [{ path: '', message: `${file}: Expected a mapping of settings.` }] };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [{ path: '', message: `${file}: ${cause}` }] };
  }
}
