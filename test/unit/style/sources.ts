// Reading the project's own sources, for the tests of house style: each file as path and text, and what it imports.

import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export type Source = {
  /** From the root of the repository, with forward slashes: `src/wire/query.ts`. */
  readonly path: string;
  readonly text: string;
};

export const ROOT = join(import.meta.dirname, '../../..');

/** Every TypeScript file below `folder`, sorted by path. */
export function readSources(folder: string): readonly Source[] {
  const paths = globSync(`${folder}/**/*.ts`, { cwd: ROOT }).sort();
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** `import … from 'x'`, `export … from 'x'` and `import 'x'`: what stands between holds names and braces only. */
const STATIC_IMPORT = /^[ \t]*(?:import|export)\b(?:[\w\s{},*$]*\bfrom)?\s*['"]([^'"\n]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"\n]+)['"]/g;

/** What a file imports or re-exports, types included: other files as paths from the root, packages as they stand. */
export function importsOf({ path, text }: Source): readonly string[] {
  const code = stripComments(text);
  const found = [STATIC_IMPORT, DYNAMIC_IMPORT].flatMap((form) => [...code.matchAll(form)]);
  const specifiers = found.map((match) => match[1] ?? '');
  return specifiers.map((name) => (name.startsWith('.') ? posix.join(posix.dirname(path), name) : name));
}

/** Comments become blanks, line for line. Strings and templates are stepped over: they may hold what looks like one. */
export function stripComments(text: string): string {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return text.replace(tokens, (token) => (/^\/[/*]/.test(token) ? token.replace(/[^\n]/g, ' ') : token));
}

/** Strings and templates emptied as well: for what is searched by word. */
export function stripStrings(text: string): string {
  return stripComments(text).replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, "''");
}
