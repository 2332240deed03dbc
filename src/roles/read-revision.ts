// From the objects of a revision to the configuration that they state, without the records of its zones: of these it says
// which objects hold them, for whoever compiles them. What has been read is kept while nothing but records changes.

import { isKeyringObject } from '../dnssec/keyring.ts';
import type { Configuration } from '../model/configuration.ts';
import { isCopyChunkObject, isCopyHeadObject } from '../model/copies.ts';
import { isChunkObject, isZoneObject, joinObjects, type Outline, readOutline, readZoneHead } from '../model/objects.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import type { ParseOptions } from '../model/parse-context.ts';
import type { Parsed } from '../model/problem.ts';
import { parseJson } from '../model/record-chunks.ts';
import type { Revision } from '../model/revision.ts';
import type { StatedRecords } from '../snapshot/part-cache.ts';
import { checkRecordData } from '../zone/check-record-data.ts';

export type LocationResolver = ParseOptions['resolveLocation'];

export type StatedConfiguration = {
  readonly configuration: Configuration;
  /** For each zone. */
  readonly records: readonly StatedRecords[];
};

/** What a revision states, or everything that is wrong with it: a store may hold what an older or newer version wrote. */
export type RevisionReader = (revision: Revision) => Parsed<StatedConfiguration>;

/** A reader that gives the same configuration again while nothing but records is different. */
export function openRevisionReader(resolveLocation: LocationResolver): RevisionReader {
  /** By the hash of the zone's object; with the text of the head, by which it is told whether anything else changed. */
  let heads: ReadonlyMap<string, ZoneHeadObject> = new Map();
  let last: { readonly key: string; readonly outline: Outline; readonly configuration: Configuration } | undefined;
  return (revision) => {
    const { manifest, objects } = revision;
    const hashOf = (name: string) => manifest.objects[name] ?? '';
    const names = Object.keys(manifest.objects);
    const zones = names.filter((name) => isZoneObject(name) || isCopyHeadObject(name));
    heads = new Map(
      zones.map((name) => [hashOf(name), heads.get(hashOf(name)) ?? readHead(objects.get(hashOf(name)))]),
    );
    const parts = names.filter((name) => !isChunkObject(name) && !isCopyChunkObject(name) && !isKeyringObject(name));
    const key = parts.map((name) => `${name} ${heads.get(hashOf(name))?.text ?? hashOf(name)}`).join('\n');
    if (last?.key !== key) {
      const read = (name: string) => heads.get(hashOf(name))?.value ?? parseJson(objects.get(hashOf(name)) ?? '');
      const outline = readOutline(new Set(names), read);
      if (!outline.ok) return outline;
      const options = { resolveLocation, areRecordsElsewhere: true, isCommitted: true, copies: outline.value.copies };
      const parsed = parseConfiguration(outline.value.document, options);
      if (!parsed.ok) return readWhole(revision, resolveLocation) ?? parsed;
      last = { key, outline: outline.value, configuration: parsed.value };
    }
    const { outline, configuration } = last;
    return { ok: true, value: { configuration, records: listRecords(configuration, outline, hashOf) } };
  };
}

type ZoneHeadObject = { readonly value: unknown; readonly text: string };

function readHead(text: string | undefined): ZoneHeadObject {
  const value = readZoneHead(text ?? '');
  return { value, text: JSON.stringify(value) ?? '' };
}

function listRecords(
  { zones }: Configuration,
  { recordObjects }: Outline,
  hashOf: (name: string) => string,
): StatedRecords[] {
  return zones.map(({ name }, index) => {
    const { zoneObject = '', chunks = [], isCopied = false } = recordObjects[index] ?? {};
    const hashes = (chunks.length > 0 ? chunks : [zoneObject]).map(hashOf);
    return { zone: name, hashes, ...(isCopied && { isCopied }) };
  });
}

/** Where something is wrong, all that is wrong is told, of the records too; undefined where only the outline is faulty. */
function readWhole(revision: Revision, resolveLocation: LocationResolver): Parsed<never> | undefined {
  const document = joinObjects(textsByName(revision));
  const parsed = document.ok
    ? parseConfiguration(document.value, { resolveLocation, checkRecordData, isCommitted: true })
    : document;
  return parsed.ok ? undefined : parsed;
}

function textsByName({ manifest, objects }: Revision): Map<string, string> {
  return new Map(Object.entries(manifest.objects).map(([name, hash]) => [name, objects.get(hash) ?? '']));
}
