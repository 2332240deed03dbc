// Finds a node's RRset by its type: nodes have few, so they are looked through.

import { type NameTable, NONE, type RrsetTable } from './snapshot.ts';

/** The RRset of `type` at `node`, or NONE. */
export function findRrset(names: NameTable, rrsets: RrsetTable, node: number, type: number): number {
  const end = names.rrsetStarts[node + 1] ?? 0;
  for (let rrset = names.rrsetStarts[node] ?? 0; rrset < end; rrset++) {
    if (rrsets.types[rrset] === type) return rrset;
  }
  return NONE;
}
