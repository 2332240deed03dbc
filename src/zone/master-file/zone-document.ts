// From a master file to a zone of the configuration: the SOA and the name servers of the apex become its head, the rest its
// records. Problems that are found later, in the configuration, still find their line in the file.

import { isWithin } from '../../model/name.ts';
import { splitPointer } from '../../model/pointer.ts';
import type { RecordDocument, ZoneDocument } from '../../model/zone.ts';
import { canonicalKey, formatName } from '../../wire/name.ts';
import { formatRecordData } from '../../wire/record-data.ts';
import { formatRecordType, TYPE_NS, TYPE_SOA } from '../../wire/record-types.ts';
import type { FilePlace, MasterFileProblem, MasterSet } from './read-master-file.ts';

export type ReadZone = {
  readonly zone: ZoneDocument;
  /** Of the file's SOA. It is not kept: serials are those of revisions. */
  readonly serial: number;
  /** Where the thing at a JSON pointer relative to the zone, such as `/records/3/data/0`, stands; undefined for what no file says. */
  readonly locate: (pointer: string) => FilePlace | undefined;
};

export type ZoneFromFile =
  | ({ readonly ok: true } & ReadZone)
  | {
      readonly ok: false;
      readonly problems: readonly MasterFileProblem[];
      /** Of the lines that could be read, if the head of the zone is among them. */
      readonly part?: ReadZone;
    };

/** `zone` in wire form. `sets` as readMasterFile gives them; `file` is what a missing SOA is missing in. */
export function toZoneDocument(zone: Uint8Array, sets: readonly MasterSet[], file: string): ZoneFromFile {
  const apexKey = canonicalKey(zone);
  const atApex = (type: number) => sets.find((set) => set.type === type && canonicalKey(set.owner) === apexKey);
  const soa = atApex(TYPE_SOA);
  const ns = atApex(TYPE_NS);
  const problems = sets.filter((set) => set.type === TYPE_SOA && set !== soa).map(describeStraySoa);
  const [soaData] = soa?.data ?? [];
  const name = formatName(zone).toLowerCase();
  if (soa === undefined || soaData === undefined) {
    problems.push({
      file,
      line: 1,
      column: 1,
      message: `the zone ${name} has no SOA: write it like @ SOA ns1 hostmaster 1 30m 10m 1w 60.`,
    });
  }
  if (ns === undefined) {
    problems.push({
      file,
      line: 1,
      column: 1,
      message: `the zone ${name} has no NS records: list its name servers as at the parent, @ NS ns1 and so on.`,
    });
  }
  if (soa === undefined || soaData === undefined || ns === undefined || problems.length > 0)
    return { ok: false, problems };

  const [mname = '', rname = '', serial, ...timers] = formatRecordData(TYPE_SOA, soaData).split(' ');
  const [refresh = 0, retry = 0, expire = 0, minimum = 0] = timers.map(Number);
  const others = sets.filter((set) => set !== soa && set !== ns);
  const document = {
    name,
    soa: { mname, rname, refresh, retry, expire, minimum, ttl: soa.ttlSeconds },
    ns: ns.data.map((data) => formatRecordData(TYPE_NS, data)),
    nsTtl: ns.ttlSeconds,
    ...(others.length > 0 && { records: others.map((set) => toRecordDocument(set, name)) }),
  };
  const locate = (pointer: string): FilePlace | undefined => {
    const [part, first, second, third] = splitPointer(pointer);
    if (part === 'soa') return soa.places[0];
    if (part === 'ns' || part === 'nsTtl') return ns.places[Number(first ?? 0)] ?? ns.places[0];
    if (part !== 'records') return undefined;
    const places = others[Number(first)]?.places;
    return places?.[second === 'data' && third !== undefined ? Number(third) : 0];
  };
  return { ok: true, zone: document, serial: Number(serial), locate };
}

function describeStraySoa({ owner, places }: MasterSet): MasterFileProblem {
  const [place = { file: '', line: 1, column: 1 }] = places;
  return { ...place, message: `${formatName(owner)} is not the zone: its SOA belongs into a file of its own.` };
}

function toRecordDocument({ owner, type, ttlSeconds, data }: MasterSet, zone: string): RecordDocument {
  return {
    name: nameInZone(formatName(owner), zone),
    type: formatRecordType(type),
    ttl: ttlSeconds,
    data: data.map((octets) => formatRecordData(type, octets)),
  };
}

/** Relative to the zone, `@` for the zone itself; in full where a relative name would be taken for a full one. */
export function nameInZone(name: string, zone: string): string {
  if (name === zone) return '@';
  if (!isWithin(name, zone)) return `${name}.`;
  const relative = name.slice(0, -zone.length - 1);
  return isWithin(relative, zone) ? `${name}.` : relative;
}
