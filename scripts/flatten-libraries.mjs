// A library of many hundreds of small modules costs more to find than to run: typebox, of which every process and every command
// needs something, took 0.4 s of each start. Its own entry points are rewritten in place, so that each is a few files; whoever
// imports it notices nothing. Part of the set-up; by itself: `node scripts/flatten-libraries.mjs`. Where it cannot be
// done, the library works as it was installed.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LIBRARIES = ['typebox'];
const MARK = '// flattened';

/** Flattens what is not yet. Says in one line what could not be done; nothing when all went well, or nothing was to do. */
export async function flattenLibraries(say, root = ROOT) {
  for (const library of LIBRARIES) {
    const folder = join(root, 'node_modules', library);
    if (!existsSync(folder)) continue;
    try {
      const entries = listEntries(folder);
      if (entries.length > 0 && !isFlat(entries[0])) await flatten(entries, join(folder, 'build'));
    } catch (error) {
      say(`${library} stays in many files, so every start takes 0.4 s longer: ${firstLine(error)}`);
    }
  }
}

/** The files that the package exports. */
function listEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports).map(({ import: file, default: other = file }) => join(folder, file ?? other));
}

function isFlat(file) {
  return readFileSync(file, 'utf8').startsWith(MARK);
}

async function flatten(entryPoints, directory) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints,
    outdir: directory,
    outbase: directory,
    allowOverwrite: true,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'flattened-[hash]',
    banner: { js: MARK },
    logLevel: 'silent',
  });
  // What others import is there before them, and the entry that is looked at comes last: whatever ends us, all is whole.
  const rankOf = ({ path }) => (path === entryPoints[0] ? 2 : entryPoints.includes(path) ? 1 : 0);
  for (const { path, contents } of outputFiles.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, contents);
    renameSync(temporary, path);
  }
}

function firstLine(error) {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await flattenLibraries((text) => process.stderr.write(`flatten: ${text}\n`));
}
