// Signs ahead of need what is not signed with its zone: the SOA with the serial of this revision, and what each steered name
// is most likely to be answered with, which is one endpoint, or a cluster whole. What the snapshot before had is taken over.
// Nobody waits for more than a share of it: the rest is signed when it is asked for.

import { canonicalData } from '../dnssec/canonical-form.ts';
import { composeRrsig, composeSigned } from '../dnssec/rrsig.ts';
import { addRecord, beginDigest, createSetDigest } from '../dnssec/set-digest.ts';
import {
  createSignatureTable,
  findSignatures,
  PLACE_BYTES,
  placesFor,
  type SignatureTable,
  signatureBytesFor,
  takePlace,
} from '../dnssec/signature-table.ts';
import { SIGNATURE_BYTES, type Sign } from '../dnssec/zone-keys.ts';
import { MAX_ANSWERS } from '../model/limits.ts';
import { createFlatName, readFlatName } from '../wire/flat-name.ts';
import { parseNameText } from '../wire/name.ts';
import { createSuffixHashes, hashSuffixes } from '../wire/name-hash.ts';
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SOA } from '../wire/record-types.ts';
import { sharedInt32, sharedUint8 } from './shared-array.ts';
import { FAMILY_A, FAMILY_AAAA, FAMILY_CNAME, NONE, type Snapshot } from './snapshot.ts';
import { APEX_NODE, dataStartOf, findNode, NODE_WORDS, ttlOf, wireNameOf, type ZoneImage } from './zone-image.ts';

/** A table that holds nothing. */
export const NO_SIGNATURES: SignatureTable = createTable(0);

/** So many are made for one snapshot at most: a fraction of a second. */
const MAX_MADE = 1024;
/** And so many are kept: what is unlikely to be asked for would only take memory. */
const MAX_KEPT = 65_536;

/** A set of records that is likely to be answered: of `node` in `image`. */
type LikelySet = {
  readonly image: ZoneImage;
  readonly node: number;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: readonly Uint8Array[];
};

/** `before`: what the last snapshot had. The same table again where nothing is missing in it and nothing new. */
export function signAhead(snapshot: Omit<Snapshot, 'ahead'>, sign: Sign, before: SignatureTable): SignatureTable {
  const likely = listLikely(snapshot);
  if (likely.length === 0) return NO_SIGNATURES;
  const table = createTable(likely.length);
  let made = 0;
  const digest = createSetDigest();
  for (const set of likely) {
    const { signing, words } = set.image;
    if (signing === undefined) continue;
    const nameWords = (((words[set.node] ?? 0) & 0xff) + 3) >>> 2;
    beginDigest(digest, signing.identity, words, set.node + NODE_WORDS, nameWords, set.type, set.ttlSeconds);
    for (const data of set.data) addRecord(digest, data, 0, data.length);
    const kept = findSignatures(before, digest);
    if (kept < 0 && made >= MAX_MADE) continue;
    const place = takePlace(table, digest);
    if (kept >= 0) table.signatures.set(before.signatures.subarray(kept, kept + PLACE_BYTES), place);
    else {
      writeSignatures(set, sign, table.signatures, place);
      made++;
    }
  }
  return table;
}

/** Twice the places, so that sets of four seldom overflow. */
function createTable(count: number): SignatureTable {
  const places = placesFor(2 * count);
  return createSignatureTable(sharedInt32(2 * places), sharedUint8(signatureBytesFor(places)));
}

function writeSignatures({ image, node, ...set }: LikelySet, sign: Sign, to: Uint8Array, place: number): void {
  const { signing, name } = image;
  const signable = { ...set, owner: wireNameOf(image, node) };
  for (const [index, key] of (signing?.signers ?? []).entries()) {
    const { algorithm, keyTag } = key;
    const times = signing?.times ?? { inception: 0, expiration: 0 };
    const rrsig = composeRrsig(signable, { algorithm, keyTag, ...times }, name);
    to.set(sign(key, composeSigned(signable, rrsig)), place + index * SIGNATURE_BYTES);
  }
}

/** Most likely first. */
function listLikely(snapshot: Omit<Snapshot, 'ahead'>): readonly LikelySet[] {
  const { zones } = snapshot;
  const likely: LikelySet[] = [];
  for (const image of zones.images) {
    if (image.signing !== undefined && !image.hasOwnSerial) likely.push(soaOf(image, snapshot.serial));
  }
  for (let service = 0; service < snapshot.services.ids.length && likely.length < MAX_KEPT; service++) {
    const image = zones.images[snapshot.services.zones[service] ?? NONE];
    if (image?.signing !== undefined) likely.push(...setsOfService(snapshot, service, image));
  }
  return likely.slice(0, MAX_KEPT);
}

function soaOf(image: ZoneImage, serial: number): LikelySet {
  const start = dataStartOf(image, image.soaRrset);
  const length = ((image.bytes[start] ?? 0) << 8) | (image.bytes[start + 1] ?? 0);
  const data = image.bytes.slice(start + 2, start + 2 + length);
  new DataView(data.buffer).setUint32(length - 20, serial);
  return { image, node: APEX_NODE, type: TYPE_SOA, ttlSeconds: ttlOf(image, image.soaRrset), data: [data] };
}

const name = createFlatName();
const hashes = createSuffixHashes();

function setsOfService(snapshot: Omit<Snapshot, 'ahead'>, service: number, image: ZoneImage): readonly LikelySet[] {
  const { services, clusters } = snapshot;
  const wire = parseNameText(`${services.ids[service] ?? ''}.`);
  if (!(wire instanceof Uint8Array)) return [];
  readFlatName(name, wire, 0, wire.length);
  hashSuffixes(name, hashes);
  const node = findNode(image, name, 0, hashes[0] ?? 0);
  if (node === NONE) return [];
  const ttlSeconds = services.ttlMaxs[service] ?? 0;
  const sets: LikelySet[] = [];
  const known = new Set<number>();
  for (let slot = services.clusterStarts[service] ?? 0; slot < (services.clusterStarts[service + 1] ?? 0); slot++) {
    const cluster = services.clusters[slot] ?? NONE;
    const end = clusters.endpointStarts[cluster + 1] ?? 0;
    for (const [family, type] of FAMILY_TYPES) {
      const whole: Uint8Array[] = [];
      for (let endpoint = clusters.endpointStarts[cluster] ?? 0; endpoint < end; endpoint++) {
        if (snapshot.endpoints.families[endpoint] !== family) continue;
        const data = [canonicalData(type, dataOfEndpoint(snapshot, endpoint))];
        whole.push(...data);
        if (!known.has(endpoint)) sets.push({ image, node, type, ttlSeconds, data });
        known.add(endpoint);
      }
      if (whole.length > 1 && whole.length <= MAX_ANSWERS) sets.push({ image, node, type, ttlSeconds, data: whole });
    }
  }
  return sets;
}

const FAMILY_TYPES = [
  [FAMILY_A, TYPE_A],
  [FAMILY_AAAA, TYPE_AAAA],
  [FAMILY_CNAME, TYPE_CNAME],
] as const;

function dataOfEndpoint({ endpoints }: Omit<Snapshot, 'ahead'>, endpoint: number): Uint8Array {
  const start = endpoints.dataStarts[endpoint] ?? 0;
  return endpoints.data.slice(start, start + (endpoints.dataLengths[endpoint] ?? 0));
}
