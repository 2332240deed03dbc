// Slow start: what was down has cold caches and few connections, and what comes back all at once may go down again. An
// endpoint that came back (its verdict turned from down to up; a first sight is no return) begins with a small share of its
// weight and grows to all of it in a straight line.
//
//   1.0 ┤            ╭────
//       │        ╭───╯
//   0.1 ┼────╯              the share of its weight
//       └────┬───────┬────
//          returned  slowStart later

/** What it begins with. */
export const FIRST_SHARE = 0.1;

/** 0..1. */
export function growShare(returnedAtMs: number, nowMs: number, slowStartMs: number): number {
  if (slowStartMs <= 0) return 1;
  return Math.min(1, Math.max(FIRST_SHARE, (nowMs - returnedAtMs) / slowStartMs));
}

/** The middle one of the shares that fresh votes ask for, in percent; of an even number the lower of the two in the middle. */
export function medianShare(shares: readonly number[]): number {
  return shares.toSorted((a, b) => a - b)[Math.floor((shares.length - 1) / 2)] ?? 100;
}
