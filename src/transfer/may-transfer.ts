// Who may have a zone. Rules are those of the zone; without any nobody may.

import type { CompiledRule } from '../snapshot/snapshot.ts';

/** `client`: who asks; `key`: the name of the key that signed the query, if any did. */
export function mayTransfer(
  rules: readonly CompiledRule[] | undefined,
  client: { readonly family: number; readonly words: Uint32Array },
  key: string | undefined,
): boolean {
  return rules?.some((rule) => isKey(rule, key) && isWithin(rule, client)) === true;
}

function isKey(rule: CompiledRule, key: string | undefined): boolean {
  return rule.key === undefined || rule.key === key;
}

function isWithin({ prefix }: CompiledRule, { family, words }: { family: number; words: Uint32Array }): boolean {
  if (prefix === undefined) return true;
  if (prefix.family !== family) return false;
  for (let index = 0; 32 * index < prefix.length; index++) {
    const bits = Math.min(32, prefix.length - 32 * index);
    if (((words[index] ?? 0) ^ (prefix.words[index] ?? 0)) >>> (32 - bits) !== 0) return false;
  }
  return true;
}
