// Zones: document to model. Names become full, every default is filled in, equal RRsets are merged. What concerns several
// records, services or zones at once is in check-names.ts.

import type { CopyHead } from './copies.ts';
import { isMadeBySigning, parseDnssec } from './dnssec.ts';
import { MAX_RECORD_TTL_SECONDS, MAX_SOA_SECONDS } from './limits.ts';
import { parseHostInZone, parseMailbox, parseOwner } from './name.ts';
import { checkUnique, type Located, type ParseContext } from './parse-context.ts';
import { parsePrimaries } from './parse-primaries.ts';
import { parseName, parseRecord, parseSeconds } from './parse-record.ts';
import { parseTransfers } from './parse-transfers.ts';
import { joinPointer } from './pointer.ts';
import type { PrimariesDocument } from './primaries.ts';
import type { Report } from './problem-list.ts';
import type { RecordSet, Soa, SoaDocument, Zone, ZoneDocument } from './zone.ts';

/** The zone, where it stands, and each of its records before merging, for further checks. */
export type ParsedZone = Located<Zone> & { readonly records: readonly Located<RecordSet>[] };

/** Undefined when the zone cannot be used; problems may be reported all the same. */
export function parseZone(document: ZoneDocument, path: string, context: ParseContext): ParsedZone | undefined {
  const { report } = context;
  const name = parseName(parseOwner(document.name), document.name, joinPointer(path, 'name'), report);
  if (name === undefined) return undefined;
  if (name.startsWith('*.') || name === '*') {
    report(joinPointer(path, 'name'), 'a zone has no wildcard name: write the name that is delegated to you.');
    return undefined;
  }
  const copied = document.primaries && parseCopied(document, document.primaries, name, path, context);
  const head = copied === undefined ? document : (copied.copy ?? NO_COPY);
  const ns = parseNameServers(head.ns, name, path, report);
  // Of what a primary says, resolvers see no more than the TTL of its SOA, which is cut (RFC 2308 section 5).
  const mostMinimum = copied === undefined ? MAX_RECORD_TTL_SECONDS : MAX_SOA_SECONDS;
  const soa = parseSoa(head.soa ?? {}, name, ns[0] ?? name, mostMinimum, joinPointer(path, 'soa'), report);
  const nsTtlPath = joinPointer(path, 'nsTtl');
  const nsTtlSeconds = parseSeconds(head.nsTtl ?? 3600, MAX_RECORD_TTL_SECONDS, nsTtlPath, report);
  const recordsPath = joinPointer(path, 'records');
  const records = (document.records ?? []).flatMap((record, index) => {
    const at = joinPointer(recordsPath, index);
    const value = parseRecord(record, name, at, context);
    return value === undefined ? [] : [{ path: at, value }];
  });
  const dnssec = parseDnssec(document.dnssec, joinPointer(path, 'dnssec'), report);
  if (document.dnssec?.enabled === true) checkSigned(records, name, report);
  if (soa === undefined || nsTtlSeconds === undefined) return undefined;
  const signing = dnssec === undefined ? {} : { dnssec };
  const copies: Pick<Zone, 'transfers'> =
    document.transfers === undefined
      ? {}
      : { transfers: parseTransfers(document.transfers, joinPointer(path, 'transfers'), report) };
  if (dnssec?.denial === 'compact' && (copies.transfers?.allow.length ?? 0) > 0) {
    const message =
      'other servers cannot make compact denials: set dnssec.denial to nsec, or let nobody copy the zone.';
    report(joinPointer(path, 'transfers'), message);
  }
  const own = { name, soa, ns, nsTtlSeconds, ...signing, ...copies, ...copied?.stated };
  return { path, records, value: { ...own, records: mergeRecords(records, report) } };
}

/** Before anything has been copied. */
const NO_COPY = { soa: {}, ns: [], nsTtl: 0 };
const OF_PRIMARIES = ['soa', 'ns', 'nsTtl', 'records'] as const;

/** A zone that is copied from elsewhere: what there is of it so far. */
function parseCopied(
  document: ZoneDocument,
  primaries: PrimariesDocument,
  zone: string,
  path: string,
  { report, copies }: ParseContext,
): { readonly copy: CopyHead | undefined; readonly stated: Pick<Zone, 'primaries' | 'copy'> } {
  for (const key of OF_PRIMARIES) {
    if (document[key] === undefined) continue;
    report(joinPointer(path, key), `${zone} is copied from its primaries, ${key} with it: take it out, or primaries.`);
  }
  const copy = copies?.get(zone);
  const stated = {
    primaries: parsePrimaries(primaries, joinPointer(path, 'primaries'), report),
    ...(copy && { copy: { serial: copy.serial, isExpired: copy.expired === true } }),
  };
  return { copy, stated };
}

