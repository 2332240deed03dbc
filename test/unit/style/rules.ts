// The rules of house style that a program can hold, as pure functions: sources in, faults out (one sentence each, with
// its file). The tests beside this apply them to the project, and to small offenders, so that each is seen to fail.

import { importsOf, type Source, stripComments, stripStrings } from './sources.ts';

/** A folder may import the folders of lower layers. Of its own layer, only what stands below says so. */
const LAYER_OF_FOLDER: ReadonlyMap<string, number> = new Map([
  ...layer(0, ['model']),
  ...layer(1, ['wire']),
  ...layer(2, ['steering', 'health', 'load', 'zone', 'geo', 'dnssec']),
  ...layer(3, ['snapshot']),
  ...layer(4, ['transfer']),
  ...layer(5, ['answer']),
  // System calls that Node lacks (the addon) or goes wrong with. Below the edge, since several of its folders need them.
  ...layer(6, ['native']),
  ...layer(7, [
    'transport',
    'replication',
    'store',
    'probe',
    'api',
    'console',
    'telemetry',
    'settings',
    'databases',
    'demo',
    'documents',
    'keys',
  ]),
  ...layer(8, ['roles']),
  ...layer(9, ['commands']),
  // src/main.ts itself, above all folders.
  ...layer(10, ['']),
]);

const PURE_UP_TO_LAYER = 5;
/** The layer whose folders do not import each other: thin I/O, wired together by roles. */
const EDGE_LAYER = 7;
const SHARED_EDGE = 'telemetry';
const PURE_PACKAGES: ReadonlySet<string> = new Set(['typebox', 'typebox/value', 'typebox/compile']);
const MAX_LINES = 400;

export function findForbiddenImports(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => importsOf(source).flatMap((target) => judgeImport(source.path, target)));
}

function judgeImport(path: string, target: string): readonly string[] {
  const folder = folderOf(path);
  const own = LAYER_OF_FOLDER.get(folder);
  if (own === undefined) return [`${path}: the folder '${folder}' is in no layer; add it to test/unit/style/rules.ts`];
  if (!target.startsWith('src/')) return judgePackage(path, target, own);
  if (!target.endsWith('.ts')) return [`${path} imports ${target} without its extension`];
  const other = folderOf(target);
  if (other === folder) return [];
  const layerOfTarget = LAYER_OF_FOLDER.get(other) ?? Number.POSITIVE_INFINITY;
  if (layerOfTarget < own || (own === EDGE_LAYER && other === SHARED_EDGE)) return [];
  if (layerOfTarget === own && own === 2) return [];
  return [`${path} imports ${target}: imports point downwards only, and edge folders do not know each other`];
}

function judgePackage(path: string, target: string, layerOfFile: number): readonly string[] {
  if (/^(?:test|scripts|config|docs)\//.test(target)) return [`${path} imports ${target}, which is not shipped`];
  if (layerOfFile > PURE_UP_TO_LAYER || PURE_PACKAGES.has(target)) return [];
  return [`${path} imports ${target}: pure folders know neither node: nor packages other than typebox`];
}

/** Each cycle once, as the chain of files that closes it. */
export function findCycles(sources: readonly Source[]): readonly string[] {
  const targets = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, chain: readonly string[]): void => {
    if (chain.includes(path)) {
      cycles.push([...chain.slice(chain.indexOf(path)), path].join(' → '));
      return;
    }
    if (finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...chain, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

/** Clocks, chance and timers are arguments in pure folders. */
export function findImpurities(sources: readonly Source[]): readonly string[] {
  const impure =
    /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|process\.|fetch\()/;
  return sources.filter(isPure).flatMap(({ path, text }) => {
    const match = impure.exec(stripStrings(text));
    return match === null
      ? []
      : [`${path} uses ${match[0]}: time, chance and the network are arguments in pure folders`];
  });
}

export function findDefaultExports(sources: readonly Source[]): readonly string[] {
  const isOffender = ({ text }: Source) => /^\s*export\s+default\b|\bas\s+default\b/m.test(stripStrings(text));
  return sources.filter(isOffender).map(({ path }) => `${path} has a default export: name what it exports`);
}

/** A barrel: a file with re-exports and nothing of its own. */
export function findBarrels(sources: readonly Source[]): readonly string[] {
  const isBarrel = ({ text }: Source) => {
    const code = stripComments(text);
    const rest = code.replace(/^\s*(?:export|import)\s[^;]*?\bfrom\s*['"][^'"]+['"];?/gm, '');
    return /\bexport\b[^;]*\bfrom\b/.test(code) && rest.trim() === '';
  };
  return sources.filter(isBarrel).map(({ path }) => `${path} only re-exports: import from where a thing is defined`);
}

/** The opening comment says what the file is, and why; a shebang may stand before it. */
export function findMissingHeaders(sources: readonly Source[]): readonly string[] {
  const hasHeader = ({ text }: Source) => /^(?:#![^\n]*\n)?(?:\/\/ \S|\/\*)/.test(text);
  return sources
    .filter((source) => !hasHeader(source))
    .map(({ path }) => `${path} does not open with a comment on what it is`);
}

export function findLongFiles(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    return lines <= MAX_LINES ? [] : [`${path} has ${lines} lines: over ${MAX_LINES} is two ideas`];
  });
}

export function findLooseTypes(sources: readonly Source[]): readonly string[] {
  const loose =
    /(?::\s*any\b|\bas any\b|<any\b|\bany\[\]|^\s*(?:export\s+)?(?:const\s+)?enum\s+\w|@ts-(?:ignore|nocheck|expect-error))/m;
  return sources.flatMap(({ path, text }) => {
    const match = loose.exec(stripStrings(text)) ?? /@ts-(?:ignore|nocheck|expect-error)/.exec(text);
    return match === null ? [] : [`${path} has '${match[0].trim()}': say the type, or make the value parse into one`];
  });
}

/** `util` and its kin say nothing of what a file is. */
export function findEmptyNames(sources: readonly Source[]): readonly string[] {
  const empty = /(?:^|[-/])(?:manager|helpers?|utils?|common|misc|data|info)\.ts$|(?:^|\/)process-/;
  const isOffender = ({ path }: Source) => empty.test(path) && !path.endsWith('record-data.ts');
  return sources.filter(isOffender).map(({ path }) => `${path}: its name does not say what it is`);
}

function isPure({ path }: Source): boolean {
  return (LAYER_OF_FOLDER.get(folderOf(path)) ?? EDGE_LAYER) <= PURE_UP_TO_LAYER;
}

/** `src/store/redis/x.ts` → `store`; `src/main.ts` → the empty name. */
function folderOf(path: string): string {
  return path.split('/').slice(1, -1)[0] ?? '';
}

function layer(height: number, folders: readonly string[]): (readonly [string, number])[] {
  return folders.map((folder) => [folder, height] as const);
}
