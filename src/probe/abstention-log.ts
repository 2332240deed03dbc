// Tells the log what this worker abstains from for a reason that is its own, or its settings': once when a reason begins, and
// once when it is over, however many targets it concerns. That it trusts itself in nothing is told where it is found out.

import type { SlotId } from '../health/slot.ts';
import type { ProbeLogger } from './logger.ts';
import type { Watch } from './watch.ts';

/** Reasons that are remembered at a time. Those beyond are seen in the votes, not in the log. */
export const REASON_LIMIT = 32;

export type AbstentionLog = {
  /** To be called every heartbeat, with all that is watched. */
  note(watches: Iterable<Watch>): void;
};

export function createAbstentionLog(id: SlotId, logger: ProbeLogger): AbstentionLog {
  const known = new Set<string>();
  return {
    note(watches) {
      const found = new Map<string, { targets: number; readonly target: string }>();
      for (const { opinion, target } of watches) {
        if (opinion.vote !== 'abstain') continue;
        const concerned = found.get(opinion.reason);
        if (concerned === undefined) found.set(opinion.reason, { targets: 1, target: target.id });
        else concerned.targets++;
      }
      for (const reason of known) {
        if (found.has(reason)) continue;
        known.delete(reason);
        logger.info({ ...id, reason }, 'abstains from no target any more for this reason');
      }
      for (const [reason, concerned] of found) {
        if (known.has(reason) || known.size >= REASON_LIMIT) continue;
        known.add(reason);
        logger.warn({ ...id, reason, ...concerned }, 'cannot look at some targets: abstaining from them');
      }
    },
  };
}
