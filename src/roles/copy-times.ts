// When a primary is asked again: as the SOA of the zone says (RFC 1035 section 3.3.13), within bounds, and not all zones at once.

import type { DurationDocument } from '../model/scalar.ts';
import { readSeconds } from '../model/scalar.ts';

/** However short the timers of an SOA are, or long. */
const MIN_LOOK_MS = 10_000;
const MAX_LOOK_MS = 86_400_000;
/** Before anything has been copied: twice as long each time. */
const FIRST_RETRY_MS = 2_000;
const MAX_FIRST_RETRY_MS = 600_000;
/** Up to this share sooner, by chance, so that zones that came together do not stay together. */
const SPREAD = 0.1;
/** Between the first questions about many zones. */
const START_SPREAD_MS = 20;

type Timers = { readonly refresh?: DurationDocument | undefined; readonly retry?: DurationDocument | undefined };

/**
 * How long to wait. `soa`: of the copy that is held, if any. `failures`: one after another. `leftMs`: until the copy expires;
 * it is tried once more just then. `chance`: 0 to 1.
 */
export function nextLookMs(soa: Timers | undefined, failures: number, leftMs: number, chance: number): number {
  const pauseMs = soa === undefined ? firstRetryMs(failures) : timerMs(failures === 0 ? soa.refresh : soa.retry);
  const spread = pauseMs * (1 - SPREAD * chance);
  return leftMs > 0 ? Math.min(spread, leftMs) : spread;
}

/** The zone before which there are `before` others waits so long for its first question. */
export function startPauseMs(before: number, chance: number): number {
  return before === 0 ? 0 : START_SPREAD_MS * before * chance;
}

function firstRetryMs(failures: number): number {
  return Math.min(MAX_FIRST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 16));
}

function timerMs(stated: DurationDocument | undefined): number {
  const seconds = stated === undefined ? 0 : (readSeconds(stated) ?? 0);
  return Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, 1000 * seconds));
}
