// Whose votes count: where the configuration lists the workers of a vantage, theirs alone, under the keys that it lists.

import type { Vantage } from '../model/vantage.ts';

/** `publicKey` has signed for the worker; undefined: nothing has. `vantage` undefined: the configuration does not name it. */
export function isAdmittedKey(vantage: Vantage | undefined, worker: string, publicKey: string | undefined): boolean {
  if (vantage?.workers === undefined) return true;
  const listed = vantage.workers.find(({ id }) => id === worker);
  return publicKey !== undefined && listed?.publicKeys.includes(publicKey) === true;
}
