// Answers a steered name: finds where the client is, lets the service decide, writes the endpoints.

import { countHandedOut } from '../load/handed-out.ts';
import { FAMILY_A, FAMILY_AAAA, FAMILY_CNAME, NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { listOf, lookupV4, lookupV6, type RankMap, scopeV4, scopeV6 } from '../steering/run-map.ts';
import {
  RCODE_NOERROR,
  RCODE_REFUSED,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_NSEC,
  TYPE_RRSIG,
} from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { countAnswer } from './counters.ts';
import { decide } from './decide.ts';
import { REASON_NO_DATA, REASON_REFUSED } from './decision.ts';
import type { Desk } from './desk.ts';
import { NO_ROOM, signAtNeed } from './sign-answer.ts';
import { takeBack } from './take-back.ts';

/**
 * Whether any endpoint of the service could answer `type`; if none could, the name's records, or nothing, answer it. Where
 * some clusters have addresses and others a CNAME, that CNAME is no answer to other types: resolvers would take it for one
 * to addresses too (RFC 1034 section 3.6.2), and send everybody there.
 */
export function isSteered(snapshot: Snapshot, service: number, type: number): boolean {
  const families = snapshot.services.families[service] ?? 0;
  // What signing puts beside a CNAME is asked for by its own type (RFC 4035 section 2.5).
  if (type === TYPE_NSEC || type === TYPE_RRSIG) return false;
  if (type !== TYPE_A && type !== TYPE_AAAA) return families === FAMILY_CNAME;
  return (families & familiesFor(type)) !== 0;
}

/** Answers `desk.query` for `service`; returns the rcode. */
export function answerService(desk: Desk, service: number): number {
  const { query, decision, snapshot, state } = desk;
  desk.trace?.push({ step: 'service', service });
  const rankMap = snapshot.rankings[snapshot.services.rankings[service] ?? 0];
  if (rankMap === undefined) return RCODE_REFUSED;
  const list = rankClient(desk, rankMap);

  decision.trace = desk.trace;
  decision.clusterTurns = desk.clusterTurns[kindOf(query.type)] ?? decision.clusterTurns;
  decision.endpointTurns = desk.endpointTurns;
  decide(decision, snapshot, state, service, rankMap.lists, list, familiesFor(query.type));
  const firstCluster = snapshot.services.clusterStarts[service] ?? 0;
  if (decision.reason === REASON_REFUSED) {
    countAnswer(desk.counters, firstCluster, REASON_REFUSED);
    return RCODE_REFUSED;
  }
  if (decision.reason === REASON_NO_DATA) {
    countAnswer(desk.counters, firstCluster, REASON_NO_DATA);
    desk.negative = true;
    desk.signer.deniedType = query.type;
    return RCODE_NOERROR;
  }
  if (writeEndpoints(desk, service)) {
    countAnswered(desk);
    countAnswer(desk.counters, firstCluster + decision.position, decision.reason);
  }
  return RCODE_NOERROR;
}

function familiesFor(type: number): number {
  if (type === TYPE_A) return FAMILY_A | FAMILY_CNAME;
  if (type === TYPE_AAAA) return FAMILY_AAAA | FAMILY_CNAME;
  return FAMILY_CNAME;
}

/**
 * The preference list of the client: by the subnet on whose behalf the resolver asks, or where there is none (or one of
 * length 0: the client does not want to be located, RFC 7871 section 7.1.2) by the resolver's own address, for which no
 * scope is said.
 */
function rankClient(desk: Desk, rankMap: RankMap): number {
  const { subnet } = desk.query;
  const located = subnet.present && subnet.sourceLength > 0;
  const words = located ? subnet.words : desk.client.words;
  const isV4 = located ? subnet.family === 1 : desk.client.family === 4;
  const high = words[0] ?? 0;
  const low = words[1] ?? 0;
  const table = isV4 ? rankMap.v4 : rankMap.v6;
  const run = isV4 ? lookupV4(rankMap.v4, high) : lookupV6(rankMap.v6, high, low);
  const list = listOf(table, run);
  if (located) desk.scope = isV4 ? scopeV4(rankMap.v4, run, high) : scopeV6(rankMap.v6, run, high, low);
  desk.trace?.push({ step: 'client', from: located ? 'subnet' : 'source', list, scope: desk.scope });
  return list;
}

/** Index of `desk.clusterTurns`. */
function kindOf(type: number): number {
  return type === TYPE_A ? 0 : type === TYPE_AAAA ? 1 : 2;
}

function writeEndpoints(desk: Desk, service: number): boolean {
  const { response, decision, snapshot, state, ownerOffset, found } = desk;
  const { families, dataStarts, dataLengths, data } = snapshot.endpoints;
  const ttlSeconds = state.serviceTtls[service] ?? 0;
  const before = response.at;
  let type = TYPE_A;
  for (let index = 0; index < decision.endpointCount; index++) {
    const endpoint = decision.endpoints[index] ?? NONE;
    const family = families[endpoint] ?? 0;
    type = family === FAMILY_A ? TYPE_A : family === FAMILY_AAAA ? TYPE_AAAA : TYPE_CNAME;
    const start = dataStarts[endpoint] ?? 0;
    if (!writeRecord(response, ownerOffset, type, ttlSeconds, data, start, dataLengths[endpoint] ?? 0)) {
      return takeBack(response, before);
    }
  }
  const longest = snapshot.services.ttlMaxs[service] ?? 0;
  const signatures = signAtNeed(desk, found.image, found.node, type, longest, before, ttlSeconds, ownerOffset);
  if (signatures === NO_ROOM) return takeBack(response, before);
  response.answers += decision.endpointCount + signatures;
  return true;
}

/** What was handed out counts as load until the next report says what came of it. */
function countAnswered({ decision, snapshot, state, thread }: Desk): void {
  const share = 1 / decision.endpointCount;
  for (let index = 0; index < decision.endpointCount; index++) {
    const endpoint = decision.endpoints[index] ?? NONE;
    const cluster = snapshot.endpoints.clusters[endpoint] ?? NONE;
    countHandedOut(state.endpointLoads, thread, endpoint, share);
    countHandedOut(state.clusterLoads, thread, cluster, share);
  }
}
