// Which service steers a name.

import { NONE, type ZoneTable } from '../snapshot/snapshot.ts';
import { steeredOf } from '../snapshot/zone-image.ts';
import type { Found } from './find-name.ts';

/** The service that steers what was found, or NONE. */
export function findService({ serviceStarts, services }: ZoneTable, { image, node, zone }: Found): number {
  const steered = steeredOf(image, node);
  return steered === NONE ? NONE : (services[(serviceStarts[zone] ?? 0) + steered] ?? NONE);
}
