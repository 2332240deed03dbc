// What a fault run goes by: how soon a death must be known, and the records that are changed all the time.

/** From a death to the last wrong answer: what shared budgets allow for a target that falls silent. */
export const DETECTION_LIMIT_MS = 1800;
/** The same on a machine that has other things to do. */
export const LENIENT_DETECTION_MS = 8000;
/** The records that the committers change, one of each api node. */
export const MARKERS = ['marker1', 'marker2'] as const;
