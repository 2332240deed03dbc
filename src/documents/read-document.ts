// Reads a configuration file, YAML 1.2 or JSON (which is YAML), into plain values, and remembers where in the text each of
// them stands, so that a problem found much later still names its line and column. What the file should say is the model's
// concern. Hostile files are answered with problems: size, aliases and depth are bounded, nothing is executed.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { MAX_DOCUMENT_LENGTH } from '../model/limits.ts';
import { splitPointer } from '../model/pointer.ts';
import type { Problem } from '../model/problem.ts';

/** Both count from 1; columns count UTF-16 units, as editors do. */
export type Position = {
  readonly line: number;
  readonly column: number;
  /** Absent: the file that was given. */
  readonly file?: string;
};

/** Where the thing at a JSON pointer, or the nearest thing around it that exists, stands; undefined when nowhere. */
export type Locate = (pointer: string) => Position | undefined;

export type SyntaxProblem = Problem & { readonly position?: Position };

export type ReadDocument =
  | { readonly ok: true; readonly document: unknown; readonly locate: Locate }
  | {
      readonly ok: false;
      readonly problems: readonly SyntaxProblem[];
      /** What can be looked at all the same, so that more is told in one go. */
      readonly rest?: RestOfDocument;
    };

export type RestOfDocument = {
  readonly document: unknown;
  readonly locate: Locate;
  /** Positions of the zones of which lines could not be read. */
  readonly incomplete: ReadonlySet<number>;
};

/** Nodes that the aliases of a document may stand for together: a "billion laughs" ends here. */
const MAX_ALIASES = 1_000;
/** Lists and mappings within one another; a configuration needs ten. */
const MAX_DEPTH = 64;
/** One slip in YAML often makes the parser stumble over everything behind it: only the first few tell something. */
const MAX_SYNTAX_PROBLEMS = 10;

/** Characters of a YAML file; JSON may be longer. */
const MAX_YAML_LENGTH = 32 * 1024 * 1024;

const OPTIONS = {
  version: '1.2',
  // Nor does a %YAML directive bring back what 1.1 made of `no` and `012`.
  schema: 'core',
  resolveKnownTags: false,
  merge: false,
  stringKeys: true,
  prettyErrors: false,
} as const;

/** Never throws. */
export function readDocument(text: string): ReadDocument {
  if (text.length > MAX_YAML_LENGTH) return readLargeJson(text);
  const lineCounter = new LineCounter();
  const parsed = parseDocument(text, { ...OPTIONS, lineCounter });
  const toPosition = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  // A warning is a tag that nobody knows: whoever wrote it meant something that would be lost.
  const faults = [...parsed.errors, ...parsed.warnings];
  if (faults.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return refuse(TOO_DEEP);
  if (faults.length > 0) return { ok: false, problems: describeFaults(faults, toPosition) };
  if (parsed.contents === null) return refuse('the file is empty: config/example.yaml shows what it can hold.');
  return toDocument(parsed, toPosition);
}

/** Without positions: remembering where a million records stand takes many times their memory. */
function readLargeJson(text: string): ReadDocument {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    return refuse(
      `the file has more than ${MAX_DOCUMENT_LENGTH} characters: apply its parts one by one through the API.`,
    );
  }
  try {
    const document: unknown = JSON.parse(text);
    const fault = findUnfit(document, []);
    return fault === undefined ? { ok: true, document, locate: () => undefined } : refuse(fault);
  } catch {
    return refuse(`the file has more than ${MAX_YAML_LENGTH} characters: so large a one must be JSON, and it is none.`);
  }
}

/** `config/example.yaml:41:7 /clusters/2/region: no region has the id "eu-wst"`; what has no place stands without one. */
export function formatProblems(
  problems: readonly SyntaxProblem[],
  locate: Locate,
  fileName: string,
): readonly string[] {
  return problems.map(({ path, message, position = locate(path) }) => {
    const place =
      position === undefined ? fileName : `${position.file ?? fileName}:${position.line}:${position.column}`;
    return path === '' ? `${place}: ${message}` : `${place} ${path}: ${message}`;
  });
}

const TOO_DEEP = `lists and mappings stand within one another more than ${MAX_DEPTH} deep: no configuration needs that.`;

function toDocument(parsed: Document.Parsed, toPosition: (offset: number) => Position): ReadDocument {
  let document: unknown;
  try {
    document = parsed.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // The library throws for an alias without its anchor, and for more aliases than allowed.
    return refuse(`${error instanceof Error ? error.message : String(error)}.`);
  }
  const fault = findUnfit(document, []);
  if (fault !== undefined) return refuse(fault);
  return { ok: true, document, locate: (pointer) => locate(parsed, pointer, toPosition) };
}

function describeFaults(
  faults: readonly YAMLError[],
  toPosition: (offset: number) => Position,
): readonly SyntaxProblem[] {
  const shown = faults.slice(0, MAX_SYNTAX_PROBLEMS);
  return shown.map(({ code, message, pos }) => ({
    path: '',
    message: CLEARER_WORDS.get(code) ?? `${message}.`,
    position: toPosition(pos[0]),
  }));
}

/** Where the library speaks to programmers. */
const CLEARER_WORDS: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'this key is in the same mapping already: keep one of the two.'],
  ['MULTIPLE_DOCS', 'the file holds several documents, parted by "---": keep one.'],
  ['NON_STRING_KEY', 'a key is a plain word, never a list or a mapping: put it in quotes if it begins with [, { or ?.'],
  ['TAB_AS_INDENT', 'YAML is indented by spaces, never by tabs.'],
]);

/** Aliases can make a value contain itself. `around` is what the value stands in. */
function findUnfit(value: unknown, around: readonly unknown[]): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (around.includes(value)) return 'an alias stands within its own anchor: write out what is meant.';
  if (around.length >= MAX_DEPTH) return TOO_DEEP;
  for (const item of Object.values(value)) {
    const fault = findUnfit(item, [...around, value]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The key of a mapping's entry, the item of a list; where the pointer leads nowhere, the last thing on the way. */
function locate(
  parsed: Document.Parsed,
  pointer: string,
  toPosition: (offset: number) => Position,
): Position | undefined {
  let node: unknown = parsed.contents;
  let offset = parsed.contents?.range[0];
  for (const key of splitPointer(pointer)) {
    if (isAlias(node)) node = node.resolve(parsed);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = /^\d+$/.test(key) ? node.items[Number(key)] : undefined;
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = item;
    } else break;
  }
  return offset === undefined ? undefined : toPosition(offset);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function refuse(message: string): ReadDocument {
  return { ok: false, problems: [{ path: '', message }] };
}
