// From the draft of a zone to the image of the same zone signed. What has been signed before, for the image that this one
// takes the place of or in an earlier life of the node, is taken over for as long as it is good: a changed record costs a few
// signatures, not all of them.

import { canonicalData } from '../dnssec/canonical-form.ts';
import { isEqual, keyTagOf } from '../dnssec/dnskey.ts';
import type { SignableSet, SignatureTimes } from '../dnssec/rrsig.ts';
import { type KeptSignatures, type SigningOrder, signDraft } from '../dnssec/sign-draft.ts';
import { findListed, findRanges, type SignatureList } from '../dnssec/signature-list.ts';
import { chooseTimes, dueTime, isGood, readTime } from '../dnssec/signature-times.ts';
import type { Sign, SigningKey, ZoneKeys } from '../dnssec/zone-keys.ts';
import { createFlatName, readFlatName } from '../wire/flat-name.ts';
import { createSuffixHashes, hashSuffixes } from '../wire/name-hash.ts';
import { TYPE_CDNSKEY, TYPE_CDS, TYPE_DNSKEY, TYPE_RRSIG, TYPE_SOA } from '../wire/record-types.ts';
import { APEX, NONE } from '../zone/draft-nodes.ts';
import { dataOf, extendDraft, findDraftRrset, type ZoneDraft } from '../zone/draft-zone.ts';
import { addToPart, createPartWriter, finishPart, type RecordPart } from '../zone/record-part.ts';
import { layOutZone, type Standing } from './lay-out-zone.ts';
import { sharedInt32From } from './shared-array.ts';
import { APEX_NODE, findNode, findRrset, listRecords, ttlOf, type ZoneImage } from './zone-image.ts';
import type { ZoneSigning } from './zone-signing.ts';

export type ZoneSigner = {
  readonly keys: ZoneKeys;
  /** Of DNSKEY, CDS and CDNSKEY. */
  readonly keyTtlSeconds: number;
  readonly validitySeconds: number;
  /** Whether what there is not is proven by a chain of NSEC records, or name by name (RFC 9824). */
  readonly hasChain: boolean;
  readonly nowSeconds: number;
  readonly sign: Sign;
  /** Of an earlier life of the node. */
  readonly listed?: SignatureList | undefined;
  readonly counts?: SignatureCounts | undefined;
};

/** Signatures of zones by where they come from; counted up. */
export type SignatureCounts = {
  made: number;
  /** Taken over from the image before. */
  kept: number;
  /** Taken over from an earlier life of the node. */
  listed: number;
};

export function createSignatureCounts(): SignatureCounts {
  return { made: 0, kept: 0, listed: 0 };
}

/** `steeredTypes`: by the zone's steered names, the types that may be answered there. `before`: the image to take over from. */
export function signZone(
  draft: ZoneDraft,
  signer: ZoneSigner,
  steeredTypes: readonly (readonly number[])[],
  before: ZoneImage | undefined,
  standing?: Standing,
): ZoneImage {
  const { keys, keyTtlSeconds, validitySeconds, nowSeconds, hasChain, sign } = signer;
  const order: SigningOrder = {
    keys,
    validitySeconds,
    nowSeconds,
    hasChain,
    sign,
    steeredTypes,
    negativeTtlSeconds: negativeTtlOf(draft),
    findKept: openFinder(draft.name, signer, before),
  };
  const signed = signDraft(extendDraft(draft, composeKeyPart(keys, keyTtlSeconds)), order);
  const times = renewTimes(signer, before?.signing);
  const dueSeconds = Math.min(signed.dueSeconds, dueTime(times.expiration, validitySeconds));
  const signers = keys.zoneSigners;
  const identity = sharedInt32From(identify(draft.name, signers, times));
  const sinceSeconds = chooseTimes(nowSeconds, validitySeconds, 0).inception;
  const { chain } = signed;
  const signing = { isCompact: !hasChain, chain, signers, times, identity, sinceSeconds, dueSeconds };
  return layOutZone(signed.draft, signing, standing);
}

/** Where signatures are looked for before they are made. */
function openFinder(
  zone: Uint8Array,
  signer: ZoneSigner,
  before: ZoneImage | undefined,
): (set: SignableSet, signers: readonly SigningKey[]) => KeptSignatures | undefined {
  const { keys, listed, counts = createSignatureCounts() } = signer;
  const all = [...keys.keySigners, ...keys.zoneSigners];
  const makers = new Set(before && findMakers(before, all));
  const ranges = listed && findRanges(listed, all);
  return (set, signers) => {
    const kept = before && signers.every((key) => makers.has(key)) ? findKept(before, set, signers, signer) : undefined;
    const found = kept ?? (listed && ranges && findListed(listed, ranges, set, signers, zone, signer));
    counts[kept ? 'kept' : found ? 'listed' : 'made'] += signers.length;
    return found;
  };
}

