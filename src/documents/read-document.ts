// Reads a configuration file, YAML 1.2 or JSON (which is YAML), into plain values, and remembers where in the text each of
// them stands, so that a problem found much later still names its line and column. What the file should say is the model's
// concern. Hostile files are answered with problems: size, aliases and depth are bounded, nothing is executed.

import { type Document, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { MAX_DOCUMENT_LENGTH, MAX_PROBLEMS } from '../model/limits.ts';
import { splitPointer } from '../model/pointer.ts';
import type { Problem } from '../model/problem.ts';

/** Both count from 1; columns count UTF-16 units, as editors do. */
export type Position = { readonly line: number; readonly column: number };

/** Where the thing at a JSON pointer, or the nearest thing around it that exists, stands; undefined when nowhere. */
export type Locate = (pointer: string) => Position | undefined;

export type SyntaxProblem = Problem & { readonly position?: Position };

export type ReadDocument =
  | { readonly ok: true; readonly document: unknown; readonly locate: Locate }
  | { readonly ok: false; readonly problems: readonly SyntaxProblem[] };

/** Nodes that all aliases of a document may stand for together: a "billion laughs" ends here. */
const MAX_ALIASES = 1_000;
/** Lists and mappings within one another; a configuration needs ten. */
const MAX_DEPTH = 64;

/** `fileName` is for messages only. Never throws. */
export function readDocument(text: string, fileName: string): ReadDocument {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    return refuse(`${fileName} has more than ${MAX_DOCUMENT_LENGTH} characters: split it, or apply its parts through the API.`);
  }
  if (exceedsDepth(text)) return refuse(tooDeep(fileName));
  const lineCounter = new LineCounter();
  const toPosition = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  try {
    const parsed = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, merge: false, version: '1.2' });
    // A warning is a tag that nobody knows: whoever wrote it meant something that would be lost.
    const faults = [...parsed.errors, ...parsed.warnings].slice(0, MAX_PROBLEMS);
    if (faults.length > 0) {
      return { ok: false, problems: faults.map(({ message, pos }) => ({ path: '', message: endSentence(message), position: toPosition(pos[0]) })) };
    }
    if (parsed.contents === null) return refuse(`${fileName} is empty: see config/example.yaml for what it can hold.`);
    if (measureDepth(parsed) > MAX_DEPTH) return refuse(tooDeep(fileName));
    const document: unknown = parsed.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, document, locate: (pointer) => locate(parsed, pointer, toPosition) };
  } catch (error) {
    // The library throws for aliases without an anchor, and for too many of them.
    return refuse(endSentence(error instanceof Error ? error.message : String(error)));
  }
}

/** `config/example.yaml:41:7 /clusters/2/region: no region has the id "eu-wst"`; what has no place stands without one. */
export function formatProblems(problems: readonly SyntaxProblem[], locate: Locate, fileName: string): readonly string[] {
  return problems.map(({ path, message, position = locate(path) }) => {
    const place = position === undefined ? fileName : `${fileName}:${position.line}:${position.column}`;
    return path === '' ? `${place} ${message}` : `${place} ${path}: ${message}`;
  });
}
