// From the objects of a revision to the configuration that they state.

import type { Configuration } from '../model/configuration.ts';
import { joinObjects } from '../model/objects.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import type { ParseOptions } from '../model/parse-context.ts';
import type { Parsed } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import { checkRecordData } from '../zone/check-record-data.ts';

export type LocationResolver = ParseOptions['resolveLocation'];

/** Everything that is wrong with it, if anything: a store may hold what an older or newer version wrote. */
export function readRevision(
  { manifest, objects }: Revision,
  resolveLocation: LocationResolver,
): Parsed<Configuration> {
  const texts = new Map<string, string>();
  for (const [name, hash] of Object.entries(manifest.objects)) texts.set(name, objects.get(hash) ?? '');
  const document = joinObjects(texts);
  return document.ok ? parseConfiguration(document.value, { resolveLocation, checkRecordData }) : document;
}
