// The one queue of a simulated world: everything that happens is an event in it, in the order of (time, number).

export type SimulatedEvent = {
  atMs: number;
  order: number;
  readonly run: () => void;
  /** Whose event it is: see process.ts. */
  readonly owner: EventOwner | undefined;
  /** Of the owner's life in which it was planned: events of an earlier life never happen. */
  readonly life: number;
  /** Timers go before what came over the network when an event loop that was held up goes on, as in Node.js. */
  readonly isTimer: boolean;
  isCancelled: boolean;
};

export type EventOwner = {
  readonly life: number;
  /** Its event loop stands still until then. */
  readonly busyUntilMs: number;
};

export class EventQueue {
  nowMs = 0;
  /** Events that were run. */
  count = 0;
  #order = 0;
  readonly #heap: SimulatedEvent[] = [];

  plan(atMs: number, run: () => void, owner?: EventOwner, isTimer = true): SimulatedEvent {
    const event: SimulatedEvent = {
      atMs: Math.max(atMs, this.nowMs),
      order: this.#order++,
      run,
      owner,
      life: owner === undefined ? 0 : owner.life,
      isTimer,
      isCancelled: false,
    };
    this.#push(event);
    return event;
  }

  /** Runs the next event up to `untilMs`; false when there is none. */
  runNext(untilMs: number): boolean {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      const { owner } = first;
      if (first.isCancelled || (owner !== undefined && owner.life !== first.life)) continue;
      if (owner !== undefined && owner.busyUntilMs > first.atMs) {
        first.atMs = owner.busyUntilMs;
        if (!first.isTimer) first.order = this.#order++;
        this.#push(first);
        continue;
      }
      this.nowMs = first.atMs;
      this.count++;
      first.run();
      return true;
    }
    this.nowMs = untilMs;
    return false;
  }

  #push(event: SimulatedEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    const { length } = heap;
    let index = 0;
    for (let child = 1; child < length; child = 2 * index + 1) {
      let smaller = heap[child];
      const right = heap[child + 1];
      let smallerIndex = child;
      if (smaller !== undefined && right !== undefined && isBefore(right, smaller)) {
        smaller = right;
        smallerIndex = child + 1;
      }
      if (smaller === undefined || !isBefore(smaller, last)) break;
      heap[index] = smaller;
      index = smallerIndex;
    }
    heap[index] = last;
  }
}

function isBefore(a: SimulatedEvent, b: SimulatedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
