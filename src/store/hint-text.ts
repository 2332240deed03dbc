// A hint as the text that goes through a channel: JSON with the zone and the address. What comes back is checked like any
// foreign input.

import { formatAddress, parseAddress } from '../model/address.ts';
import { MAX_NAME_TEXT_LENGTH } from '../model/limits.ts';
import { parseOwner } from '../model/name.ts';
import { isRecord } from '../model/parse-context.ts';
import type { Hint } from './hint-store.ts';

/** A name has at most one backslash in two characters, each of which JSON doubles; then the address, and what is around them. */
export const MAX_HINT_LENGTH = 2 * MAX_NAME_TEXT_LENGTH + 128;

export function composeHint({ zone, address }: Hint): string {
  return JSON.stringify({ zone, address });
}

/** Undefined for anything that is not exactly a hint, its name and its address as `Hint` wants them. */
export function parseHint(text: string): Hint | undefined {
  if (text.length > MAX_HINT_LENGTH) return undefined;
  const value = parseJson(text);
  if (!isRecord(value) || Object.keys(value).length !== 2) return undefined;
  const { zone, address } = value;
  if (typeof zone !== 'string' || typeof address !== 'string') return undefined;
  const name = parseOwner(zone);
  const parsed = parseAddress(address);
  if (!name.ok || name.name !== zone || parsed === undefined || formatAddress(parsed) !== address) return undefined;
  return { zone, address };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
