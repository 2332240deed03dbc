// Zones that a configuration file keeps in master files of their own: `file: zones/example.com.zone` in place of soa, ns and
// records, or `folder: zones` for one zone for each `*.zone` in it, named by its file. Paths are relative to the
// configuration file, unless they are absolute. What comes out is a document like any other, whose places lie in several files.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MAX_DOCUMENT_LENGTH, MAX_PROBLEMS } from '../model/limits.ts';
import { joinPointer, splitPointer, toPointer } from '../model/pointer.ts';
import { parseNameText } from '../wire/name.ts';
import { type FilePlace, type Include, readMasterFile } from '../zone/master-file/read-master-file.ts';
import { toZoneDocument, type ZoneFromFile } from '../zone/master-file/zone-document.ts';
import type { Locate, ReadDocument, SyntaxProblem } from './read-document.ts';

type Item = Readonly<Record<string, unknown>>;
type ReadOk = Extract<ReadDocument, { ok: true }>;

const ZONE_FILE_SUFFIX = '.zone';
/** Beside `file` and `folder` a zone may say what no master file can. */
const BESIDE_FILE: ReadonlySet<string> = new Set(['name', 'file', 'dnssec', 'transfers']);

/** `documentFile`: where the document was read from; `-` for standard input, whose paths are relative to the working directory. */
export function readZoneFiles(read: ReadOk, documentFile: string): ReadDocument {
  const { document } = read;
  const zones = isItem(document) ? document['zones'] : undefined;
  if (!isItem(document) || !Array.isArray(zones) || !zones.some(isFromFiles)) return read;
  const base = documentFile === '-' ? '.' : dirname(documentFile);
  const problems: SyntaxProblem[] = [];
  const found: PlacedZone[] = [];
  const incomplete = new Set<number>();
  for (const [index, zone] of Array.from<unknown>(zones).entries()) {
    const source = joinPointer('/zones', index);
    if (!isItem(zone) || !isFromFiles(zone)) {
      found.push({ zone, source, locate: undefined });
      continue;
    }
    const report = (key: string, message: string) => problems.push({ path: joinPointer(source, key), message });
    for (const file of readItem(zone, base, report)) {
      const path = pathFrom(base, file.path);
      const result = readZoneFile(path, file.zone);
      // Of a folder nothing but the file says anything of the zone, its name included.
      const whole = zone['folder'] === undefined ? undefined : { file: path, line: 1, column: 1 };
      if (result.ok) {
        const locate = (pointer: string) => result.locate(pointer) ?? whole;
        found.push({ zone: { ...result.zone, ...pickBeside(zone) }, source, locate });
      } else {
        problems.push(...result.problems.map(({ message, ...position }) => ({ path: '', message, position })));
        incomplete.add(found.length);
        const { zone: part, locate } = result.part ?? { zone: standIn(file.zone), locate: undefined };
        found.push({ zone: { ...part, ...pickBeside(zone) }, source, locate });
      }
    }
  }
  const whole = {
    document: { ...document, zones: found.map(({ zone }) => zone) },
    locate: locateIn(found, read.locate),
  };
  if (problems.length === 0) return { ok: true, ...whole };
  const told = problems.slice(0, MAX_PROBLEMS).map((problem) => placed(problem, read.locate));
  return { ok: false, problems: told, rest: { ...whole, incomplete } };
}

/** A zone of which nothing could be read: services of it still have one. */
function standIn(name: string): Item {
  return { name, soa: { mname: 'ns.invalid.', rname: 'hostmaster.invalid.' }, ns: ['ns.invalid.'] };
}

type PlacedZone = {
  readonly zone: unknown;
  /** Where the document states it. */
  readonly source: string;
  readonly locate: ((pointer: string) => FilePlace | undefined) | undefined;
};

/** A zone from a master file and what it includes, which must lie in the file's folder or below. Problems name the file. */
export function readZoneFile(file: string, zone: string): ZoneFromFile {
  const refuse = (message: string): ZoneFromFile => ({ ok: false, problems: [{ file, line: 1, column: 1, message }] });
  const name = parseNameText(zone);
  if (!(name instanceof Uint8Array)) return refuse(`${name.problem}.`);
  const text = readText(file);
  if (typeof text !== 'string') return refuse(`the file ${text.fault}.`);
  const read = readMasterFile({ file, text, zone: name, include: includeWithin(dirname(file)) });
  if (read.ok) return toZoneDocument(name, read.sets, file);
  const part = toZoneDocument(name, read.sets, file);
  return { ok: false, problems: read.problems, ...(part.ok && { part }) };
}

