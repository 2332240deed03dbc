// Signs the draft of a zone: an RRSIG for each of its sets of records, and the chain of NSEC records that proves what there
// is not. What depends on more than the zone is left out: the SOA, whose serial is the revision's, and steered names, whose
// records depend on who asks; these are signed when they are answered. Serves RFC 4035 section 2.
//
//   signed                          not signed
//   every set of the zone           NS at a delegation, and all below it (glue): the child's to sign (section 2.2)
//   DS and NSEC at a delegation     names that only stand between others, which have no NSEC (section 2.3)

import { canonicalKey } from '../wire/name.ts';
import {
  TYPE_CDNSKEY,
  TYPE_CDS,
  TYPE_DNSKEY,
  TYPE_DS,
  TYPE_NS,
  TYPE_NSEC,
  TYPE_RRSIG,
  TYPE_SOA,
} from '../wire/record-types.ts';
import { APEX, NONE } from '../zone/draft-nodes.ts';
import { dataOf, extendDraft, findCuts, wireNameOfNode, type ZoneDraft } from '../zone/draft-zone.ts';
import { addDistinctToPart, createPartWriter, finishPart, type PartWriter } from '../zone/record-part.ts';
import { canonicalData } from './canonical-form.ts';
import { composeNsec } from './nsec.ts';
import { composeRrsig, composeSigned, type SignableSet } from './rrsig.ts';
import { chooseTimes, dueTime } from './signature-times.ts';
import { SIGNATURE_BYTES, type Sign, type SigningKey, type ZoneKeys } from './zone-keys.ts';

export type SigningOrder = {
  readonly keys: ZoneKeys;
  /** How long a signature is good for. */
  readonly validitySeconds: number;
  readonly nowSeconds: number;
  /** Of NSEC records (RFC 9077: the lesser of the SOA's TTL and its minimum). */
  readonly negativeTtlSeconds: number;
  /** Whether there is to be a chain of NSEC records. */
  readonly hasChain: boolean;
  /** By the zone's steered names: the types that may be answered there beside its records. */
  readonly steeredTypes: readonly (readonly number[])[];
  readonly sign: Sign;
  /** Signatures of the same set by the same keys that are good for long enough still. */
  readonly findKept: (set: SignableSet, signers: readonly SigningKey[]) => KeptSignatures | undefined;
};

/** `dueSeconds`: from when on they must be made anew. */
export type KeptSignatures = { readonly rrsigs: readonly Uint8Array[]; readonly dueSeconds: number };

export type SignedDraft = {
  readonly draft: ZoneDraft;
  /** The nodes that have an NSEC, in canonical order; none without a chain. */
  readonly chain: readonly number[];
  /** From when on the first of the signatures must be made anew. */
  readonly dueSeconds: number;
};

/** In `sources` of a part: made by signing, stated nowhere. */
const SOURCE_SIGNING = -4;
const KEY_TYPES: ReadonlySet<number> = new Set([TYPE_DNSKEY, TYPE_CDS, TYPE_CDNSKEY]);
const CUT_TYPES: ReadonlySet<number> = new Set([TYPE_NS, TYPE_DS]);

/** `draft` without any signatures, with the zone's DNSKEY, CDS and CDNSKEY records. */
export function signDraft(draft: ZoneDraft, order: SigningOrder): SignedDraft {
  const names = listSignedNames(draft);
  const writer = createPartWriter(2 * names.length);
  let due = Number.POSITIVE_INFINITY;
  for (const [index, name] of names.entries()) {
    const types = typesOf(draft, name, order.steeredTypes);
    const rrsigs: Uint8Array[] = [];
    const add = (set: SignableSet): void => {
      const signed = signSet(draft.name, set, order);
      rrsigs.push(...signed.rrsigs);
      due = Math.min(due, signed.dueSeconds);
    };
    for (const set of listSets(draft, name)) add(set);
    if (order.hasChain) {
      const next = names[(index + 1) % names.length] ?? name;
      const nsec = composeNsec(next.wire, [...types, TYPE_RRSIG, TYPE_NSEC]);
      add({ owner: name.wire, type: TYPE_NSEC, ttlSeconds: order.negativeTtlSeconds, data: [nsec] });
      addRecords(draft, writer, name, TYPE_NSEC, order.negativeTtlSeconds, [nsec]);
    }
    if (rrsigs.length > 0) addRecords(draft, writer, name, TYPE_RRSIG, order.negativeTtlSeconds, rrsigs);
  }
  return {
    draft: extendDraft(draft, finishPart(writer, 0)),
    chain: order.hasChain ? names.map(({ node }) => node) : [],
    dueSeconds: due,
  };
}

