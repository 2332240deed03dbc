// Answers a question for HTTPS or SVCB at a steered name (RFC 9460): the records that its service states, with hints of the
// addresses that this client would be given (section 7.3), so that it can connect before it has asked for them. For these it
// asks all the same: so hints load nobody, and take away nobody's turn.

import { MAX_ANSWERS, MAX_BINDING_LENGTH } from '../model/limits.ts';
import { bindingSetOf } from '../snapshot/bindings.ts';
import { FAMILY_A, FAMILY_AAAA, NONE } from '../snapshot/snapshot.ts';
import type { RankMap } from '../steering/run-map.ts';
import { STALE_ANSWER } from '../wire/extended-error.ts';
import { KEY_IPV4_HINT, KEY_IPV6_HINT } from '../wire/record-data/hint-places.ts';
import { RCODE_NOERROR } from '../wire/record-types.ts';
import { writeRecord } from '../wire/response.ts';
import { noteExtendedError } from '../wire/response-options.ts';
import { decide } from './decide.ts';
import { REASON_LAST_RESORT, REASON_NO_DATA, REASON_REFUSED } from './decision.ts';
import { type Desk, KIND_HINT_A, KIND_HINT_AAAA } from './desk.ts';
import { rankClient } from './rank-client.ts';
import { NO_ROOM, signAtNeed } from './sign-answer.ts';
import { takeBack } from './take-back.ts';

/** Answers `desk.query` with the records of `service`, of which there are some; returns the rcode. */
export function answerBindings(desk: Desk, service: number): number {
  const { query, response, snapshot, state, ownerOffset, found } = desk;
  const { starts } = snapshot.services.bindings;
  const set = bindingSetOf(service, query.type);
  const first = starts[set] ?? 0;
  const end = starts[set + 1] ?? 0;
  desk.trace?.push({ step: 'service', service });
  findHints(desk, service, first, end);
  const ttlSeconds = state.serviceTtls[service] ?? 0;
  const before = response.at;
  for (let record = first; record < end; record++) {
    const length = composeBinding(desk, record);
    if (!writeRecord(response, ownerOffset, query.type, ttlSeconds, composed, 0, length)) {
      return cutShort(desk, before);
    }
  }
  const longest = snapshot.services.ttlMaxs[service] ?? 0;
  const signatures = signAtNeed(desk, found.image, found.node, query.type, longest, before, ttlSeconds, ownerOffset);
  if (signatures === NO_ROOM) return cutShort(desk, before);
  response.answers += end - first + signatures;
  return RCODE_NOERROR;
}

function cutShort({ response }: Desk, before: number): number {
  takeBack(response, before);
  return RCODE_NOERROR;
}

/** The addresses of both families that are hinted at: memory of this thread, reused. */
const ipv4 = { bytes: new Uint8Array(4 * MAX_ANSWERS), length: 0 };
const ipv6 = { bytes: new Uint8Array(16 * MAX_ANSWERS), length: 0 };
type Hints = typeof ipv4;

/** Room for what is stated, whose octets are never more than its characters and a name, and for all hints with their heads. */
const composed = new Uint8Array(MAX_BINDING_LENGTH + 512);

/** Decides as for A and as for AAAA, if any of the records takes hints: the others are the same for everybody. */
function findHints(desk: Desk, service: number, first: number, end: number): void {
  const { services, rankings } = desk.snapshot;
  ipv4.length = 0;
  ipv6.length = 0;
  let takesHints = false;
  for (let record = first; record < end; record++) {
    if (services.bindings.hintPlaces[2 * record] !== NONE) takesHints = true;
  }
  const rankMap = rankings[services.rankings[service] ?? 0];
  if (!takesHints || rankMap === undefined) return;
  const list = rankClient(desk, rankMap);
  desk.decision.reason = REASON_NO_DATA;
  decideHints(desk, service, rankMap, list, FAMILY_A, KIND_HINT_A, ipv4);
  const { reason } = desk.decision;
  decideHints(desk, service, rankMap, list, FAMILY_AAAA, KIND_HINT_AAAA, ipv6);
  // Why these: as for A, but where there is none.
  if (reason !== REASON_NO_DATA) desk.decision.reason = reason;
  if (desk.state.staleness[0] !== 0) noteExtendedError(desk.response, STALE_ANSWER);
}

function decideHints(
  desk: Desk,
  service: number,
  rankMap: RankMap,
  list: number,
  family: number,
  kind: number,
  hints: Hints,
): void {
  const { decision, snapshot, state } = desk;
  const { endpoints } = snapshot;
  if (((snapshot.services.families[service] ?? 0) & family) === 0) return;
  desk.trace?.push({ step: 'hints', family });
  decision.trace = desk.trace;
  decision.clusterTurns = desk.clusterTurns[kind] ?? decision.clusterTurns;
  decision.endpointTurns = desk.hintTurns;
  decide(decision, snapshot, state, service, rankMap.lists, list, family);
  // A hint is for speed: of what may be down there is none.
  const { reason } = decision;
  if (reason === REASON_LAST_RESORT || reason === REASON_REFUSED || reason === REASON_NO_DATA) {
    desk.trace?.push({ step: 'no-hints' });
    return;
  }
  for (let index = 0; index < decision.endpointCount; index++) {
    const endpoint = decision.endpoints[index] ?? NONE;
    const start = endpoints.dataStarts[endpoint] ?? 0;
    const length = endpoints.dataLengths[endpoint] ?? 0;
    for (let octet = 0; octet < length; octet++) hints.bytes[hints.length++] = endpoints.data[start + octet] ?? 0;
  }
}

/** Puts the record together with its hints; returns its length. */
function composeBinding({ snapshot }: Desk, record: number): number {
  const { data, dataStarts, hintPlaces } = snapshot.services.bindings;
  const start = dataStarts[record] ?? 0;
  const end = dataStarts[record + 1] ?? 0;
  const ipv4Place = hintPlaces[2 * record] ?? NONE;
  const ipv6Place = hintPlaces[2 * record + 1] ?? NONE;
  if (ipv4Place === NONE) return copyPart(0, data, start, end);
  let at = copyPart(0, data, start, ipv4Place);
  at = putHints(at, KEY_IPV4_HINT, ipv4);
  at = copyPart(at, data, ipv4Place, ipv6Place);
  at = putHints(at, KEY_IPV6_HINT, ipv6);
  return copyPart(at, data, ipv6Place, end);
}

/** RFC 9460 section 7.3: an empty list is no value, so that without addresses there is no parameter. */
function putHints(at: number, key: number, { bytes, length }: Hints): number {
  if (length === 0) return at;
  composed[at] = 0;
  composed[at + 1] = key;
  composed[at + 2] = length >>> 8;
  composed[at + 3] = length;
  return copyPart(at + 4, bytes, 0, length);
}

function copyPart(at: number, from: Uint8Array, start: number, end: number): number {
  for (let index = start; index < end; index++) composed[at++] = from[index] ?? 0;
  return at;
}
