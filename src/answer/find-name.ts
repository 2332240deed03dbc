// Finds what the zones say of a name (RFC 1034 section 4.3.2 step 3): the name itself, the delegation above it, the
// wildcard that stands in for it (RFC 4592), or that there is no such name.

import { findApex } from '../snapshot/find-zone.ts';
import { NONE, type ZoneTable } from '../snapshot/snapshot.ts';
import {
  APEX_NODE,
  cutOf,
  EMPTY_IMAGE,
  findNode,
  labelCountOf,
  steeredOf,
  wildcardOf,
  type ZoneImage,
} from '../snapshot/zone-image.ts';
import type { FlatName } from '../wire/flat-name.ts';
import { createSuffixHashes, hashSuffixes } from '../wire/name-hash.ts';
import { TYPE_CDNSKEY, TYPE_CDS, TYPE_DNSKEY, TYPE_DS } from '../wire/record-types.ts';

/** Where a search ended: one per thread, reused. */
export type Found = {
  kind: FoundKind;
  /** The node whose data counts: of the name, of the wildcard, of the delegation; NONE where there is no such name. */
  node: number;
  /** The deepest zone above the name, or NONE. */
  zone: number;
  /** That zone's image: what the nodes are nodes of. */
  image: ZoneImage;
  /** The node of the closest encloser: of the name itself, or of the deepest name above it that exists. */
  encloser: number;
  readonly hashes: Int32Array;
};

export type FoundKind = number;
/** No zone of ours holds the name. */
export const FOUND_OUTSIDE = 0;
export const FOUND_NAME = 1;
export const FOUND_DELEGATION = 2;
export const FOUND_WILDCARD = 3;
/** The zone is ours, and the name does not exist. */
export const FOUND_NOTHING = 4;

export function createFound(): Found {
  return {
    kind: FOUND_OUTSIDE,
    node: NONE,
    zone: NONE,
    image: EMPTY_IMAGE,
    encloser: NONE,
    hashes: createSuffixHashes(),
  };
}

/**
 * Finds where a question of this type about the name is answered. RFC 4035 section 3.1.4.1: DS is the one type of which the
 * parent side of a cut speaks with authority, so that there a cut is a name like any other.
 */
export function findQuestion(zones: ZoneTable, name: FlatName, type: number, found: Found): void {
  findName(zones, name, found);
  if (type !== TYPE_DS) return;
  if (found.node === APEX_NODE) findParent(zones, name, found);
  if (isCutAt(found, name)) found.kind = FOUND_NAME;
}

/** What the zone above an apex of ours says, whether or not it delegates it; what the zone itself does where none of ours is above. */
function findParent(zones: ZoneTable, name: FlatName, found: Found): void {
  findName(zones, name, found, 1);
  if (found.zone === NONE) findName(zones, name, found);
}

function isCutAt({ kind, image, node }: Found, name: FlatName): boolean {
  return kind === FOUND_DELEGATION && labelCountOf(image, node) === name.labelCount;
}

/** The keys of a zone that is signed here: ours, and without them nobody could validate what its services answer. */
export function isKeySet({ image, node }: Found, type: number): boolean {
  const isOfKeys = type === TYPE_DNSKEY || type === TYPE_CDS || type === TYPE_CDNSKEY;
  return isOfKeys && node === APEX_NODE && image.signing !== undefined && !image.hasOwnSerial;
}

/** Whether what was found belongs to a zone whose content is not known (any more): all but its steered names do. */
export function isWithheld(found: Found, type: number): boolean {
  const { image, kind, node } = found;
  if (!image.isWithheld || isKeySet(found, type)) return false;
  return (kind !== FOUND_NAME && kind !== FOUND_WILDCARD) || steeredOf(image, node) === NONE;
}

/** `firstApex`: the first label of the name at which its zone may begin: 1 leaves out the zone that the name itself is the apex of. */
export function findName(zones: ZoneTable, name: FlatName, found: Found, firstApex = 0): void {
  const { hashes } = found;
  hashSuffixes(name, hashes);
  const zone = findZone(zones, name, hashes, firstApex);
  const image = zones.images[zone] ?? EMPTY_IMAGE;
  found.kind = FOUND_OUTSIDE;
  found.node = NONE;
  found.zone = zone;
  found.image = image;
  found.encloser = NONE;
  if (zone === NONE) return;

  // From the whole name upwards, though not from below where the zone's deepest names are: the first suffix that exists is
  // the name itself, or its closest encloser. The apex ends the search at the latest.
  let label = Math.max(0, name.labelCount - image.labelCount - image.depth);
  let node = findNode(image, name, label, hashes[label] ?? 0);
  while (node === NONE && label < name.labelCount) {
    label++;
    node = findNode(image, name, label, hashes[label] ?? 0);
  }
  found.encloser = node;
  const cut = cutOf(image, node);
  const wildcard = wildcardOf(image, node);
  if (cut !== NONE) {
    found.kind = FOUND_DELEGATION;
    found.node = cut;
  } else if (label === 0) {
    found.kind = FOUND_NAME;
    found.node = node;
  } else if (wildcard !== NONE) {
    found.kind = FOUND_WILDCARD;
    found.node = wildcard;
  } else {
    found.kind = FOUND_NOTHING;
  }
}

/** The deepest zone above the name, or NONE. */
function findZone(zones: ZoneTable, name: FlatName, hashes: Int32Array, firstApex: number): number {
  for (let label = Math.max(firstApex, name.labelCount - zones.deepestApex); label <= name.labelCount; label++) {
    const zone = findApex(zones, name, label, hashes[label] ?? 0);
    if (zone !== NONE) return zone;
  }
  return NONE;
}
