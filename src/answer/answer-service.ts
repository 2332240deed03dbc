// Answers a steered name: finds where the client is, lets the service decide, writes the endpoints.

import { countHandedOut } from '../load/handed-out.ts';
import { FAMILY_A, FAMILY_AAAA, FAMILY_CNAME, NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { NO_REACHABLE_AUTHORITY, STALE_ANSWER } from '../wire/extended-error.ts';
import {
  RCODE_NOERROR,
  RCODE_REFUSED,
  TYPE_A,
  TYPE_AAAA,
  TYPE_ANY,
  TYPE_CNAME,
  TYPE_NSEC,
  TYPE_RRSIG,
} from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { countAnswer } from './counters.ts';
import { decide } from './decide.ts';
import { REASON_NO_DATA, REASON_REFUSED } from './decision.ts';
import { type Desk, KIND_A, KIND_AAAA, KIND_OTHER } from './desk.ts';
import { type AliasOutcome, addToChain, FOLLOWED, takeTarget } from './follow-alias.ts';
import { rankClient } from './rank-client.ts';
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

/** Answers `desk.query` for `service`; returns the rcode, or FOLLOWED where it answered with an alias whose target comes next. */
export function answerService(desk: Desk, service: number): AliasOutcome {
  const { query, decision, snapshot, state } = desk;
  desk.trace?.push({ step: 'service', service });
  const rankMap = snapshot.rankings[snapshot.services.rankings[service] ?? 0];
  if (rankMap === undefined) return RCODE_REFUSED;
  const list = rankClient(desk, rankMap);

  decision.trace = desk.trace;
  decision.clusterTurns = desk.clusterTurns[kindOf(query.type)] ?? decision.clusterTurns;
  decision.endpointTurns = desk.endpointTurns;
  decide(decision, snapshot, state, service, rankMap.lists, list, familiesFor(query.type));
  if (state.staleness[0] !== 0) desk.response.extendedError = STALE_ANSWER;
  const firstCluster = snapshot.services.clusterStarts[service] ?? 0;
  if (decision.reason === REASON_REFUSED) {
    desk.response.extendedError = NO_REACHABLE_AUTHORITY;
    countAnswer(desk.counters, firstCluster, REASON_REFUSED);
    // What aliases have said so far holds; who goes on from there and asks for this name is refused.
    return desk.chainLength > 0 ? RCODE_NOERROR : RCODE_REFUSED;
  }
  if (decision.reason === REASON_NO_DATA) {
    countAnswer(desk.counters, firstCluster, REASON_NO_DATA);
    desk.negative = true;
    desk.signer.deniedType = query.type;
    return RCODE_NOERROR;
  }
  const isAlias = answersWithAlias(desk);
  // In a ring of aliases this one has been given; the resolver finds that out.
  if (isAlias && !addToChain(desk, CHAIN_SERVICE - service)) return RCODE_NOERROR;
  const recordStart = desk.response.at;
  if (!writeEndpoints(desk, service)) return RCODE_NOERROR;
  countAnswered(desk);
  countAnswer(desk.counters, firstCluster + decision.position, decision.reason);
  return isAlias ? followTarget(desk, recordStart) : RCODE_NOERROR;
}

/** What is in the chain of aliases in place of an RRset: below NONE, so that it is none. */
const CHAIN_SERVICE = NONE - 1;

/** Whether what was decided leads on, to the name that is the answer's; a CNAME stands alone (RFC 1034 section 3.6.2). */
function answersWithAlias({ query, decision, snapshot }: Desk): boolean {
  const family = snapshot.endpoints.families[decision.endpoints[0] ?? NONE];
  return family === FAMILY_CNAME && query.type !== TYPE_CNAME && query.type !== TYPE_ANY;
}

function followTarget(desk: Desk, recordStart: number): AliasOutcome {
  const { dataStarts, dataLengths, data } = desk.snapshot.endpoints;
  const endpoint = desk.decision.endpoints[0] ?? NONE;
  takeTarget(desk, recordStart, data, dataStarts[endpoint] ?? 0, dataLengths[endpoint] ?? 0);
  return FOLLOWED;
}

function familiesFor(type: number): number {
  if (type === TYPE_A) return FAMILY_A | FAMILY_CNAME;
  if (type === TYPE_AAAA) return FAMILY_AAAA | FAMILY_CNAME;
  return FAMILY_CNAME;
}

function kindOf(type: number): number {
  return type === TYPE_A ? KIND_A : type === TYPE_AAAA ? KIND_AAAA : KIND_OTHER;
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
