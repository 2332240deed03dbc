// Where the client of a query is, and whom it therefore prefers.

import { listOf, lookupV4, lookupV6, type RankMap, scopeV4, scopeV6 } from '../steering/run-map.ts';
import type { Desk } from './desk.ts';

/**
 * The preference list of the client: by the subnet on whose behalf the resolver asks, or where there is none (or one of
 * length 0: the client does not want to be located, RFC 7871 section 7.1.2) by the resolver's own address, for which no
 * scope is said.
 */
export function rankClient(desk: Desk, rankMap: RankMap): number {
  const { subnet } = desk.query;
  const located = subnet.present && subnet.sourceLength > 0;
  const words = located ? subnet.words : desk.client.words;
  const isV4 = located ? subnet.family === 1 : desk.client.family === 4;
  const high = words[0] ?? 0;
  const low = words[1] ?? 0;
  const table = isV4 ? rankMap.v4 : rankMap.v6;
  const run = isV4 ? lookupV4(rankMap.v4, high) : lookupV6(rankMap.v6, high, low);
  const list = listOf(table, run);
  // An answer to which several services add their part holds only where each of them does.
  if (located) {
    desk.scope = Math.max(desk.scope, isV4 ? scopeV4(rankMap.v4, run, high) : scopeV6(rankMap.v6, run, high, low));
  }
  desk.trace?.push({ step: 'client', from: located ? 'subnet' : 'source', list, scope: desk.scope });
  return list;
}
