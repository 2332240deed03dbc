// Where the end of a name stands in the message: what compression pointers point to.

import type { Desk } from './desk.ts';

/** Where the last `labels` labels of the name being answered stand in the message. */
export function suffixOffset({ owner, ownerOffset }: Desk, labels: number): number {
  return ownerOffset + (owner.labelStarts[owner.labelCount - labels] ?? 0);
}
