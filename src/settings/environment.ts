// Settings from environment variables. Every key has one: `dns.tcp.maxConnections` is AZIMUTH_DNS_TCP_MAX_CONNECTIONS.
// Lists are separated by commas. A variable with our prefix that is not a key is a slip of the pen, and refused: an
// operator who mistypes a limit should hear of it.

import { suggestNearest } from '../model/nearest.ts';
import type { Problem } from '../model/problem.ts';
import { SETTING_KEYS, type SettingKey } from '../model/settings-document.ts';
import { isTree, type SettingsTree } from './settings-tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'AZIMUTH_';

/** Ours, but not settings: the command line's address and token of the API, and what test runs pass to each other. */
const NOT_SETTINGS: ReadonlySet<string> = new Set(['AZIMUTH_API', 'AZIMUTH_TOKEN']);
const TEST_PREFIX = 'AZIMUTH_TEST_';

const KEY_OF_VARIABLE: ReadonlyMap<string, SettingKey> = new Map(
  SETTING_KEYS.map((key) => [variableNameOf(key.path), key]),
);

/** `['dns', 'tcp', 'maxConnections']` → `AZIMUTH_DNS_TCP_MAX_CONNECTIONS`. An item of a list has its list's variable. */
export function variableNameOf(path: readonly string[]): string {
  const words = path.filter((part) => !/^\d+$/.test(part)).map((part) => part.replace(/[A-Z]/g, '_$&'));
  return `${PREFIX}${words.join('_').toUpperCase()}`;
}

/** Answers the tree that the variables give, and a problem for each one with our prefix that is no setting. */
export function readEnvironment(environment: Environment): { tree: SettingsTree; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const tree: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || NOT_SETTINGS.has(name) || name.startsWith(TEST_PREFIX) || text === undefined)
      continue;
    const key = KEY_OF_VARIABLE.get(name);
    if (key === undefined) {
      const suggestion = suggestNearest(name, KEY_OF_VARIABLE.keys());
      problems.push({ path: '', message: `${name} is no setting${suggestion || ': remove it, or correct its name.'}` });
    } else {
      place(tree, key.path, readText(key, text));
    }
  }
  return { tree, problems };
}

/** Text that is not of the key's kind stays text, for the schema to refuse with its own words. */
function readText({ kind }: SettingKey, text: string): unknown {
  switch (kind) {
    case 'list':
      return text.trim() === '' ? [] : text.split(',').map((item) => item.trim());
    case 'number':
      return /^\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    case 'text':
      return text;
  }
}

function place(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const below = { ...(isTree(tree[key]) ? tree[key] : {}) };
  place(below, rest, value);
  tree[key] = below;
}
