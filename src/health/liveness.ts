// Which slots are alive, by the receiver's own monotonic clock alone: a slot is alive while its version moves. Foreign
// wall clocks and key expiries are never consulted. A slot that was just found is not alive yet: it may be the last
// word of a worker that died long ago. It counts from the moment its version moves, at most a heartbeat later.

import { compareSlotVersions, slotKey } from './merge-slots.ts';
import type { Slot, SlotId, SlotVersion } from './slot.ts';

/** Heartbeats without a new version after which a slot is stale. */
export const STALE_AFTER_HEARTBEATS = 3;

type Sighting = {
  readonly epoch: number;
  readonly sequence: number;
  readonly firstSeenAtMs: number;
  /** Monotonic ms at which the version last grew; undefined: not since it was first seen. */
  readonly movedAtMs: number | undefined;
  /** When its epoch rose, the last times. */
  readonly risesMs: readonly number[];
};

/** What a receiver remembers of the versions it saw, by `slotKey`. */
export type Sightings = ReadonlyMap<string, Sighting>;

export const NO_SIGHTINGS: Sightings = new Map();

/** For so long a rise of an epoch is told, and of so many. */
const RISE_TOLD_MS = 60_000;
export const MAX_RISES = 10;
const NO_RISES: readonly number[] = [];

/** A slot as a receiver sees it now. */
export type SeenSlot = { readonly slot: Slot; readonly alive: boolean };

/** Takes note of versions, from slots, deltas or the index alike. Old and repeated ones change nothing. */
export function noteVersions(sightings: Sightings, versions: readonly SlotVersion[], nowMs: number): Sightings {
  let next: Map<string, Sighting> | undefined;
  for (const version of versions) {
    const key = slotKey(version);
    const before = (next ?? sightings).get(key);
    if (before !== undefined && compareSlotVersions(version, before) <= 0) continue;
    next ??= new Map(sightings);
    const { epoch, sequence } = version;
    const firstSeenAtMs = before?.firstSeenAtMs ?? nowMs;
    const movedAtMs = before === undefined ? undefined : nowMs;
    const rises = before?.risesMs ?? NO_RISES;
    const risesMs = before !== undefined && epoch > before.epoch ? [...rises, nowMs].slice(-MAX_RISES) : rises;
    next.set(key, { epoch, sequence, firstSeenAtMs, movedAtMs, risesMs });
  }
  return next ?? sightings;
}

/** Forgets workers that left in order, so that what is remembered stays as small as what is there. */
export function forgetSlots(sightings: Sightings, removed: readonly SlotId[]): Sightings {
  if (removed.length === 0) return sightings;
  const next = new Map(sightings);
  for (const id of removed) next.delete(slotKey(id));
  return next;
}

/**
 * How often a worker took a new epoch within the last minute, MAX_RISES at most. Once is a start; again and again: it ends again and
 * again, or two processes have its name and take it from each other.
 */
export function countRises(id: SlotId, sightings: Sightings, nowMs: number): number {
  const { risesMs } = sightings.get(slotKey(id)) ?? { risesMs: NO_RISES };
  return risesMs.filter((atMs) => nowMs - atMs < RISE_TOLD_MS).length;
}

/** Marks each slot alive or not. `nowMs` is the same monotonic clock as in `noteVersions`. */
export function seeSlots(
  slots: Iterable<Slot>,
  sightings: Sightings,
  nowMs: number,
  heartbeatMs: number,
): readonly SeenSlot[] {
  const seen: SeenSlot[] = [];
  for (const slot of slots) seen.push({ slot, alive: isAlive(slot, sightings, nowMs, heartbeatMs) });
  return seen;
}

/** Whether its version moved lately: only then its votes count. */
export function isAlive(id: SlotId, sightings: Sightings, nowMs: number, heartbeatMs: number): boolean {
  const movedAtMs = sightings.get(slotKey(id))?.movedAtMs;
  return movedAtMs !== undefined && nowMs - movedAtMs < STALE_AFTER_HEARTBEATS * heartbeatMs;
}

/** Alive, or found so lately that it may be: enough to leave it its share of the work, not to count its votes. */
export function mayBeAlive(id: SlotId, sightings: Sightings, nowMs: number, heartbeatMs: number): boolean {
  const sighting = sightings.get(slotKey(id));
  if (sighting === undefined) return false;
  return nowMs - (sighting.movedAtMs ?? sighting.firstSeenAtMs) < STALE_AFTER_HEARTBEATS * heartbeatMs;
}

/** When the next slot that is alive now goes stale unless it moves; undefined when none is alive. */
export function findNextStaleMs(sightings: Sightings, nowMs: number, heartbeatMs: number): number | undefined {
  let earliest: number | undefined;
  for (const { movedAtMs } of sightings.values()) {
    if (movedAtMs === undefined) continue;
    const staleAtMs = movedAtMs + STALE_AFTER_HEARTBEATS * heartbeatMs;
    if (staleAtMs > nowMs && (earliest === undefined || staleAtMs < earliest)) earliest = staleAtMs;
  }
  return earliest;
}
