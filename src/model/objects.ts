// The configuration as objects: the parts that a store keeps apart, so that changing one thing writes one object. What is
// stored is the document as its author wrote it (`aws:us-east-1` stays that), in one canonical text, so that equal parts
// have equal hashes. Hashing and storing are left to the edge.

import { checkShape, compileShape } from './check-shape.ts';
import { type ConfigurationDocument, ConfigurationSchema } from './configuration.ts';
import { parseOwner } from './name.ts';
import { joinPointer } from './pointer.ts';
import type { Parsed, Problem } from './problem.ts';

const LIST_NAMES = ['regions', 'vantages', 'monitors', 'clusters', 'services', 'overrides'] as const;
const ZONE_PREFIX = 'zones/';

const CONFIGURATION_SHAPE = compileShape(ConfigurationSchema);

/** Object name (`regions`, `zones/gtm.example.com` …) to canonical JSON; zones in their order. Absent lists are absent. */
export function splitObjects(document: ConfigurationDocument): Map<string, string> {
  const objects = new Map<string, string>();
  for (const name of LIST_NAMES) {
    const list = document[name];
    if (list !== undefined) objects.set(name, formatCanonicalJson(list));
  }
  for (const zone of document.zones) objects.set(nameZoneObject(zone.name), formatCanonicalJson(zone));
  return objects;
}

/** The object that holds the zone. */
export function nameZoneObject(zone: string): string {
  const name = parseOwner(zone);
  return `${ZONE_PREFIX}${name.ok ? name.name : zone}`;
}

/**
 * The document again, zones in the order of the map. Objects that are no part of a configuration (`tokens`) are passed over.
 * Problems, whose paths begin with the name of the object, when a text is no JSON or has not the shape of a configuration.
 */
export function joinObjects(objects: ReadonlyMap<string, string>): Parsed<ConfigurationDocument> {
  const broken: Problem[] = [];
  const read = (name: string, text: string) => {
    const value = parseJson(text);
    if (value === undefined)
      broken.push({ path: joinPointer('', name), message: 'the stored object is no JSON text.' });
    return value;
  };
  const zones: unknown[] = [];
  const document: Record<string, unknown> = { zones };
  for (const [name, text] of objects) {
    if (name.startsWith(ZONE_PREFIX)) zones.push(read(name, text));
    else if (LIST_NAMES.some((list) => list === name)) document[name] = read(name, text);
  }
  if (broken.length > 0) return { ok: false, problems: broken };
  return checkShape(CONFIGURATION_SHAPE, document);
}

/** JSON without spaces, the keys of every mapping sorted by UTF-16 units (as in RFC 8785 section 3.2.3). */
export function formatCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
