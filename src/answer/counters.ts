// What happened, counted in shared memory by the thread that answers and read by the one that reports. One writer per set
// of counters; float64 counts exactly to 2^53.

import { sharedFloat64 } from '../snapshot/shared-array.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { parseRecordType } from '../wire/record-types.ts';
import { REASONS } from './decision.ts';

export type Counters = {
  /** [zone][protocol][family][type]; the zone behind the last one stands for "none of ours". */
  readonly requests: Float64Array;
  /** [zone][rcode]. */
  readonly responses: Float64Array;
  /** [position of the cluster among all services' clusters][reason]; refusals and no data are counted at the service's first cluster. */
  readonly answers: Float64Array;
  /** [bucket], and behind the buckets the sum in seconds. */
  readonly durations: Float64Array;
  /** [cause]: messages that got no answer. */
  readonly dropped: Float64Array;
  /** [outcome]: signed queries. */
  readonly signatures: Float64Array;
  /** [outcome]: queries for a transfer. */
  readonly transfers: Float64Array;
  /** [outcome]: NOTIFY that was received. */
  readonly hints: Float64Array;
  /** [protocol][event]: what becomes of connections. */
  readonly connections: Float64Array;
  /** [zone][action]: answers that the rate limit withheld. */
  readonly limited: Float64Array;
  /** [zone][cause]: of the messages without an answer those that were about a zone of ours. */
  readonly silenced: Float64Array;
};

export const PROTOCOLS = ['udp', 'tcp', 'tls', 'https'] as const;
export const FAMILIES = ['4', '6'] as const;
/** Types that are told apart; all others count as `other`. */
export const COUNTED_TYPES = [
  'A',
  'AAAA',
  'CNAME',
  'NS',
  'SOA',
  'MX',
  'TXT',
  'SRV',
  'CAA',
  'HTTPS',
  'PTR',
  'other',
] as const;
export const COUNTED_RCODES = 24;
/** Upper bounds in seconds; the last bucket has none. */
export const DURATION_BUCKETS = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 1e-1] as const;
export const DROP_CAUSES = [
  'malformed',
  'port-zero',
  'overload',
  'oversized',
  'unsent',
  'proxy-header',
  'response',
] as const;
export const DROPPED_MALFORMED = 0;
export const DROPPED_PORT_ZERO = 1;
export const DROPPED_OVERLOAD = 2;
export const DROPPED_OVERSIZED = 3;
export const DROPPED_UNSENT = 4;
/** A datagram of a trusted balancer that does not begin with a PROXY header. */
export const DROPPED_PROXY_HEADER = 5;
export const CONNECTION_EVENTS = ['accepted', 'evicted', 'refused', 'timed-out', 'failed'] as const;
export const CONNECTION_ACCEPTED = 0;
/** The longest idle one made room for a new one. */
export const CONNECTION_EVICTED = 1;
/** Its network had its share of connections. */
export const CONNECTION_REFUSED = 2;
/** It let a deadline pass. */
export const CONNECTION_TIMED_OUT = 3;
/** It did not get as far as its first message: no TLS, or no PROXY header where there must be one. */
export const CONNECTION_FAILED = 4;
export const DROPPED_RESPONSE = 6;
/** See silence.ts. */
export const SILENCE_CAUSES = ['response', 'port-zero'] as const;
export const SILENCED_RESPONSE = 0;
export const SILENCED_PORT_ZERO = 1;

/** What became of an answer that was withheld: nothing; it went out without records, with TC; or as BADCOOKIE. */
export const LIMIT_ACTIONS = ['dropped', 'slipped', 'bad-cookie'] as const;
export const LIMITED_DROPPED = 0;
export const LIMITED_SLIPPED = 1;
export const LIMITED_BAD_COOKIE = 2;

export const SIGNATURE_OUTCOMES = ['verified', 'malformed', 'bad-key', 'bad-signature', 'bad-time'] as const;
/** What a query for a transfer was answered with; `soa`: that nothing has changed, or that a stream is needed. */
export const TRANSFER_OUTCOMES = ['axfr', 'ixfr', 'soa', 'refused', 'overload', 'withheld'] as const;
/** What a NOTIFY was answered with. */
export const HINT_OUTCOMES = ['accepted', 'refused', 'not-authoritative'] as const;
export const HINT_ACCEPTED = 0;
export const HINT_REFUSED = 1;
export const HINT_NOT_AUTHORITATIVE = 2;

