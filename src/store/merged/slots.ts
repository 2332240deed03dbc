// Slots as several sources tell them that know nothing of each other: independent Redis servers, workers that are asked
// themselves. Whoever follows merges by (epoch, sequence) anyway (follow-slots.ts), and knows whose signatures count, so that
// all that is said is passed on: were the newest chosen here, one server could silence a worker at all others with a forged
// version. What remains is to be as fast as the fastest that has what is wanted, and to fail only when all do.

import { isDeepStrictEqual } from 'node:util';
import { compareSlotVersions, slotKey } from '../../health/merge-slots.ts';
import type { Slot, SlotDelta, SlotId, SlotVersion } from '../../health/slot.ts';
import type { Subscription } from '../configuration-store.ts';
import { SLOT_LIMIT } from '../follow-slots.ts';
import type { HealthStore, SlotListener } from '../health-store.ts';

export type SlotSource = Pick<HealthStore, 'followSlots' | 'readSlots'>;

/** How long the others are waited for once one has answered a read, though something newer was told of than it had. */
const READ_WAIT_MS = 300;
/** Slots kept that came too late, of all sources together. */
const LATE_LIMIT = 256;

export function mergeSlotSources(sources: readonly SlotSource[]): SlotSource {
  /** The newest version of each slot that any source has told of: what a read waits for. */
  const told: Newest = new Map();
  /** By source: slots that came after their read was over, for the next one. */
  const late = sources.map(() => new Map<string, Slot>());
  /** By source: the last versions of workers that left in order. */
  const gone: readonly Newest[] = sources.map(() => new Map());
  return { followSlots, readSlots };

  function followSlots(listener: SlotListener): Subscription {
    const indexes: (readonly SlotVersion[])[] = sources.map(() => []);
    const passed = new Map<string, (SlotDelta | undefined)[]>();
    const failing = new Set<number>();
    const parts = sources.map((source, place) =>
      source.followSlots({
        onDelta(delta) {
          keepNewer(told, delta);
          if (isNews(delta, place)) listener.onDelta(delta);
        },
        onRemoved(last) {
          if (keepNewer(gone[place], last)) late[place]?.delete(slotKey(last));
          listener.onRemoved(last);
        },
        onIndex(index) {
          for (const version of index) keepNewer(told, version);
          indexes[place] = index;
          failing.delete(place);
          listener.onIndex(mergeIndexes(indexes));
        },
        onError(error) {
          indexes[place] = [];
          failing.add(place);
          if (failing.size === sources.length) listener.onError(error);
        },
      }),
    );
    return { close: () => parts.forEach((part) => void part.close()) };

    /** Whether no other source said the very same of this slot last. */
    function isNews(delta: SlotDelta, place: number): boolean {
      const key = slotKey(delta);
      const last = passed.get(key) ?? [];
      const isRepeated = last.some((each) => each !== undefined && isSame(each, delta));
      last[place] = delta;
      if (passed.size > SLOT_LIMIT) passed.clear();
      passed.set(key, last);
      return !isRepeated;
    }
  }

  /**
   * Asks all, and waits until the newest versions that anybody has told of are there, or all have answered, or some time
   * after the first has. What comes later is kept for the next read, which a version that is still missing brings about.
   * A slot may be there several times, in different versions or with different votes.
   */
  function readSlots(ids: readonly SlotId[]): Promise<readonly Slot[]> {
    const found: Slot[] = [];
    const newestFound: Newest = new Map();
    const take = (slot: Slot): void => {
      if (!found.some((each) => isSame(each, slot))) found.push(slot);
      keepNewer(newestFound, slot);
    };
    for (const key of ids.map(slotKey)) {
      for (const ofSource of late) {
        const slot = ofSource.get(key);
        if (slot !== undefined) take(slot);
        ofSource.delete(key);
      }
    }
    const isNewest = (id: SlotId): boolean => {
      const [slot, newest] = [newestFound.get(slotKey(id)), told.get(slotKey(id))];
      return slot !== undefined && newest !== undefined && compareSlotVersions(slot, newest) >= 0;
    };
    return new Promise((resolve, reject) => {
      let [left, answered, isOver] = [sources.length, 0, false];
      let lastError: unknown;
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        isOver = true;
        clearTimeout(timer);
        if (answered > 0 || found.length > 0) resolve(found);
        else reject(lastError);
      };
      const accept = (slots: readonly Slot[], place: number): void => {
        if (isOver) return slots.forEach((slot) => void keepLate(slot, place));
        answered++;
        timer ??= setTimeout(end, READ_WAIT_MS);
        slots.forEach(take);
      };
      for (const [place, source] of sources.entries()) {
        source
          .readSlots(ids)
          .then(
            (slots) => accept(slots, place),
            (error: unknown) => {
              lastError = error;
            },
          )
          .finally(() => {
            left--;
            if (!isOver && (left === 0 || ids.every(isNewest))) end();
          });
      }
    });
  }

  function keepLate(slot: Slot, place: number): void {
    const key = slotKey(slot);
    const [ofSource, last] = [late[place], gone[place]?.get(key)];
    if (ofSource === undefined || (last !== undefined && compareSlotVersions(slot, last) <= 0)) return;
    const kept = ofSource.get(key);
    if (kept === undefined ? ofSource.size * sources.length >= LATE_LIMIT : compareSlotVersions(slot, kept) <= 0)
      return;
    ofSource.set(key, slot);
  }
}

/** Whether they say the same, down to the signature. */
function isSame<Message extends Slot | SlotDelta>(one: Message, other: Message): boolean {
  return compareSlotVersions(one, other) === 0 && isDeepStrictEqual(one, other);
}

type Newest = Map<string, SlotVersion>;

/** Whether it is newer than what was kept of that slot, in whose place it stands from now on. */
function keepNewer(
  newest: Newest | undefined,
  { vantage, worker, epoch, sequence }: SlotVersion,
  limit = SLOT_LIMIT,
): boolean {
  if (newest === undefined) return false;
  const version = { vantage, worker, epoch, sequence };
  const key = slotKey(version);
  const known = newest.get(key);
  if (known !== undefined && compareSlotVersions(version, known) <= 0) return false;
  if (newest.size > limit) newest.clear();
  newest.set(key, version);
  return true;
}

/** The newest version of each slot. */
function mergeIndexes(indexes: readonly (readonly SlotVersion[])[]): readonly SlotVersion[] {
  const newest: Newest = new Map();
  // They are here already: whatever was left out would be hidden by whoever lists more.
  for (const version of indexes.flat()) keepNewer(newest, version, Number.POSITIVE_INFINITY);
  return [...newest.values()];
}
