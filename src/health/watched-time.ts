// The time that a node has watched: its monotonic clock without the stretches in which its own event loop stood still (the
// process was stopped, the machine slept). Whoever did not look cannot say that the others were silent: by this time slots are
// as fresh after such a stretch as they were before it, and have as long to speak as they had left.
//
//   clock     0 ─ 250 ─ 500 ─────────────── 10,500 ─ 10,750
//   watched   0 ─ 250 ─ 500 ──────────────────  750 ─  1,000

/** Ticks that late are no lateness: the loop stood still. */
export const STANDSTILL_TICKS = 4;

export type WatchedTime = { readonly lastMs: number; readonly excusedMs: number };

/**
 * @param nowMs the monotonic clock
 * @param tickMs how often this is called at least, while the loop runs
 */
export function watchTime(watched: WatchedTime | undefined, nowMs: number, tickMs: number): WatchedTime {
  if (watched === undefined) return { lastMs: nowMs, excusedMs: 0 };
  const passedMs = nowMs - watched.lastMs;
  const excusedMs = passedMs > STANDSTILL_TICKS * tickMs ? passedMs - tickMs : 0;
  return { lastMs: nowMs, excusedMs: watched.excusedMs + excusedMs };
}

export function watchedMs({ lastMs, excusedMs }: WatchedTime): number {
  return lastMs - excusedMs;
}
