// Figures as they are summed up and printed.

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The median of the ratios of each round. Two servers that were measured one right after the other saw the same machine, so
 * their ratio is steadier than the ratio of two medians.
 */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.flatMap((value, round) => (theirs[round] === undefined ? [] : [value / theirs[round]])));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Median, least and greatest of some times, in whole milliseconds. */
export function describeTimes(times: readonly number[]) {
  return {
    trials: times.length,
    medianMs: Math.round(median(times)),
    minMs: Math.round(Math.min(...times)),
    maxMs: Math.round(Math.max(...times)),
  };
}
