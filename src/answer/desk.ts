// A desk: what one answer thread works with. Made once per thread; adopting another snapshot changes what it points at.

import type { Sign } from '../dnssec/zone-keys.ts';
import { createTurns, type Turns } from '../load/turns.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { NONE } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import type { Transfer } from '../transfer/compose-transfer.ts';
import { createJournal, type Journal } from '../transfer/journal.ts';
import { createFlatName, type FlatName, MAX_NAME_BYTES } from '../wire/flat-name.ts';
import { createQuery, type Query } from '../wire/query.ts';
import { createResponse, QUESTION_OFFSET, type Response } from '../wire/response.ts';
import type { TsigSigner } from '../wire/tsig-sign.ts';
import { type Conduct, PLAIN_CONDUCT } from './conduct.ts';
import { type Counters, createCounters } from './counters.ts';
import { createDecision, type Decision } from './decision.ts';
import { createDenialBlocks, type DenialBlocks } from './denial-blocks.ts';
import { createFound, type Found } from './find-name.ts';
import type { HintDesk } from './hint-desk.ts';
import { createRateLimiter, RATE_PASS, type RateLimiter, type RateVerdict } from './rate-limit.ts';
import { createSigner, type Signer } from './signer.ts';
import type { Trace } from './trace.ts';
import { NO_TSIG, type TsigDesk } from './tsig-desk.ts';

export type Desk = {
  snapshot: Snapshot;
  state: State;
  counters: Counters;
  /** Which answer thread this is: where in the state it counts. */
  readonly thread: number;
  readonly conduct: Conduct;
  /** Since 1970, whole; read by whoever receives, once for all that came together. */
  nowSeconds: number;
  /** Undefined: answers are not limited. */
  readonly limiter: RateLimiter | undefined;
  readonly query: Query;
  readonly response: Response;
  readonly found: Found;
  readonly decision: Decision;
  readonly client: Client;
  /** The name that is being answered: the question's, or the target of a CNAME that led from it. */
  owner: FlatName;
  /** Where that name stands in the message, counted from its start. */
  ownerOffset: number;
  /** Memory for the targets of CNAMEs. */
  readonly target: FlatName;
  /** Memory for the targets that a DNAME makes. */
  readonly synthesized: Uint8Array;
  /** The aliases that have been followed, `chainLength` of them, CHAIN_WORDS each: RRset, zone, hash of the name. */
  readonly chain: Int32Array;
  chainLength: number;
  /** The zone of the question, wherever its aliases lead; NONE where it is none of ours. */
  zone: number;
  /** By kind of question (A, AAAA, others, hints of each family), for a client asks one after the other: see Decision. */
  clusterTurns: readonly Turns[];
  /** An endpoint has one family, so that its kind is its own; but for hints, which nobody takes turns away for. */
  endpointTurns: Turns;
  hintTurns: Turns;
  /** The widest prefix over which the answer holds: what the EDNS client subnet option carries back. */
  scope: number;
  /** Whether the SOA must say that there is nothing (more) to be had. */
  negative: boolean;
  authoritative: boolean;
  /** Whether the client has proved, by a server cookie of ours, that it is where its query says. */
  hasValidCookie: boolean;
  /** What the rate limit says of this answer: RATE_OPEN until it is asked, RATE_PASS where it is not to be. */
  rateVerdict: RateVerdict;
  /** What the question's name counts as where answers are limited, and its zone: see limit-answer.ts. */
  imputedName: number;
  imputedZone: number;
  /** Keys for TSIG, replaced as a whole when they change. */
  tsig: TsigDesk;
  /** While a query is answered whose signature is right: what signs the answer, with its key. */
  tsigSigner: TsigSigner | undefined;
  /** The query that was answered last is answered by this, rather than by what was composed. */
  transfer: Transfer | undefined;
  /** Of each transfer that has begun and has not been closed, whose it is: see client-prefix.ts. */
  readonly transferClients: string[];
  /** What changed between the snapshots that were served. */
  readonly journal: Journal;
  /** Who is told of a NOTIFY that is accepted; undefined: nobody. */
  notifyHints: HintDesk | undefined;
  /** The RRset of `found.image` whose targets' addresses go with the answer, or NONE. */
  targets: number;
  readonly signer: Signer;
  readonly denials: DenialBlocks;
  /** Filled while explaining; undefined while serving. */
  trace: Trace | undefined;
};

/** Index of `clusterTurns`. */
export const KIND_A = 0;
export const KIND_AAAA = 1;
export const KIND_OTHER = 2;
export const KIND_HINT_A = 3;
export const KIND_HINT_AAAA = 4;
const KINDS = 5;

/** On whose behalf a query is answered. `words` as in ClientSubnet; `family` 4 or 6. */
export type Client = { family: number; readonly words: Uint32Array };

/** Aliases that are followed for one question; what has been found by then is the answer. */
export const MAX_ALIAS_STEPS = 8;
export const CHAIN_WORDS = 3;

/**
 * `seed`: 32 random bits, from which all chance of this desk comes. `thread`: see Desk. Without `sign`, nobody may ask for
 * signatures.
 */
export function createDesk(
  snapshot: Snapshot,
  state: State,
  seed: number,
  thread = 0,
  conduct: Conduct = PLAIN_CONDUCT,
  sign?: Sign,
): Desk {
  const query = createQuery();
  const desk: Desk = {
    snapshot,
    state,
    counters: createCounters(snapshot),
    thread,
    conduct,
    nowSeconds: 0,
    limiter: conduct.rateLimit && createRateLimiter(conduct.rateLimit),
    query,
    response: createResponse(),
    found: createFound(),
    decision: createDecision(snapshot, state),
    client: { family: 4, words: new Uint32Array(4) },
    owner: query.name,
    ownerOffset: QUESTION_OFFSET,
    target: createFlatName(),
    synthesized: new Uint8Array(MAX_NAME_BYTES),
    chain: new Int32Array(CHAIN_WORDS * MAX_ALIAS_STEPS),
    chainLength: 0,
    zone: NONE,
    clusterTurns: [],
    endpointTurns: createTurns(0),
    hintTurns: createTurns(0),
    scope: 0,
    negative: false,
    authoritative: false,
    hasValidCookie: false,
    rateVerdict: RATE_PASS,
    imputedName: 0,
    imputedZone: 0,
    tsig: NO_TSIG,
    tsigSigner: undefined,
    transfer: undefined,
    transferClients: [],
    journal: createJournal(),
    notifyHints: undefined,
    targets: NONE,
    signer: createSigner(sign),
    denials: createDenialBlocks(),
    trace: undefined,
  };
  desk.decision.chance.bits = seed;
  adoptSnapshot(desk, snapshot, state, desk.counters);
  return desk;
}

/** From the next query on, answers come from `snapshot`, with `state` and `counters` that were laid out for it. */
export function adoptSnapshot(desk: Desk, snapshot: Snapshot, state: State, counters: Counters): void {
  desk.snapshot = snapshot;
  desk.state = state;
  // It must not be held on to.
  desk.denials.snapshot = undefined;
  desk.counters = counters;
  const slots = snapshot.services.clusters.length;
  desk.clusterTurns = Array.from({ length: KINDS }, () => createTurns(slots));
  desk.endpointTurns = createTurns(snapshot.endpoints.ids.length);
  desk.hintTurns = createTurns(snapshot.endpoints.ids.length);
}
