// Which zones of two snapshots can be compared, and which have no past to speak of.

import type { Snapshot } from '../snapshot/snapshot.ts';
import { viewZone, type ZoneView } from './zone-records.ts';

export type ZonePairs = {
  readonly pairs: readonly { readonly zone: string; readonly before: ZoneView; readonly after: ZoneView }[];
  /** Of one of the two only: new or gone, or that nobody could copy before, or can now. */
  readonly unpaired: readonly string[];
};

/** Zones that somebody may copy. Those that we sign are always copied whole, for signatures differ each time that they are made. */
export function pairZones(before: Snapshot, after: Snapshot): ZonePairs {
  const earlier = listCopied(before);
  const pairs: ZonePairs['pairs'][number][] = [];
  const unpaired: string[] = [];
  for (const [zone, view] of listCopied(after)) {
    const old = earlier.get(zone);
    earlier.delete(zone);
    if (old === undefined || old.image.hasOwnSerial !== view.image.hasOwnSerial) unpaired.push(zone);
    else pairs.push({ zone, before: old, after: view });
  }
  return { pairs, unpaired: [...unpaired, ...earlier.keys()] };
}

function listCopied(snapshot: Snapshot): Map<string, ZoneView> {
  const { names, transfers } = snapshot.zones;
  const copied = new Map<string, ZoneView>();
  for (const [zone, name] of names.entries()) {
    if ((transfers[zone]?.length ?? 0) === 0) continue;
    const view = viewZone(snapshot, zone);
    if (view === undefined) continue;
    if (view.image.signing === undefined || view.image.hasOwnSerial) copied.set(name, view);
  }
  return copied;
}
