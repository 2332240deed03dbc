// All signatures of signed zones, as a list that a later life of the node can take them over from (dnssec/signature-list.ts).
// In pieces, for a great zone has megabytes of them, and whoever writes them has other things to do in between.

import { canonicalData } from '../dnssec/canonical-form.ts';
import { composeListed, composeListedKey } from '../dnssec/signature-list.ts';
import { SIGNATURE_BYTES, type SigningKey, type ZoneKeys } from '../dnssec/zone-keys.ts';
import { TYPE_RRSIG } from '../wire/record-types.ts';
import { NONE } from '../zone/draft-nodes.ts';
import { APEX_NODE, findRrset, listRecords, nextNode, ttlOf, wireNameOf, type ZoneImage } from './zone-image.ts';

/** `keys`: those that the image was signed with. */
export type SignedImage = { readonly image: ZoneImage; readonly keys: ZoneKeys };

/** Some milliseconds of work. */
const PIECE_BYTES = 128 * 1024;

/** At most `limitBytes` together: zones and names that are beyond are left out. Returns how many entries there are. */
export function* listSignatures(images: Iterable<SignedImage>, limitBytes: number): Generator<Uint8Array, number> {
  let piece: Uint8Array[] = [];
  let pieceBytes = 0;
  let bytes = 0;
  let count = 0;
  for (const entry of listEntries(images)) {
    bytes += entry.length;
    if (bytes > limitBytes) break;
    count++;
    piece.push(entry);
    pieceBytes += entry.length;
    if (pieceBytes < PIECE_BYTES) continue;
    yield joinPiece(piece, pieceBytes);
    piece = [];
    pieceBytes = 0;
  }
  yield joinPiece(piece, pieceBytes);
  return count;
}

function joinPiece(entries: readonly Uint8Array[], length: number): Uint8Array {
  const piece = new Uint8Array(length);
  let at = 0;
  for (const entry of entries) {
    piece.set(entry, at);
    at += entry.length;
  }
  return piece;
}

function* listEntries(images: Iterable<SignedImage>): Generator<Uint8Array> {
  for (const { image, keys } of images) {
    const signers = new Set([...keys.keySigners, ...keys.zoneSigners]);
    for (const key of signers) {
      // Which of two keys with one tag a signature is by is not to be seen.
      if ([...signers].some((other) => other !== key && isAlike(other, key))) continue;
      yield composeListedKey(key.dnskey);
      yield* listEntriesBy(image, key, keys.zoneSigners.includes(key));
    }
  }
}

/** What signs nothing but keys has nothing to do below the apex. */
function* listEntriesBy(image: ZoneImage, key: SigningKey, isZoneSigner: boolean): Generator<Uint8Array> {
  for (let node = APEX_NODE; node !== NONE; node = isZoneSigner ? nextNode(image, node) : NONE) {
    const owner = wireNameOf(image, node);
    for (const rrsig of listRecords(image, findRrset(image, node, TYPE_RRSIG))) {
      if (!isBy(rrsig, key)) continue;
      const type = ((rrsig[0] ?? 0) << 8) | (rrsig[1] ?? 0);
      const rrset = findRrset(image, node, type);
      if (rrset === NONE) continue;
      const data = listRecords(image, rrset).map((record) => canonicalData(type, record));
      yield composeListed({ owner, type, ttlSeconds: ttlOf(image, rrset), data }, rrsig);
    }
  }
}

function isBy(rrsig: Uint8Array, { algorithm, keyTag }: SigningKey): boolean {
  const tag = ((rrsig[16] ?? 0) << 8) | (rrsig[17] ?? 0);
  return rrsig.length > SIGNATURE_BYTES && rrsig[2] === algorithm && tag === keyTag;
}

function isAlike(one: SigningKey, other: SigningKey): boolean {
  return one.algorithm === other.algorithm && one.keyTag === other.keyTag;
}
