// Puts the time onto the desk: whoever answers knows no clock.

import type { Desk } from '../answer/desk.ts';

/** Once for all queries that were received together. */
export function readClock(desk: Desk): void {
  desk.nowSeconds = Math.floor(Date.now() / 1000);
}
