// A load table: what is known of the load of clusters, or of endpoints, by index, in shared memory.

/**
 * The load of clusters or endpoints. Between two reports the answers that were handed out count against it: a report is
 * old by the time that it is used, and without this everybody would follow it at once.
 */
export type LoadTable = {
  /** Connections, as last reported; where only a utilisation was reported, that share of the capacity. */
  readonly connections: Float32Array;
  /** Connections; 0 where nobody stated one or no report is fresh: then nothing is shed. */
  readonly capacities: Float32Array;
  /** Connections that one answer is taken to bring: 1, or 0 where connections are not what was reported. */
  readonly answerCosts: Float32Array;
  /**
   * Answers, a row for each answer thread; they count from one report to the next, fading out over the time for which they
   * are cached. In doubles: a share of an answer added to millions would be lost in single precision.
   */
  readonly handedOut: Float64Array;
  /** What of them no longer counts: see handed-out.ts. */
  readonly settled: Float64Array;
};
