// Durations as operators write them (`5s`, `200ms`, `2m`) and as the program keeps them: milliseconds. One notation for
// settings, configuration and messages, so that a unit is never guessed: a bare number is refused.

const MILLISECONDS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** No duration in Azimuth is longer than a year: longer ones are slips of the pen, and would overflow 32-bit timers. */
export const MAX_DURATION_MS = 366 * 86_400_000;

/**
 * Reads a number with a unit (`ms`, `s`, `m`, `h`, `d`; fractions such as `1.5s` allowed) as milliseconds, rounded to a
 * whole one. Answers `undefined` for anything else: no unit, a sign, spaces, several parts, or above MAX_DURATION_MS.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text);
  const unitMs = MILLISECONDS_OF_UNIT.get(match?.[2] ?? '');
  if (match === null || unitMs === undefined) return undefined;
  const durationMs = Math.round(Number(match[1]) * unitMs);
  return durationMs <= MAX_DURATION_MS ? durationMs : undefined;
}

/** Writes milliseconds in the largest unit that divides them exactly: 5000 → `5s`, 1500 → `1500ms`, 0 → `0s`. */
export function formatDuration(durationMs: number): string {
  const whole = Math.round(durationMs);
  if (whole === 0) return '0s';
  let written = `${whole}ms`;
  for (const [unit, unitMs] of MILLISECONDS_OF_UNIT) {
    if (whole % unitMs === 0) written = `${whole / unitMs}${unit}`;
  }
  return written;
}