const OTHER_TYPE = COUNTED_TYPES.length - 1;
const TYPE_SLOTS = 260;
const typeIndex = new Uint8Array(TYPE_SLOTS).fill(OTHER_TYPE);
for (const [index, type] of COUNTED_TYPES.entries()) {
  const number = parseRecordType(type);
  if (number !== undefined) typeIndex[number] = index;
}

export function createCounters(snapshot: Snapshot): Counters {
  const zones = snapshot.zones.names.length + 1;
  return {
    requests: sharedFloat64(zones * PROTOCOLS.length * FAMILIES.length * COUNTED_TYPES.length),
    responses: sharedFloat64(zones * COUNTED_RCODES),
    answers: sharedFloat64(snapshot.services.clusters.length * REASONS.length),
    durations: sharedFloat64(DURATION_BUCKETS.length + 2),
    dropped: sharedFloat64(DROP_CAUSES.length),
    signatures: sharedFloat64(SIGNATURE_OUTCOMES.length),
    transfers: sharedFloat64(TRANSFER_OUTCOMES.length),
    hints: sharedFloat64(HINT_OUTCOMES.length),
    connections: sharedFloat64(PROTOCOLS.length * CONNECTION_EVENTS.length),
    limited: sharedFloat64(zones * LIMIT_ACTIONS.length),
    silenced: sharedFloat64(zones * SILENCE_CAUSES.length),
  };
}

/** `zone` is the number of zones where none of ours was asked; `protocol` and `family` index the lists above. */
export function countRequest(counters: Counters, zone: number, protocol: number, family: number, type: number): void {
  const kind = type < TYPE_SLOTS ? (typeIndex[type] ?? OTHER_TYPE) : OTHER_TYPE;
  const index = ((zone * PROTOCOLS.length + protocol) * FAMILIES.length + family) * COUNTED_TYPES.length + kind;
  add(counters.requests, index, 1);
}

export function countResponse(counters: Counters, zone: number, rcode: number): void {
  add(counters.responses, zone * COUNTED_RCODES + Math.min(rcode, COUNTED_RCODES - 1), 1);
}

/** `slot`: where the cluster stands among all services' clusters. */
export function countAnswer(counters: Counters, slot: number, reason: number): void {
  add(counters.answers, slot * REASONS.length + reason, 1);
}

export function countDropped(counters: Counters, cause: number, messages: number): void {
  add(counters.dropped, cause, messages);
}

/** `outcome`: index of SIGNATURE_OUTCOMES. */
export function countSignature(counters: Counters, outcome: number): void {
  add(counters.signatures, outcome, 1);
}

/** `outcome`: index of TRANSFER_OUTCOMES. */
export function countTransfer(counters: Counters, outcome: number): void {
  add(counters.transfers, outcome, 1);
}

/** `outcome`: index of HINT_OUTCOMES. */
export function countHint(counters: Counters, outcome: number): void {
  add(counters.hints, outcome, 1);
}

/** `protocol` and `event` index the lists above. */
export function countConnection(counters: Counters, protocol: number, event: number): void {
  add(counters.connections, protocol * CONNECTION_EVENTS.length + event, 1);
}

/** `zone` as in countRequest. */
export function countLimited(counters: Counters, zone: number, action: number): void {
  add(counters.limited, zone * LIMIT_ACTIONS.length + action, 1);
}

/** `zone`: one of ours. */
export function countSilenced(counters: Counters, zone: number, cause: number): void {
  add(counters.silenced, zone * SILENCE_CAUSES.length + cause, 1);
}

/** `seconds` for each of so many messages. */
export function countDuration(counters: Counters, seconds: number, messages: number): void {
  let bucket = 0;
  while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] ?? 0)) bucket++;
  add(counters.durations, bucket, messages);
  add(counters.durations, DURATION_BUCKETS.length + 1, seconds * messages);
}

function add(counts: Float64Array, index: number, amount: number): void {
  counts[index] = (counts[index] ?? 0) + amount;
}
