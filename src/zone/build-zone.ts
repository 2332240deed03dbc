// Builds a zone from what the configuration states: its SOA, name servers and records become nodes with RRsets in wire form,
// in canonical order, with the empty non-terminals between them and with what a lookup must know of each node. Snapshots are
// flattened from it. Serves RFC 1034 section 4.2, RFC 2181, RFC 4592.

import { MAX_PROBLEMS } from '../model/limits.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { Zone } from '../model/zone.ts';
import { isWildcard, parentKey } from '../wire/name.ts';
import { TYPE_NS } from '../wire/record-types.ts';
import { type DraftNode, draftZone, findRrset, type ZoneDraft } from './draft-zone.ts';
import { judgeZone } from './judge-zone.ts';

export type BuiltRrset = {
  readonly type: number;
  readonly ttlSeconds: number;
  /** Wire form, names uncompressed; no two are the same (RFC 2181 section 5), in the order that was given. */
  readonly data: readonly Uint8Array[];
};

export type BuiltNode = {
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  readonly rrsets: readonly BuiltRrset[];
  readonly isApex: boolean;
  /** A service answers here. */
  readonly isSteered: boolean;
  /** Has NS, is not the apex, and stands below no other delegation. */
  readonly isDelegation: boolean;
  /** Glue, or hidden: never answered from with authority. */
  readonly isBelowDelegation: boolean;
  /** Has nothing of its own, only names below it: NODATA, not NXDOMAIN (RFC 8020). */
  readonly isEmptyNonTerminal: boolean;
  /** A wildcard stands directly below: what is not found below here comes from it (RFC 4592 section 3.3.1). */
  readonly hasWildcardChild: boolean;
};

export type BuiltZone = {
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  /** As in the configuration. */
  readonly nameText: string;
  /** In canonical order (RFC 4034 section 6.1): the apex first. */
  readonly nodes: readonly BuiltNode[];
};

/**
 * Builds `zone` with the given SOA serial. `steeredNames` are the full names of the zone's services: they get nodes even
 * without records. Problems carry JSON pointers relative to the zone, such as `/records/3/data/0`; at most MAX_PROBLEMS.
 */
export function buildZone(zone: Zone, serial: number, steeredNames: readonly string[] = []): Parsed<BuiltZone> {
  const problems: Problem[] = [];
  const draft = draftZone(zone, serial, steeredNames, problems);
  if (draft === undefined) return { ok: false, problems };
  const nodes = [...draft.nodes.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  judgeZone(draft, nodes, problems);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  markNodes(draft, nodes);
  return { ok: true, value: { name: draft.name, nameText: zone.name, nodes } };
}

/** In place: a zone may have a million nodes. In canonical order everything below a name follows it at once. */
function markNodes(draft: ZoneDraft, nodes: readonly DraftNode[]): void {
  let cutKey: string | undefined;
  for (const node of nodes) {
    node.isApex = node.key === draft.key;
    node.isBelowDelegation = cutKey !== undefined && node.key.startsWith(cutKey);
    node.isDelegation = !node.isApex && !node.isBelowDelegation && findRrset(node, TYPE_NS) !== undefined;
    if (node.isDelegation) cutKey = node.key;
    node.isEmptyNonTerminal = node.rrsets.length === 0 && !node.isSteered;
    if (!isWildcard(node.name)) continue;
    const parent = draft.nodes.get(parentKey(node.key));
    if (parent !== undefined) parent.hasWildcardChild = true;
  }
}
