// Finds what the zones say of a name (RFC 1034 section 4.3.2 step 3): the name itself, the delegation above it, the
// wildcard that stands in for it (RFC 4592), or that there is no such name.

import { findNode, hashSuffixes } from '../snapshot/name-table.ts';
import type { NameTable } from '../snapshot/snapshot.ts';
import { NONE } from '../snapshot/snapshot.ts';
import type { FlatName } from '../wire/flat-name.ts';

/** Where a search ended: one per thread, reused. */
export type Found = {
  kind: FoundKind;
  /** The node whose data counts: of the name, of the wildcard, of the delegation; NONE where there is no such name. */
  node: number;
  /** The zone of the closest encloser. */
  zone: number;
  /** The node of the closest encloser: of the name itself, or of the deepest name above it that exists. */
  encloser: number;
  readonly hashes: Uint32Array;
};

export type FoundKind = number;
/** No zone of ours holds the name. */
export const FOUND_OUTSIDE = 0;
export const FOUND_NAME = 1;
export const FOUND_DELEGATION = 2;
export const FOUND_WILDCARD = 3;
/** The zone is ours, and the name does not exist. */
export const FOUND_NOTHING = 4;

export function findName(names: NameTable, name: FlatName, found: Found): void {
  const { hashes } = found;
  hashSuffixes(name, hashes);
  // From the whole name upwards: the first suffix that exists is the name itself, or its closest encloser.
  let label = 0;
  let node = findNode(names, name, label, hashes[label] ?? 0);
  while (node === NONE && label < name.labelCount) {
    label++;
    node = findNode(names, name, label, hashes[label] ?? 0);
  }
  found.node = NONE;
  found.zone = NONE;
  found.encloser = node;
  found.kind = FOUND_OUTSIDE;
  if (node === NONE) return;

  found.zone = names.zones[node] ?? NONE;
  const cut = names.cuts[node] ?? NONE;
  const wildcard = names.wildcards[node] ?? NONE;
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
