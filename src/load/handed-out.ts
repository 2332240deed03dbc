// Answers handed out, counted against the load of clusters and endpoints. Every answer thread counts in a row of its own, and
// only ever adds to it; what no longer counts is kept beside the rows by the control thread alone. So each number has one
// writer, and none needs a lock:
//
//   handedOut   thread 0 │ 5 0 2      counts now:  5 + 1 - 4 = 2 for the first
//               thread 1 │ 1 3 0
//   settled              │ 4 3 0

import type { LoadTable } from './load-table.ts';

/** Answers that still count against `index`. */
export function handedOutOf({ handedOut, settled }: LoadTable, index: number): number {
  const width = settled.length;
  let sum = -(settled[index] ?? 0);
  for (let at = index; at < handedOut.length; at += width) sum += handedOut[at] ?? 0;
  return sum;
}

/** Counts `share` of an answer, on `thread`'s own row. */
export function countHandedOut({ handedOut, settled }: LoadTable, thread: number, index: number, share: number): void {
  const at = thread * settled.length + index;
  handedOut[at] = (handedOut[at] ?? 0) + share;
}

/** From now on just `remaining` count, and what is added later. For the control thread. */
export function settleHandedOut(table: LoadTable, index: number, remaining: number): void {
  table.settled[index] = (table.settled[index] ?? 0) + handedOutOf(table, index) - remaining;
}