/** A name of which the zone speaks: its node, whether it is a delegation, its name in wire form. */
type SignedName = { readonly node: number; readonly isCut: boolean; readonly wire: Uint8Array };

/** In canonical order (RFC 4034 section 6.1); the apex, to which all others belong, comes first. */
function listSignedNames(draft: ZoneDraft): readonly SignedName[] {
  const { nodes } = draft;
  const cuts = findCuts(draft);
  const names: { node: number; isCut: boolean; wire: Uint8Array; key: string }[] = [];
  for (let node = APEX; node < nodes.count; node++) {
    const isCut = cuts[node] === node;
    if (!isCut && cuts[node] !== NONE) continue;
    if (nodes.rrsets[node] === NONE && nodes.steered[node] === NONE) continue;
    const wire = wireNameOfNode(draft, node);
    names.push({ node, isCut, wire, key: canonicalKey(wire) });
  }
  return names.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** What an NSEC says that there is at the name, itself and its signature apart. */
function typesOf(
  { nodes, next, records }: ZoneDraft,
  { node, isCut }: SignedName,
  steeredTypes: readonly (readonly number[])[],
): readonly number[] {
  const types: number[] = [...(steeredTypes[nodes.steered[node] ?? NONE] ?? [])];
  for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) {
    const type = records.types[rrset] ?? 0;
    if (!isCut || CUT_TYPES.has(type)) types.push(type);
  }
  return types;
}

/** The sets at a name that are signed ahead. */
function listSets(draft: ZoneDraft, { node, isCut, wire }: SignedName): readonly SignableSet[] {
  const { nodes, next, records } = draft;
  const sets: SignableSet[] = [];
  for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) {
    const type = records.types[rrset] ?? 0;
    if (type === TYPE_SOA || (isCut && type !== TYPE_DS)) continue;
    const data = dataOf(draft, rrset).map((record) => canonicalData(type, record));
    sets.push({ owner: wire, type, ttlSeconds: records.ttls[rrset] ?? 0, data });
  }
  return sets;
}

function signSet(zone: Uint8Array, set: SignableSet, order: SigningOrder): KeptSignatures {
  const { keys, validitySeconds, nowSeconds, sign, findKept } = order;
  const signers = KEY_TYPES.has(set.type) ? keys.keySigners : keys.zoneSigners;
  const kept = findKept(set, signers);
  if (kept !== undefined) return kept;
  const times = chooseTimes(nowSeconds, validitySeconds, spreadOf(set));
  const rrsigs = signers.map((key) => {
    const rrsig = composeRrsig(set, { algorithm: key.algorithm, keyTag: key.keyTag, ...times }, zone);
    rrsig.set(sign(key, composeSigned(set, rrsig)), rrsig.length - SIGNATURE_BYTES);
    return rrsig;
  });
  return { rrsigs, dueSeconds: dueTime(times.expiration, validitySeconds) };
}

/** 32-bit FNV-1a of owner and type: which of the zone's signatures run out first must not depend on chance. */
function spreadOf({ owner, type }: SignableSet): number {
  let hash = 0x811c9dc5;
  for (const octet of owner) hash = Math.imul(hash ^ octet, 0x01000193);
  hash = Math.imul(hash ^ (type >>> 8), 0x01000193);
  hash = Math.imul(hash ^ (type & 255), 0x01000193);
  return hash ^ (hash >>> 15);
}

function addRecords(
  draft: ZoneDraft,
  writer: PartWriter,
  { wire }: SignedName,
  type: number,
  ttlSeconds: number,
  data: readonly Uint8Array[],
): void {
  addDistinctToPart(writer, SOURCE_SIGNING, wire, wire.length - draft.name.length, type, ttlSeconds, data);
}
