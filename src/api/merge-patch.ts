// JSON merge patch (RFC 7396): what the patch names replaces, null removes, mappings are merged, lists are replaced whole.

/** Deeper patches than any schema here has are refused by the schema; this bounds the work until then. */
const MAX_DEPTH = 32;

export function applyMergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isMapping(patch) || depth > MAX_DEPTH) return patch;
  const merged = new Map(isMapping(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key), value, depth + 1));
  }
  return Object.fromEntries(merged);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