/** The names of the zone files in a folder, in order; hidden ones are drafts of editors. @throws Error when it cannot be read. */
export function listZoneFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ZONE_FILE_SUFFIX) && !name.startsWith('.'))
    .sort();
}

/** The zone that a file of a folder holds: its name without the suffix. */
export function zoneOfFile(file: string): string {
  return basename(file, ZONE_FILE_SUFFIX);
}

/** `path` as it is meant in a document that lies in `base`. */
function pathFrom(base: string, path: string): string {
  return isAbsolute(path) ? path : join(base, path);
}

function includeWithin(folder: string): Include {
  return (name, from) => {
    const file = resolve(dirname(from), name);
    const isInside = (path: string, root: string) => path.startsWith(root.endsWith(sep) ? root : root + sep);
    if (!isInside(file, resolve(folder))) return { fault: 'lies outside of the folder of the zone: move it there' };
    try {
      // What a link points to counts too.
      if (!isInside(realpathSync(file), realpathSync(folder)))
        return { fault: 'is a link that leads out of the folder of the zone' };
    } catch {
      return { fault: 'is not there' };
    }
    const text = readText(file);
    return typeof text === 'string' ? { file: relative('.', file), text } : text;
  };
}

function readText(file: string): string | { readonly fault: string } {
  try {
    const found = statSync(file);
    // A device such as /dev/zero may have no end.
    if (!found.isFile() && !found.isFIFO()) return { fault: 'is neither a file nor a pipe' };
    if (found.size > MAX_DOCUMENT_LENGTH) return { fault: `has more than ${MAX_DOCUMENT_LENGTH} bytes` };
    return readFileSync(file, 'utf8');
  } catch (error) {
    return { fault: `cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
}

type ZoneFile = { readonly path: string; readonly zone: string };

/** The files that an item of `zones` stands for, relative to the document. */
function readItem(item: Item, base: string, report: (key: string, message: string) => void): readonly ZoneFile[] {
  const { file, folder, name } = item;
  if (folder !== undefined) {
    const others = Object.keys(item).filter((key) => key !== 'folder');
    if (typeof folder !== 'string' || others.length > 0) {
      report('folder', 'write the path of a folder with *.zone files, and nothing beside it.');
      return [];
    }
    return listFolder(folder, base, report);
  }
  for (const key of Object.keys(item)) {
    if (!BESIDE_FILE.has(key)) report(key, `"${key}" is in the zone's file: remove it here, or "file".`);
  }
  if (typeof file !== 'string' || file === '')
    report('file', 'write the path of a master file, such as zones/example.com.zone.');
  if (typeof name !== 'string' || name === '') report('name', 'write the name of the zone that the file holds.');
  return typeof file === 'string' && typeof name === 'string' ? [{ path: file, zone: name }] : [];
}

function listFolder(folder: string, base: string, report: (key: string, message: string) => void): readonly ZoneFile[] {
  try {
    const files = listZoneFiles(pathFrom(base, folder));
    if (files.length === 0) report('folder', `there is no *${ZONE_FILE_SUFFIX} file in ${folder}.`);
    return files.map((name) => ({ path: join(folder, name), zone: zoneOfFile(name) }));
  } catch (error) {
    report('folder', `the folder cannot be read (${error instanceof Error ? error.message : String(error)}).`);
    return [];
  }
}

/** Pointers count the zones as they came out; the document may have stated fewer. */
function locateIn(zones: readonly PlacedZone[], locate: Locate): Locate {
  return (pointer) => {
    const [list, index, ...rest] = splitPointer(pointer);
    const zone = list === 'zones' ? zones[Number(index)] : undefined;
    if (zone === undefined) return locate(pointer);
    const below = toPointer(rest);
    return zone.locate?.(below) ?? locate(`${zone.source}${below}`);
  };
}

function placed(problem: SyntaxProblem, locate: Locate): SyntaxProblem {
  const position = problem.position ?? locate(problem.path);
  return position === undefined ? problem : { ...problem, position };
}

function pickBeside(zone: Item): Item {
  const { dnssec, transfers } = zone;
  return { ...(dnssec !== undefined && { dnssec }), ...(transfers !== undefined && { transfers }) };
}

function isFromFiles(zone: unknown): boolean {
  return isItem(zone) && (zone['file'] !== undefined || zone['folder'] !== undefined);
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
