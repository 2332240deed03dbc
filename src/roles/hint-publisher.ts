// Passes on what the answer threads hear of changes at primaries (NOTIFY), to whoever copies zones, through the store. Hints
// that the store does not take are lost.

import type { Logger } from 'pino';
import type { Hint, HintStore } from '../store/hint-store.ts';
import { describeFailure } from '../store/store-error.ts';

/** Under way at once; where the store is slow, further ones are lost. */
export const MAX_HINTS_UNDER_WAY = 64;

export function createHintPublisher(hints: Pick<HintStore, 'publish'>, logger: Logger): (hint: Hint) => void {
  let underWay = 0;
  let isFailing = false;
  return (hint) => {
    if (underWay < MAX_HINTS_UNDER_WAY) void publish(hint);
  };

  async function publish(hint: Hint): Promise<void> {
    underWay++;
    try {
      await hints.publish(hint);
      isFailing = false;
    } catch (error) {
      // Once, until one has gone out again.
      const consequence = 'zones are copied again when their refresh timer says so, until hints can be passed on';
      if (!isFailing) logger.warn({ ...describeFailure(error), zone: hint.zone }, consequence);
      isFailing = true;
    } finally {
      underWay--;
    }
  }
}
