// Finds the zone whose apex a name is.

import type { FlatName } from '../wire/flat-name.ts';
import { firstSlot } from '../wire/name-hash.ts';
import { NONE, type ZoneTable } from './snapshot.ts';

/** The zone whose apex is the name's suffix from label `label` on, or NONE. */
export function findApex({ apexSlots, images }: ZoneTable, name: FlatName, label: number, hash: number): number {
  const mask = apexSlots.length - 1;
  const start = name.labelStarts[label] ?? 0;
  for (let slot = firstSlot(hash, mask); ; slot = (slot + 1) & mask) {
    const zone = (apexSlots[slot] ?? 0) - 1;
    if (zone < 0) return NONE;
    const apex = images[zone]?.name;
    if (apex?.length === name.length - start && isSuffix(apex, name.bytes, start)) return zone;
  }
}

function isSuffix(apex: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < apex.length; index++) if (apex[index] !== bytes[start + index]) return false;
  return true;
}
