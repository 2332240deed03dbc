// Room: how much of the traffic that would come a loaded cluster or endpoint still gets.
//
//   room 1 ───────────╮
//                      ╲              utilisation = (connections + answers handed out since the report) / capacity
//   room 0              ╰──────────
//          0         low  high     utilisation

import { handedOutOf } from './handed-out.ts';
import type { LoadTable } from './load-table.ts';

/** 1 where nothing is known: who says nothing of their load is not passed over for it. */
export function roomOf(loads: LoadTable, index: number, low: number, high: number): number {
  const capacity = loads.capacities[index] ?? 0;
  if (capacity <= 0) return 1;
  const utilisation = connectionsOf(loads, index) / capacity;
  if (utilisation >= high) return 0;
  return utilisation <= low ? 1 : (high - utilisation) / (high - low);
}

/** Open connections and those on their way. */
export function connectionsOf(loads: LoadTable, index: number): number {
  return (loads.connections[index] ?? 0) + handedOutOf(loads, index) * (loads.answerCosts[index] ?? 0);
}
