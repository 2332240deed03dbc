// The revision that a node serves, on its own disk: what it starts from when there is no store. One file, replaced whole;
// a torn or altered one is told by its hashes and never served.
//
//   azimuth-revision 1 <SHA-256 of the manifest's line> LF
//   <manifest, one line of JSON> LF
//   <SHA-256 of the object> <length of its text in bytes> LF <text> LF      for every distinct object

import { join } from 'node:path';
import type { Problem } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import { readWholeFile, replaceFile } from './atomic-file.ts';
import { assembleRevision } from './fetch-revision.ts';
import { hashObject } from './hash-object.ts';
import { composeManifest, parseManifest } from './manifest-text.ts';
import { describeCause } from './store-error.ts';

/** What a file that a node wrote for itself turns out to be. Problems bear the name of the file in their message. */
export type PersistedRead<Value> =
  | { readonly status: 'read'; readonly value: Value }
  | { readonly status: 'absent' }
  | { readonly status: 'damaged'; readonly problems: readonly Problem[] };

export const REVISION_FILE = 'revision';

export const REVISION_FILE_LIMIT_BYTES = 2 ** 31 - 1;

const HEAD = /^azimuth-revision 1 ([0-9a-f]{64})$/;
const OBJECT_HEAD = /^([0-9a-f]{64}) (\d{1,10})$/;
/** Lines other than the manifest's are short: no search for their end goes on for longer. */
const MANIFEST_LINE_LIMIT_BYTES = 64 * 2 ** 20;
const LINE_FEED = 0x0a;

/** Where a process keeps the newest revision that it knows: a file, or what a simulation has in its place. */
export type RevisionDisk = {
  read(): Promise<PersistedRead<Revision>>;
  /** One at a time: await it before the next. Rejects when it could not; what was there before then stands. */
  write(revision: Revision): Promise<void>;
};

export function openRevisionDisk(directory: string): RevisionDisk {
  return {
    read: () => readPersistedRevision(directory),
    write: (revision) => writePersistedRevision(directory, revision),
  };
}

/** One write at a time: await it before the next. @throws errors of the file system; the old file then stands. */
export async function writePersistedRevision(directory: string, revision: Revision): Promise<void> {
  await replaceFile(join(directory, REVISION_FILE), composeFile(revision));
}

/** Verifies everything. Errors of the file system count as damage: whatever they are, there is nothing to start from. */
export async function readPersistedRevision(directory: string): Promise<PersistedRead<Revision>> {
  const path = join(directory, REVISION_FILE);
  try {
    const bytes = await readWholeFile(path, REVISION_FILE_LIMIT_BYTES);
    if (!bytes) return { status: 'absent' };
    return parseFile(path, bytes);
  } catch (cause) {
    return describeDamage(path, describeCause(cause));
  }
}

function* composeFile({ manifest, objects }: Revision): Generator<string | Uint8Array> {
  const line = composeManifest(manifest);
  yield `azimuth-revision 1 ${hashObject(line)}\n${line}\n`;
  for (const hash of new Set(Object.values(manifest.objects))) {
    const text = objects.get(hash);
    if (text === undefined) throw new RangeError(`the revision lacks its object ${hash}`);
    yield `${hash} ${Buffer.byteLength(text)}\n`;
    yield text;
    yield '\n';
  }
}

function parseFile(path: string, bytes: Buffer): PersistedRead<Revision> {
  const head = readLine(bytes, 0);
  const line = head && readLine(bytes, head.end);
  const checksum = HEAD.exec(head?.text ?? '')?.[1];
  if (!line || !checksum) return describeDamage(path, 'it does not begin like a revision');
  const manifest = hashObject(line.text) === checksum ? parseManifest(line.text) : undefined;
  if (!manifest) return describeDamage(path, 'its manifest is damaged');
  const revision = assembleRevision(manifest, new Map(), readObjects(bytes, line.end));
  if (revision.ok) return { status: 'read', value: revision.value };
  const problems = revision.problems.map((problem) => ({ ...problem, message: `${path}: ${problem.message}` }));
  return { status: 'damaged', problems };
}

/** As many objects as there are up to the first that is torn; what is missing then shows against the manifest. */
function readObjects(bytes: Buffer, start: number): ReadonlyMap<string, string> {
  const objects = new Map<string, string>();
  let at = start;
  while (at < bytes.length) {
    const line = readLine(bytes, at);
    const match = OBJECT_HEAD.exec(line?.text ?? '');
    if (!line || !match?.[1]) break;
    const end = line.end + Number(match[2]);
    if (bytes[end] !== LINE_FEED) break;
    objects.set(match[1], bytes.toString('utf8', line.end, end));
    at = end + 1;
  }
  return objects;
}

function readLine(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const found = bytes.subarray(start, start + MANIFEST_LINE_LIMIT_BYTES).indexOf(LINE_FEED);
  if (found < 0) return undefined;
  return { text: bytes.toString('utf8', start, start + found), end: start + found + 1 };
}

function describeDamage(path: string, finding: string): PersistedRead<never> {
  const message = `${path} cannot be used: ${finding}. Delete it; the node fetches the revision from its store.`;
  return { status: 'damaged', problems: [{ path: '/', message }] };
}
