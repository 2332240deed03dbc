// The signing of a zone that was signed elsewhere: all signatures stand among its records, and so does the chain of NSEC records;
// nothing is signed here.

import { canonicalKey } from '../wire/name.ts';
import { TYPE_NSEC, TYPE_RRSIG } from '../wire/record-types.ts';
import { APEX, NONE } from '../zone/draft-nodes.ts';
import { findDraftRrset, wireNameOfNode, type ZoneDraft } from '../zone/draft-zone.ts';
import type { DraftSigning } from './lay-out-zone.ts';
import { sharedInt32 } from './shared-array.ts';

/** Undefined where the zone has no signatures, or no chain to deny with. */
export function findSigning(draft: ZoneDraft): DraftSigning | undefined {
  const isSigned = findDraftRrset(draft, APEX, TYPE_RRSIG) !== NONE && findDraftRrset(draft, APEX, TYPE_NSEC) !== NONE;
  if (!isSigned) return undefined;
  return {
    isCompact: false,
    chain: listChain(draft),
    signers: [],
    times: { inception: 0, expiration: 0 },
    identity: sharedInt32(2),
    // Whoever signed it sees to it that it does not run out.
    sinceSeconds: Number.NEGATIVE_INFINITY,
    dueSeconds: Number.POSITIVE_INFINITY,
  };
}

/** The nodes that have an NSEC, in canonical order (RFC 4034 section 6.1). */
function listChain(draft: ZoneDraft): readonly number[] {
  const names: { readonly node: number; readonly key: string }[] = [];
  for (let node = APEX; node < draft.nodes.count; node++) {
    if (findDraftRrset(draft, node, TYPE_NSEC) === NONE) continue;
    names.push({ node, key: canonicalKey(wireNameOfNode(draft, node)) });
  }
  return names.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ node }) => node);
}
