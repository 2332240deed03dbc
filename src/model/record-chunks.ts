// The records of a large zone in chunks, each an object of its own, so that a change of one record writes, sends and reads
// one chunk. Where a chunk ends is decided by the records themselves (by a hash of their owner and type), not by counting:
// what is put in or taken out moves the ends of its own chunk only, and all others stay the same texts.

/** The items of a list of records, of which nobody has said yet that they are records. */
type Items = readonly unknown[];

/** Zones up to this many records stay in one object. */
export const WHOLE_ZONE_RECORDS = 1_000;
/** One record in so many ends a chunk: a power of two. */
const RECORDS_PER_CHUNK = 1_024;
const MIN_CHUNK_RECORDS = 128;
const MAX_CHUNK_RECORDS = 8_192;

/** The records in their order. */
export function cutChunks(records: Items): Items[] {
  const chunks: Items[] = [];
  let start = 0;
  for (const [index, record] of records.entries()) {
    const length = index + 1 - start;
    if (length < MIN_CHUNK_RECORDS) continue;
    if (length < MAX_CHUNK_RECORDS && hashRecord(record) % RECORDS_PER_CHUNK !== 0) continue;
    chunks.push(records.slice(start, index + 1));
    start = index + 1;
  }
  if (start < records.length) chunks.push(records.slice(start));
  return chunks;
}

/** FNV-1a of what tells records apart, its high bits folded in. */
function hashRecord(record: unknown): number {
  const { name, type } = typeof record === 'object' && record !== null ? Object(record) : {};
  let hash = 0x811c9dc5;
  for (const text of [name, type]) {
    if (typeof text !== 'string') continue;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The records that an object holds, a chunk or a whole zone; undefined when the text is nothing of the kind. */
export function readRecordList(text: string): Items | undefined {
  const value = parseJson(text);
  if (value === undefined) return undefined;
  const list: unknown = Array.isArray(value) ? value : (Object(value)['records'] ?? []);
  return Array.isArray(list) ? list : undefined;
}

/** Undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
