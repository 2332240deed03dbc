// Messages that get no answer whatever they ask: responses, which two servers would send each other for ever, and what comes
// from port 0, where nobody can be. Both are forged, mostly to set servers on each other or on somebody else; which zone
// they are about tells an operator who is meant.

import { NONE } from '../snapshot/snapshot.ts';
import { readFlatName } from '../wire/flat-name.ts';
import { HEADER_BYTES } from '../wire/query.ts';
import {
  countDropped,
  countSilenced,
  DROPPED_MALFORMED,
  DROPPED_PORT_ZERO,
  DROPPED_RESPONSE,
  SILENCED_PORT_ZERO,
  SILENCED_RESPONSE,
} from './counters.ts';
import type { Desk } from './desk.ts';
import { findName } from './find-name.ts';

/** What parseQuery has nothing to say to: too short to be a message, or a response. */
export function keepSilence(desk: Desk, bytes: Uint8Array, start: number, length: number): void {
  const isShort = length < HEADER_BYTES;
  countDropped(desk.counters, isShort ? DROPPED_MALFORMED : DROPPED_RESPONSE, 1);
  if (!isShort) countByZone(desk, bytes, start, length, SILENCED_RESPONSE);
}

/** A message from port 0, where no answer can be sent to. */
export function ignorePortZero(desk: Desk, bytes: Uint8Array, start: number, length: number): void {
  countDropped(desk.counters, DROPPED_PORT_ZERO, 1);
  countByZone(desk, bytes, start, length, SILENCED_PORT_ZERO);
}

/** Under the zone that its question names, if it is one of ours. */
function countByZone(desk: Desk, bytes: Uint8Array, start: number, length: number, cause: number): void {
  const { query, found, snapshot, counters } = desk;
  if (readFlatName(query.name, bytes, start + HEADER_BYTES, start + length) < 0) return;
  findName(snapshot.zones, query.name, found);
  if (found.zone !== NONE) countSilenced(counters, found.zone, cause);
}
