// A slot store for tests, in memory: it fences by epoch and sequence as the real ones do, tells its followers, and can be
// made to fail or hang.

import { compareSlotVersions, slotKey } from '../../../src/health/merge-slots.ts';
import type { Slot, SlotDelta, SlotId } from '../../../src/health/slot.ts';
import type { SlotsChange } from '../../../src/probe/peers.ts';
import type { SlotStore } from '../../../src/probe/slot-writer.ts';

export type SlotBoard = SlotStore & {
  readonly slots: Map<string, Slot>;
  readonly deltas: SlotDelta[];
  mode: 'working' | 'failing' | 'hanging';
  follow(onChange: (change: SlotsChange) => void): { close(): void };
};

export function createSlotBoard(): SlotBoard {
  const epochs = new Map<string, number>();
  const followers = new Set<(change: SlotsChange) => void>();
  const publish = (change: SlotsChange) => {
    for (const follower of followers) follower(change);
  };
  const board: SlotBoard = {
    slots: new Map(),
    deltas: [],
    mode: 'working',
    async allocateEpoch(id) {
      await answer(board);
      const epoch = (epochs.get(slotKey(id)) ?? 0) + 1;
      epochs.set(slotKey(id), epoch);
      return epoch;
    },
    async writeSlot(slot: Slot, delta) {
      await answer(board);
      const known = board.slots.get(slotKey(slot));
      const isOld = known !== undefined && compareSlotVersions(slot, known) <= 0;
      if (isOld || slot.epoch < (epochs.get(slotKey(slot)) ?? 0)) return 'refused';
      board.slots.set(slotKey(slot), slot);
      if (delta) board.deltas.push(delta);
      publish({ advanced: [slot], removed: [] });
      return 'stored';
    },
    async removeSlot(id: SlotId) {
      await answer(board);
      board.slots.delete(slotKey(id));
      publish({ advanced: [], removed: [id] });
    },
    follow(onChange) {
      followers.add(onChange);
      onChange({ advanced: [...board.slots.values()], removed: [] });
      return { close: () => void followers.delete(onChange) };
    },
  };
  return board;
}

async function answer({ mode }: SlotBoard): Promise<void> {
  if (mode === 'failing') throw new Error('connection lost');
  if (mode === 'hanging') await new Promise(() => undefined);
}