/** RFC 9077 section 3: an NSEC is remembered no longer than a negative answer. */
function negativeTtlOf(draft: ZoneDraft): number {
  const soa = findDraftRrset(draft, APEX, TYPE_SOA);
  const data = dataOf(draft, soa)[0] ?? new Uint8Array(4);
  const minimum = new DataView(data.buffer, data.byteOffset).getUint32(data.length - 4);
  return Math.min(draft.records.ttls[soa] ?? 0, minimum);
}

function composeKeyPart({ published, cds, cdnskey }: ZoneKeys, ttlSeconds: number): RecordPart {
  const writer = createPartWriter(3);
  const apex = new Uint8Array(0);
  const add = (type: number, data: readonly Uint8Array[]): void => {
    if (data.length > 0) addToPart(writer, NONE, apex, 0, type, ttlSeconds, data);
  };
  add(TYPE_DNSKEY, published);
  add(TYPE_CDS, cds);
  add(TYPE_CDNSKEY, cdnskey);
  return finishPart(writer, 0);
}

/** While they are good for long enough: signatures that answer threads have made stay in use. */
function renewTimes(signer: ZoneSigner, before: ZoneSigning | undefined): SignatureTimes {
  const { nowSeconds, validitySeconds } = signer;
  const isStillGood = before !== undefined && isGood(before.times, validitySeconds, nowSeconds);
  return isStillGood ? before.times : chooseTimes(nowSeconds, validitySeconds, 0);
}

/** Two words of FNV-1a, one over all octets forwards, one backwards. */
function identify(
  zone: Uint8Array,
  signers: readonly SigningKey[],
  { inception, expiration }: SignatureTimes,
): readonly number[] {
  const numbers = new Uint8Array(Uint32Array.of(inception, expiration).buffer);
  const octets = [...zone, ...numbers, ...signers.flatMap(({ dnskey }) => [...dnskey])];
  return [octets, octets.toReversed()].map((list) => {
    let hash = 0x811c9dc5 | 0;
    for (const octet of list) hash = Math.imul(hash ^ octet, 0x01000193);
    return hash;
  });
}

const name = createFlatName();
const hashes = createSuffixHashes();

/** Of these keys, those that an image's signatures with their tags can only be by: another key may have the same one. */
function findMakers(image: ZoneImage, candidates: readonly SigningKey[]): readonly SigningKey[] {
  const known = [
    ...listRecords(image, findRrset(image, APEX_NODE, TYPE_DNSKEY)),
    ...(image.signing?.signers ?? []).map(({ dnskey }) => dnskey),
  ];
  return candidates.filter(({ algorithm, keyTag, dnskey }) => {
    const alike = known.filter((other) => other[3] === algorithm && keyTagOf(other) === keyTag);
    return alike.length > 0 && alike.every((other) => isEqual(other, dnskey));
  });
}

/** The signatures of just this set in an image, if just these keys made them and none is due. */
function findKept(
  image: ZoneImage,
  { owner, type, ttlSeconds, data }: SignableSet,
  signers: readonly SigningKey[],
  { nowSeconds, validitySeconds }: ZoneSigner,
): KeptSignatures | undefined {
  readFlatName(name, owner, 0, owner.length);
  hashSuffixes(name, hashes);
  const node = findNode(image, name, 0, hashes[0] ?? 0);
  const rrset = node === NONE ? NONE : findRrset(image, node, type);
  if (rrset === NONE || ttlOf(image, rrset) !== ttlSeconds || !holds(image, rrset, type, data)) return undefined;
  const rrsigs: Uint8Array[] = [];
  let dueSeconds = Number.POSITIVE_INFINITY;
  for (const rrsig of listRecords(image, findRrset(image, node, TYPE_RRSIG))) {
    const view = new DataView(rrsig.buffer, rrsig.byteOffset, rrsig.byteLength);
    if (view.getUint16(0) !== type || view.getUint32(4) !== ttlSeconds) continue;
    const expiration = readTime(view.getUint32(8), nowSeconds);
    const inception = readTime(view.getUint32(12), nowSeconds);
    if (!isGood({ inception, expiration }, validitySeconds, nowSeconds)) return undefined;
    rrsigs.push(rrsig.slice());
    dueSeconds = Math.min(dueSeconds, dueTime(expiration, validitySeconds));
  }
  const isByThem =
    rrsigs.length === signers.length &&
    signers.every(({ algorithm, keyTag }) => rrsigs.some((rrsig) => isBy(rrsig, algorithm, keyTag)));
  return isByThem ? { rrsigs, dueSeconds } : undefined;
}

function isBy(rrsig: Uint8Array, algorithm: number, keyTag: number): boolean {
  return rrsig[2] === algorithm && (((rrsig[16] ?? 0) << 8) | (rrsig[17] ?? 0)) === keyTag;
}

function holds(image: ZoneImage, rrset: number, type: number, data: readonly Uint8Array[]): boolean {
  const records = listRecords(image, rrset).map((record) => canonicalData(type, record));
  return (
    records.length === data.length &&
    records.every((record, index) => {
      const other = data[index];
      return other?.length === record.length && record.every((octet, at) => octet === other[at]);
    })
  );
}
