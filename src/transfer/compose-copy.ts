// From the records that a primary has sent to the copy of its zone: in presentation form, as all records are stored.

import type { Copy } from '../model/copies.ts';
import { MAX_NAME_SERVERS_PER_ZONE, MAX_RECORD_TTL_SECONDS } from '../model/limits.ts';
import { formatName } from '../wire/name.ts';
import { formatRecordData } from '../wire/record-data.ts';
import {
  formatRecordType,
  TYPE_AFSDB,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_KX,
  TYPE_MX,
  TYPE_NS,
  TYPE_PTR,
  TYPE_RT,
  TYPE_SOA,
  TYPE_SRV,
} from '../wire/record-types.ts';
import { nameInZone } from '../zone/master-file/zone-document.ts';
import type { ReceivedChange, ReceivedRecord } from './received.ts';

/** RRsets by owner, relative to the zone, and type. The SOA is not among them, the name servers of the apex are. */
export type CopyDraft = {
  readonly zone: string;
  soa: ReceivedRecord | undefined;
  readonly sets: Map<string, DraftSet>;
};

/** `data`: by what each record is known by in its set. */
type DraftSet = {
  readonly name: string;
  readonly type: string;
  ttlSeconds: number;
  readonly data: Map<string, string>;
};

/** Data of nothing but names and numbers. A name may come in another case each time: compression takes that of another place. */
const TYPES_OF_NAMES: ReadonlySet<string> = new Set(
  [TYPE_NS, TYPE_CNAME, TYPE_DNAME, TYPE_PTR, TYPE_MX, TYPE_SRV, TYPE_AFSDB, TYPE_RT, TYPE_KX].map(formatRecordType),
);

/** RFC 4343 section 3: names that differ in case only are the same. */
function identify(type: string, data: string): string {
  return TYPES_OF_NAMES.has(type) ? data.toLowerCase() : data;
}

/** Where and when it came; `checkedAtMs` and `obtainedAtMs` are the same for what is new. */
export type CopyFacts = { readonly primary: string; readonly nowMs: number };

const RECORDS_PER_TURN = 2048;

/**
 * `zone`: full name, lower case. The records of a whole zone, its SOA among them. A generator, as the next one is, that gives its
 * caller the processor back every few thousand records: a zone may have a million.
 */
export function* draftCopy(zone: string, records: Iterable<ReceivedRecord>): Generator<void, CopyDraft> {
  const draft: CopyDraft = { zone, soa: undefined, sets: new Map() };
  let count = 0;
  for (const record of records) {
    addRecord(draft, record);
    if (++count % RECORDS_PER_TURN === 0) yield;
  }
  return draft;
}

/** The copy that is held, for changes to be made to it. */
export function* openCopy({ head, records }: Copy): Generator<void, CopyDraft> {
  const sets = new Map<string, DraftSet>();
  const open = (name: string, type: string, ttlSeconds: number, data: readonly string[]): void => {
    sets.set(`${name} ${type}`, {
      name,
      type,
      ttlSeconds,
      data: new Map(data.map((text) => [identify(type, text), text])),
    });
  };
  open('@', 'NS', head.nsTtl, head.ns);
  for (const [index, { name, type, ttl, data }] of records.entries()) {
    // We wrote them, with TTLs in seconds.
    open(name, type, Number(ttl ?? 0), data);
    if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) yield;
  }
  return { zone: head.zone, soa: undefined, sets };
}

/**
 * Makes a change (RFC 1995 section 4). False where it does not fit what is there: what is to be deleted is not there. The whole
 * zone must be fetched then. What is added may be there: NSD says again what did not change at the apex.
 */
export function applyChange(draft: CopyDraft, { soaAfter, deletions, additions }: ReceivedChange): boolean {
  for (const record of deletions) if (!deleteRecord(draft, record)) return false;
  for (const record of additions) addRecord(draft, record);
  draft.soa = soaAfter;
  return true;
}

/** Of records of one set with different TTLs the least counts (RFC 2181 section 5.2). */
function addRecord(draft: CopyDraft, record: ReceivedRecord): void {
  const { owner, type, ttlSeconds } = record;
  if (type === TYPE_SOA) {
    draft.soa = record;
    return;
  }
  const name = nameInZone(formatName(owner), draft.zone);
  const mnemonic = formatRecordType(type);
  const key = `${name} ${mnemonic}`;
  // No resolver keeps anything for longer (RFC 8767 section 4).
  const ttl = Math.min(ttlSeconds, MAX_RECORD_TTL_SECONDS);
  const set = draft.sets.get(key) ?? { name, type: mnemonic, ttlSeconds: ttl, data: new Map() };
  draft.sets.set(key, set);
  set.ttlSeconds = Math.min(set.ttlSeconds, ttl);
  const text = formatRecordData(type, record.data);
  const id = identify(mnemonic, text);
  if (!set.data.has(id)) set.data.set(id, text);
}

/** False: it was not there. */
function deleteRecord(draft: CopyDraft, { owner, type, data }: ReceivedRecord): boolean {
  const mnemonic = formatRecordType(type);
  const key = `${nameInZone(formatName(owner), draft.zone)} ${mnemonic}`;
  const set = draft.sets.get(key);
  if (set === undefined || !set.data.delete(identify(mnemonic, formatRecordData(type, data)))) return false;
  if (set.data.size === 0) draft.sets.delete(key);
  return true;
}

/** The copy, or why there is none: a sentence. */
export function finishCopy({ zone, soa, sets }: CopyDraft, { primary, nowMs }: CopyFacts): Copy | string {
  const servers = sets.get(`@ ${formatRecordType(TYPE_NS)}`);
  if (soa === undefined) return 'the zone came without its SOA';
  if (servers === undefined) return 'the zone came without NS records at its apex';
  // No head with more can be read again, which would cost every node the whole revision.
  if (servers.data.size > MAX_NAME_SERVERS_PER_ZONE)
    return `the zone came with ${servers.data.size} name servers, above ${MAX_NAME_SERVERS_PER_ZONE}`;
  const [mname = '', rname = '', serial, ...timers] = formatRecordData(TYPE_SOA, soa.data).split(' ');
  const [refresh = 0, retry = 0, expire = 0, minimum = 0] = timers.map(Number);
  const others = [...sets.values()].filter((set) => set !== servers);
  const longest = others.reduce((most, { ttlSeconds }) => Math.max(most, ttlSeconds), 0);
  const ttl = Math.min(soa.ttlSeconds, MAX_RECORD_TTL_SECONDS);
  const head = {
    zone,
    serial: Number(serial),
    soa: { mname, rname, refresh, retry, expire, minimum, ttl },
    ns: [...servers.data.values()],
    nsTtl: servers.ttlSeconds,
    longestTtl: Math.max(longest, servers.ttlSeconds, ttl, Math.min(minimum, MAX_RECORD_TTL_SECONDS)),
    primary,
    obtainedAtMs: nowMs,
    checkedAtMs: nowMs,
  };
  const records = others.map(({ name, type, ttlSeconds, data }) => ({
    name,
    type,
    ttl: ttlSeconds,
    data: [...data.values()],
  }));
  return { head, records };
}
