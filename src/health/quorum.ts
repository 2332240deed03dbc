// How many vantages must say the same before a verdict turns.

import type { Quorum } from '../model/monitor.ts';

/** Words needed among `vantages` configured ones: at least 1, and never more than there are (but 1 where there are none). */
export function countQuorum(quorum: Quorum, vantages: number): number {
  return Math.max(1, Math.min(wantedWords(quorum, vantages), vantages));
}

function wantedWords(quorum: Quorum, vantages: number): number {
  if (quorum === 'majority') return Math.floor(vantages / 2) + 1;
  if (quorum === 'one') return 1;
  if (quorum === 'all') return vantages;
  return quorum.atLeast;
}
