// The configuration as objects: the parts that a store keeps apart, so that changing one thing writes one object. What is
// stored is the document as its author wrote it (`aws:us-east-1` stays that), in one canonical text, so that equal parts
// have equal hashes. Hashing and storing are left to the edge.
//
//   regions, vantages, monitors …    a list each
//   zones/NAME                       a zone; of a large one what is no record, and in how many chunks its records stand
//   records/NAME/00000 …             these chunks, in order
//
// Of a zone that has primaries, what was copied stands in objects of its own: copies.ts.

import { checkShape, compileShape } from './check-shape.ts';
import { type ConfigurationDocument, ConfigurationSchema } from './configuration.ts';
import { type CopyHead, readStoredCopy } from './copies.ts';
import { parseOwner } from './name.ts';
import { isRecord } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Parsed, Problem } from './problem.ts';
import { cutChunks, parseJson, readRecordList, WHOLE_ZONE_RECORDS } from './record-chunks.ts';
import type { ZoneDocument } from './zone.ts';

const LIST_NAMES = ['regions', 'vantages', 'monitors', 'clusters', 'services', 'overrides'] as const;
const ZONE_PREFIX = 'zones/';
const CHUNK_PREFIX = 'records/';

const CONFIGURATION_SHAPE = compileShape(ConfigurationSchema);

/** Object name (`regions`, `zones/gtm.example.com` …) to canonical JSON; zones in their order. Absent lists are absent. */
export function splitObjects(document: ConfigurationDocument): Map<string, string> {
  const objects = new Map<string, string>();
  for (const name of LIST_NAMES) {
    const list = document[name];
    if (list !== undefined) objects.set(name, formatCanonicalJson(list));
  }
  for (const zone of document.zones) splitZone(zone, objects);
  return objects;
}

/** No key of a zone: who does not know of chunks refuses the object, and serves no zone without its records. */
const CHUNK_COUNT_KEY = 'recordChunks';

function splitZone(zone: ZoneDocument, objects: Map<string, string>): void {
  const { records = [], ...head } = zone;
  const name = nameZone(zone.name);
  if (records.length <= WHOLE_ZONE_RECORDS) {
    objects.set(ZONE_PREFIX + name, formatCanonicalJson(zone));
    return;
  }
  const chunks = cutChunks(records);
  objects.set(ZONE_PREFIX + name, formatCanonicalJson({ ...head, [CHUNK_COUNT_KEY]: chunks.length }));
  for (const [index, chunk] of chunks.entries()) objects.set(nameChunk(name, index), formatCanonicalJson(chunk));
}

function nameZone(zone: string): string {
  const name = parseOwner(zone);
  return name.ok ? name.name : zone;
}

/** The object that holds a chunk of the zone's records. Zones may have a slash in their name (RFC 2317), chunks have none. */
function nameChunk(zone: string, index: number): string {
  return `${CHUNK_PREFIX}${zone}/${String(index).padStart(5, '0')}`;
}

/** A document in which the zones lack their records, and where these stand. */
export type Outline = {
  readonly document: Readonly<Record<string, unknown>>;
  /** By the order of the zones. */
  readonly recordObjects: readonly RecordObjects[];
  /** By the names of the zones that have primaries, and of which something was copied. */
  readonly copies: ReadonlyMap<string, CopyHead>;
};

/** Either one object, the zone itself, or the chunks of its records; of a copy, the objects that hold it. */
export type RecordObjects = {
  readonly zoneObject: string;
  readonly chunks: readonly string[];
  readonly isCopied: boolean;
};

/**
 * Reads all objects but chunks of records; of those it says which there must be. Objects that are no part of a
 * configuration (`tokens`) are passed over. Problems, whose paths begin with the name of the object.
 * @param read the value of an object by its name; undefined when that is no JSON. Zones may come without their records.
 */
