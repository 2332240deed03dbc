// What a zone is to those who copy it: its SOA, and the records of each of its nodes, glue and what a delegation hides among
// them (RFC 5936 section 3.5). The one place that says which records a node has: whatever is answered without standing in
// the image has to be added here.

import { originalTtlOf } from '../dnssec/rrsig.ts';
import type { Sign } from '../dnssec/zone-keys.ts';
import { NONE, type Snapshot } from '../snapshot/snapshot.ts';
import {
  APEX_NODE,
  dataStartOf,
  NODE_WORDS,
  nextNode,
  RRSET_WORDS,
  recordCountOf,
  rrsetCountOf,
  steeredOf,
  ttlOf,
  typeOf,
  wordsOfNodeName,
  type ZoneImage,
} from '../snapshot/zone-image.ts';
import { TYPE_RRSIG, TYPE_SOA } from '../wire/record-types.ts';
import { listLastResort } from './last-resort.ts';
import { SOA_NUMBER_BYTES, serialOfSoa } from './serial.ts';
import { signSet } from './sign-set.ts';
import { listBindings } from './steered-bindings.ts';
import { createTransferRecord, type TransferRecord, type TransferSet } from './transfer-set.ts';

/** One zone of one snapshot: immutable, and good for as long as somebody holds it. */
export type ZoneView = {
  readonly snapshot: Snapshot;
  readonly zone: number;
  readonly image: ZoneImage;
  /** Signs what the image of a signed zone has no signature of; absent where nobody asks for those. */
  readonly sign?: Sign;
};

export function viewZone(snapshot: Snapshot, zone: number, sign?: Sign): ZoneView | undefined {
  const image = snapshot.zones.images[zone];
  return image && { snapshot, zone, image, ...(sign && { sign }) };
}

/** Every RRset at the node but the zone's SOA. */
export function listSets({ snapshot, zone, image, sign }: ZoneView, node: number): readonly TransferSet[] {
  const sets: TransferSet[] = [];
  const first = node + NODE_WORDS + wordsOfNodeName(image, node);
  for (let index = 0; index < rrsetCountOf(image, node); index++) {
    const rrset = first + RRSET_WORDS * index;
    const type = typeOf(image, rrset);
    if (type === TYPE_SOA) continue;
    const start = dataStartOf(image, rrset);
    sets.push({ type, ttlSeconds: ttlOf(image, rrset), data: image.bytes, start, count: recordCountOf(image, rrset) });
  }
  const service = serviceAt(snapshot, zone, image, node);
  // Where that is a CNAME, the configuration has been checked to have nothing else there.
  if (service === NONE) return sets;
  const { owner, ownerStart, ownerLength } = ownerOf(image, node);
  const name = owner.subarray(ownerStart, ownerStart + ownerLength);
  const steered = [...listLastResort(snapshot, service), ...listBindings(snapshot, service)];
  return [...sets, ...steered, ...(sign ? steered.flatMap((set) => signSet(image, name, set, sign)) : [])];
}

function serviceAt({ zones }: Snapshot, zone: number, image: ZoneImage, node: number): number {
  const steered = steeredOf(image, node);
  return steered === NONE ? NONE : (zones.services[(zones.serviceStarts[zone] ?? 0) + steered] ?? NONE);
}

/** What its SOA has as serial. */
export function serialOf({ snapshot, image }: ZoneView): number {
  return image.hasOwnSerial ? serialOfSoa(soaOf({ image }, undefined).data) : snapshot.serial;
}

/** The zone's SOA with this serial, or as it stands in the image: data and TTL. */
export function soaOf({ image }: Pick<ZoneView, 'image'>, serial: number | undefined): TransferSet {
  const start = dataStartOf(image, image.soaRrset);
  const length = ((image.bytes[start] ?? 0) << 8) | (image.bytes[start + 1] ?? 0);
  const data = image.bytes.subarray(start, start + 2 + length);
  const soa = { type: TYPE_SOA, ttlSeconds: ttlOf(image, image.soaRrset), data, start: 0, count: 1 };
  return serial === undefined ? soa : withSerial(soa, serial);
}

/** The SOA with another serial. */
export function withSerial(soa: TransferSet, serial: number): TransferSet {
  const data = new Uint8Array(soa.data);
  new DataView(data.buffer).setUint32(data.length - SOA_NUMBER_BYTES, serial);
  return { ...soa, data };
}

/** Yields one object again and again. */
export function* recordsOfSet(
  set: TransferSet,
  owner: Pick<TransferRecord, 'owner' | 'ownerStart' | 'ownerLength'> = APEX_OWNER,
): Generator<TransferRecord> {
  const record = createTransferRecord();
  record.owner = owner.owner;
  record.ownerStart = owner.ownerStart;
  record.ownerLength = owner.ownerLength;
  record.type = set.type;
  record.ttlSeconds = set.ttlSeconds;
  record.data = set.data;
  let at = set.start;
  for (let index = 0; index < set.count; index++) {
    record.dataStart = at + 2;
    record.dataLength = ((set.data[at] ?? 0) << 8) | (set.data[at + 1] ?? 0);
    if (set.type === TYPE_RRSIG) record.ttlSeconds = originalTtlOf(set.data, record.dataStart);
    yield record;
    at += 2 + record.dataLength;
  }
}

const APEX_NAME = new Uint8Array(0);
const APEX_OWNER = createTransferRecord();

/** Where the name of a node stands. */
export function ownerOf(image: ZoneImage, node: number): Pick<TransferRecord, 'owner' | 'ownerStart' | 'ownerLength'> {
  const ownerLength = (image.words[node] ?? 0) & 0xff;
  return { owner: image.bytes, ownerStart: 4 * (node + NODE_WORDS), ownerLength };
}

/** The whole zone as AXFR has it: the SOA first and last, and nowhere between (RFC 5936 section 2.2). */
export function* recordsOfZone(view: ZoneView): Generator<TransferRecord> {
  const { image } = view;
  const soa = soaOf(view, serialOf(view));
  yield* recordsOfSet(soa);
  if (view.sign) for (const set of signSet(image, APEX_NAME, soa, view.sign)) yield* recordsOfSet(set);
  for (let node = APEX_NODE; node !== NONE; node = nextNode(image, node)) {
    const owner = ownerOf(image, node);
    for (const set of listSets(view, node)) yield* recordsOfSet(set, owner);
  }
  yield* recordsOfSet(soa);
}
