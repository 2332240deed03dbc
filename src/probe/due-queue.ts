// What is due when: a binary heap over due times, where an id that is set anew or removed leaves its old entry behind to be
// passed over when it surfaces. The heap is rebuilt before it holds more left-over entries than valid ones.

export type DueQueue = {
  /** Due at `dueMs`, whatever it was before. */
  set(id: string, dueMs: number): void;
  remove(id: string): void;
  dueOf(id: string): number | undefined;
  /** Takes out the longest due id, if any is due by `nowMs`. */
  takeDue(nowMs: number): string | undefined;
  nextDueMs(): number | undefined;
};

type Entry = { readonly id: string; readonly dueMs: number };

const MIN_REBUILD_SIZE = 64;

export function createDueQueue(): DueQueue {
  const dueTimes = new Map<string, number>();
  let heap: Entry[] = [];

  return {
    set(id, dueMs) {
      if (dueTimes.get(id) === dueMs) return;
      dueTimes.set(id, dueMs);
      push(heap, { id, dueMs });
      if (heap.length > MIN_REBUILD_SIZE && heap.length > 2 * dueTimes.size) rebuild();
    },
    remove: (id) => void dueTimes.delete(id),
    dueOf: (id) => dueTimes.get(id),
    takeDue(nowMs) {
      const first = peek();
      if (first === undefined || first.dueMs > nowMs) return undefined;
      pop(heap);
      dueTimes.delete(first.id);
      return first.id;
    },
    nextDueMs: () => peek()?.dueMs,
  };

  function peek(): Entry | undefined {
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      if (dueTimes.get(first.id) === first.dueMs) return first;
      pop(heap);
    }
    return undefined;
  }

  /** An array in rising order is a heap. */
  function rebuild(): void {
    heap = Array.from(dueTimes, ([id, dueMs]) => ({ id, dueMs })).sort((a, b) => a.dueMs - b.dueMs);
  }
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || parent.dueMs <= entry.dueMs) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (let childIndex = 1; childIndex < heap.length; childIndex = 2 * index + 1) {
    const smaller = smallerChild(heap, childIndex);
    if (smaller === undefined || smaller.entry.dueMs >= last.dueMs) break;
    heap[index] = smaller.entry;
    index = smaller.index;
  }
  heap[index] = last;
}

function smallerChild(heap: readonly Entry[], leftIndex: number): { entry: Entry; index: number } | undefined {
  const left = heap[leftIndex];
  const right = heap[leftIndex + 1];
  if (left === undefined) return undefined;
  return right !== undefined && right.dueMs < left.dueMs
    ? { entry: right, index: leftIndex + 1 }
    : { entry: left, index: leftIndex };
}
