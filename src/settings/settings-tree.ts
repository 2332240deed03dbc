// A settings tree: nested mappings as a source gave them, not yet checked. Sources are laid over each other as trees, so
// that a value may come from one and its neighbour from another.

export type SettingsTree = { readonly [key: string]: unknown };

export function isTree(value: unknown): value is SettingsTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Lays `above` over `base`, mapping by mapping; lists and single values are replaced whole. What stands in `base` where
 * `above` has a mapping stays if it is not one, so that the fault is reported and not hidden.
 */
export function overlay(base: SettingsTree, above: SettingsTree): SettingsTree {
  // Object.fromEntries defines each key as the tree's own: a key named __proto__ is then an unknown key like any other.
  return Object.fromEntries(Object.keys({ ...base, ...above }).map((key) => [key, overlayValue(base, above, key)]));
}

/** Whether `tree` gives the value at `path`, or a list or single value that contains it. */
export function hasPath(tree: SettingsTree, path: readonly string[]): boolean {
  let value: unknown = tree;
  for (const key of path) {
    if (!isTree(value)) return value !== undefined;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value !== undefined && !isTree(value);
}

function overlayValue(base: SettingsTree, above: SettingsTree, key: string): unknown {
  const below = Object.hasOwn(base, key) ? base[key] : undefined;
  const over = Object.hasOwn(above, key) ? above[key] : undefined;
  if (over === undefined) return below;
  if (isTree(over) && below !== undefined && below !== null) return isTree(below) ? overlay(below, over) : below;
  return over;
}
