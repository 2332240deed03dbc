// Whose votes count: where the configuration lists the workers of a vantage, theirs alone, under the keys that it lists.

import type { Vantage } from '../model/vantage.ts';
import type { SlotId } from './slot.ts';

/**
 * `unlisted`: signs for itself, and the configuration does not list it. `other-key`: it is listed, with another key.
 * `unsigned`: it shows no key. `bad-signature`: the key that it shows did not sign what it says.
 */
export const STRANGER_PROBLEMS = ['unlisted', 'other-key', 'unsigned', 'bad-signature'] as const;
export type StrangerProblem = (typeof STRANGER_PROBLEMS)[number];

/** One whose votes are refused, as its last message was. */
export type Stranger = SlotId & {
  readonly problem: StrangerProblem;
  /** The key that it shows; absent: none. */
  readonly publicKey?: string;
  /** When that message came, wall clock, milliseconds since 1970. */
  readonly atMs: number;
};

/** `publicKey` has signed for the worker; undefined: nothing has. `vantage` undefined: the configuration does not name it. */
export function isAdmittedKey(vantage: Vantage | undefined, worker: string, publicKey: string | undefined): boolean {
  if (vantage?.workers === undefined) return true;
  const listed = vantage.workers.find(({ id }) => id === worker);
  return publicKey !== undefined && listed?.publicKeys.includes(publicKey) === true;
}