export function readOutline(names: ReadonlySet<string>, read: (name: string) => unknown): Parsed<Outline> {
  const problems: Problem[] = [];
  const zones: unknown[] = [];
  const recordObjects: RecordObjects[] = [];
  const copies = new Map<string, CopyHead>();
  const document: Record<string, unknown> = { zones };
  for (const name of names) {
    const isZone = isZoneObject(name);
    if (!isZone && !LIST_NAMES.some((list) => list === name)) continue;
    const value = read(name);
    if (value === undefined) problems.push(describeBroken(name));
    else if (isZone) {
      const { [CHUNK_COUNT_KEY]: count, ...zone } = isRecord(value) ? value : {};
      zones.push(isRecord(value) ? zone : value);
      if (zone['primaries'] === undefined) {
        const chunks = nameChunks(name, count, names, problems);
        recordObjects.push({ zoneObject: name, chunks, isCopied: false });
        continue;
      }
      const copy = readStoredCopy(name.slice(ZONE_PREFIX.length), names, read);
      if (copy !== undefined && 'problem' in copy) {
        problems.push({ path: joinPointer('', copy.object), message: copy.problem });
      } else if (copy !== undefined) copies.set(copy.head.zone, copy.head);
      const chunks = copy === undefined || 'problem' in copy ? [] : copy.recordObjects;
      recordObjects.push({ zoneObject: name, chunks, isCopied: true });
    } else document[name] = value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { document, recordObjects, copies } };
}

export function isZoneObject(name: string): boolean {
  return name.startsWith(ZONE_PREFIX);
}

export function isChunkObject(name: string): boolean {
  return name.startsWith(CHUNK_PREFIX);
}

/** What the object of a zone says beside its records; undefined when the text is no JSON. */
export function readZoneHead(text: string): unknown {
  const value = parseJson(text);
  if (!isRecord(value)) return value;
  const { records: _, ...head } = value;
  return head;
}

function nameChunks(
  zoneObject: string,
  count: unknown,
  objects: ReadonlySet<string>,
  problems: Problem[],
): readonly string[] {
  if (count === undefined) return [];
  if (!isChunkCount(count)) {
    const message = `this stored object must have 1 to ${MAX_CHUNKS} chunks of records, not ${JSON.stringify(count)}.`;
    problems.push({ path: joinPointer(joinPointer('', zoneObject), CHUNK_COUNT_KEY), message });
    return [];
  }
  const zone = zoneObject.slice(ZONE_PREFIX.length);
  const names = Array.from({ length: count }, (_, index) => nameChunk(zone, index));
  for (const name of names) {
    if (!objects.has(name)) problems.push({ path: joinPointer('', name), message: 'this stored object is missing.' });
  }
  return names;
}

/** Far more than the largest zone is cut into. */
const MAX_CHUNKS = 100_000;

/** What is no count would otherwise be none: the zone, served without its records. */
function isChunkCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_CHUNKS;
}

/**
 * The document again, zones in the order of the map. Problems, whose paths begin with the name of the object, when a text is
 * no JSON or has not the shape of a configuration.
 */
export function joinObjects(objects: ReadonlyMap<string, string>): Parsed<ConfigurationDocument> {
  const outline = readOutline(new Set(objects.keys()), (name) => parseJson(objects.get(name) ?? ''));
  if (!outline.ok) return outline;
  const { document, recordObjects } = outline.value;
  const problems: Problem[] = [];
  const zones: unknown[] = Array.isArray(document['zones']) ? document['zones'] : [];
  const joined = zones.map((zone, index) => {
    const { chunks = [], isCopied = false } = recordObjects[index] ?? {};
    // What was copied of a zone is no part of what its author wrote.
    if (chunks.length === 0 || isCopied) return zone;
    const records = chunks.flatMap((name) => {
      const list = readRecordList(objects.get(name) ?? '');
      if (list === undefined) problems.push(describeBroken(name));
      return list ?? [];
    });
    return { ...Object(zone), records };
  });
  return problems.length > 0
    ? { ok: false, problems }
    : checkShape(CONFIGURATION_SHAPE, { ...document, zones: joined });
}

function describeBroken(name: string): Problem {
  return { path: joinPointer('', name), message: 'the stored object is no JSON text.' };
}

/** JSON without spaces, the keys of every mapping sorted by UTF-16 units (as in RFC 8785 section 3.2.3). */
export function formatCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