/** In a zone that we sign, keys and what is asked of the parent come from signing (RFC 4035 section 2.1, RFC 7344 section 4). */
function checkSigned(records: readonly Located<RecordSet>[], zone: string, report: Report): void {
  for (const { path, value } of records) {
    if (!isMadeBySigning(value.type)) continue;
    const message = `the zone ${zone} is signed here, and signing makes its ${value.type} records: take this one out, or set dnssec.enabled to false.`;
    report(joinPointer(path, 'type'), message);
  }
}

function parseNameServers(
  ns: readonly string[] | undefined,
  zone: string,
  path: string,
  report: Report,
): readonly string[] {
  if (ns === undefined) {
    const message = `"ns" is missing: list the name servers of the zone, such as ["ns1"], or the primaries that it is copied from.`;
    report(joinPointer(path, 'ns'), message);
    return [];
  }
  const located = ns.flatMap((text, index) => {
    const at = joinPointer(joinPointer(path, 'ns'), index);
    const value = parseName(parseHostInZone(text, zone), text, at, report);
    return value === undefined ? [] : [{ path: at, value }];
  });
  checkUnique(report, located, 'name server');
  return located.map(({ value }) => value);
}

function parseSoa(
  document: SoaDocument,
  zone: string,
  primary: string,
  mostMinimum: number,
  path: string,
  report: Report,
): Soa | undefined {
  const mname =
    document.mname === undefined
      ? primary
      : parseName(parseHostInZone(document.mname, zone), document.mname, joinPointer(path, 'mname'), report);
  const rname =
    document.rname === undefined
      ? nameDefaultMailbox(zone)
      : parseName(parseMailbox(document.rname, zone), document.rname, joinPointer(path, 'rname'), report);
  const seconds = (key: 'refresh' | 'retry' | 'expire' | 'minimum' | 'ttl', byDefault: number, most: number) =>
    parseSeconds(document[key] ?? byDefault, most, joinPointer(path, key), report);
  const refreshSeconds = seconds('refresh', 1_800, MAX_SOA_SECONDS);
  const retrySeconds = seconds('retry', 600, MAX_SOA_SECONDS);
  const expireSeconds = seconds('expire', 604_800, MAX_SOA_SECONDS);
  const minimumSeconds = seconds('minimum', 60, mostMinimum);
  const ttlSeconds = seconds('ttl', 3_600, MAX_RECORD_TTL_SECONDS);
  if (mname === undefined || rname === undefined || refreshSeconds === undefined || retrySeconds === undefined)
    return undefined;
  if (expireSeconds === undefined || minimumSeconds === undefined || ttlSeconds === undefined) return undefined;
  return { mname, rname, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds, ttlSeconds };
}

/** `hostmaster` of the zone (RFC 2142 section 7), or of nobody where the zone's own name leaves no room for that. */
function nameDefaultMailbox(zone: string): string {
  const mailbox = parseOwner(`hostmaster.${zone}`);
  return mailbox.ok ? mailbox.name : zone;
}

/** One RRset for each name and type; all records of an RRset have one TTL (RFC 2181 section 5.2) and differ (5). */
function mergeRecords(records: readonly Located<RecordSet>[], report: Report): readonly RecordSet[] {
  const merged = new Map<string, RecordSet>();
  for (const { path, value } of records) {
    const key = `${value.name} ${value.type}`;
    const first = merged.get(key);
    if (first !== undefined && first.ttlSeconds !== value.ttlSeconds) {
      const message = `${value.name} ${value.type} has the TTL ${first.ttlSeconds} above and ${value.ttlSeconds} here: one name and type has one TTL (RFC 2181 section 5.2).`;
      report(joinPointer(path, 'ttl'), message);
    }
    // Nearly all are alone with their one value: what is there already serves.
    const isAlone = first === undefined && value.data.length === 1;
    merged.set(key, isAlone ? value : { ...value, data: [...new Set([...(first?.data ?? []), ...value.data])] });
  }
  return [...merged.values()];
}
