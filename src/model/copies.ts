// Copies of zones that have primaries, as they are stored: objects of the revision beside the configuration, which says
// from where a zone is copied, and never what came. So a configuration that is applied again leaves copies as they are.
//
//   copies/NAME           the head: serial, SOA, name servers, when and from where; the records of a small zone
//   copied/NAME/00000 …   the records of a large one in chunks, as record-chunks.ts cuts them

import { type Static, Type } from 'typebox';
import { compileShape } from './check-shape.ts';
import { MAX_NAME_SERVERS_PER_ZONE } from './limits.ts';
import { cutChunks, parseJson, readRecordList, WHOLE_ZONE_RECORDS } from './record-chunks.ts';
import { type RecordDocument, SoaSchema } from './zone.ts';

const SERIAL = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
const MOMENT = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const CopyHeadSchema = Type.Object({
  /** Full name of the zone, lower case. */
  zone: Type.String(),
  serial: SERIAL,
  soa: SoaSchema,
  ns: Type.Array(Type.String(), { minItems: 1, maxItems: MAX_NAME_SERVERS_PER_ZONE }),
  nsTtl: Type.Integer({ minimum: 0, maximum: 0x7fff_ffff }),
  /** Seconds: no record may stand in a cache for longer. */
  longestTtl: Type.Integer({ minimum: 0, maximum: 0x7fff_ffff }),
  /** Which primary it came from, as people read it. */
  primary: Type.String(),
  /** Wall clock, milliseconds since 1970: when this serial came, and when a primary was last known to have no newer one. */
  obtainedAtMs: MOMENT,
  checkedAtMs: MOMENT,
  expired: Type.Optional(Type.Literal(true)),
  /** Where the records are not in the head. */
  recordChunks: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
});
const HEAD_SHAPE = compileShape(CopyHeadSchema);

/** What a copy says beside its records. */
export type CopyHead = Omit<Static<typeof CopyHeadSchema>, 'recordChunks'>;
export type Copy = { readonly head: CopyHead; readonly records: readonly RecordDocument[] };

const HEAD_PREFIX = 'copies/';
const CHUNK_PREFIX = 'copied/';

export function isCopyHeadObject(name: string): boolean {
  return name.startsWith(HEAD_PREFIX);
}

export function isCopyChunkObject(name: string): boolean {
  return name.startsWith(CHUNK_PREFIX);
}

/** The zone that an object of a copy is of; undefined for any other object. Zones may have a slash in their name (RFC 2317). */
export function zoneOfCopyObject(name: string): string | undefined {
  if (isCopyHeadObject(name)) return name.slice(HEAD_PREFIX.length);
  return isCopyChunkObject(name) ? name.slice(CHUNK_PREFIX.length, name.lastIndexOf('/')) : undefined;
}

/** By the names of their objects, the texts of a copy. */
export function splitCopy({ head, records }: Copy, format: (value: unknown) => string): Map<string, string> {
  const { zone } = head;
  if (records.length <= WHOLE_ZONE_RECORDS) {
    return new Map([[HEAD_PREFIX + zone, format({ ...head, records })]]);
  }
  const chunks = cutChunks(records);
  const texts = new Map([[HEAD_PREFIX + zone, format({ ...head, recordChunks: chunks.length })]]);
  for (const [index, chunk] of chunks.entries()) texts.set(nameChunk(zone, index), format(chunk));
  return texts;
}

function nameChunk(zone: string, index: number): string {
  return `${CHUNK_PREFIX}${zone}/${String(index).padStart(5, '0')}`;
}

/** A head, and the objects that hold the records: either chunks, or the head's own. */
export type StoredCopy = { readonly head: CopyHead; readonly recordObjects: readonly string[] };

/** Undefined where the zone has no copy. What is broken is told by its object and in words. */
export function readStoredCopy(
  zone: string,
  names: ReadonlySet<string>,
  read: (name: string) => unknown,
): StoredCopy | { readonly object: string; readonly problem: string } | undefined {
  const object = HEAD_PREFIX + zone;
  if (!names.has(object)) return undefined;
  const value = read(object);
  const { records: _, ...stated }: Readonly<Record<string, unknown>> = Object(value);
  if (!HEAD_SHAPE.accepts(stated) || stated.zone !== zone) {
    return { object, problem: 'this stored copy of a zone cannot be read.' };
  }
  const { recordChunks, ...head } = stated;
  if (recordChunks === undefined) return { head, recordObjects: [object] };
  const recordObjects = Array.from({ length: recordChunks }, (_, index) => nameChunk(zone, index));
  const missing = recordObjects.find((name) => !names.has(name));
  return missing === undefined
    ? { head, recordObjects }
    : { object: missing, problem: 'this stored object is missing.' };
}

/** All copies among these texts; those that cannot be read are left out, as if they had yet to be made. */
export function readCopies(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Copy> {
  const names = new Set(texts.keys());
  const copies = new Map<string, Copy>();
  for (const name of names) {
    const zone = isCopyHeadObject(name) ? zoneOfCopyObject(name) : undefined;
    if (zone === undefined) continue;
    const stored = readStoredCopy(zone, names, (object) => parseJson(texts.get(object) ?? ''));
    if (stored === undefined || 'problem' in stored) continue;
    const lists = stored.recordObjects.map((object) => readRecordList(texts.get(object) ?? ''));
    if (lists.every((list) => list !== undefined)) {
      copies.set(zone, { head: stored.head, records: lists.flat() as readonly RecordDocument[] });
    }
  }
  return copies;
}
