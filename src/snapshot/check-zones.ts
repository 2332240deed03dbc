// Whether the zones of a document can be served: what building them finds, found before the document is committed, so that
// no revision is acknowledged which every node then refuses.

import type { ConfigurationDocument, WholeConfiguration } from '../model/configuration.ts';
import { parseRecords } from '../model/parse-record.ts';
import type { Problem } from '../model/problem.ts';
import type { ZoneDocument } from '../model/zone.ts';
import { draftParts, readZonePart } from './compile-zone.ts';

/** Zones that were found good, with the services that they were good for. An edit shares the zones that it does not touch. */
export type CheckedZones = WeakMap<ZoneDocument, string>;

/** Everything that is wrong, at most MAX_PROBLEMS a zone. `configuration` is what parsing made of `document`. */
export function checkZones(
  document: ConfigurationDocument,
  { zones, services }: WholeConfiguration,
  checked: CheckedZones = new WeakMap(),
): readonly Problem[] {
  const servicesOf = Map.groupBy(services, ({ zone }) => zone);
  return zones.flatMap((zone, index) => {
    const stated = document.zones[index];
    const steeredNames = (servicesOf.get(zone.name) ?? []).map(({ id }) => id);
    const goodFor = steeredNames.join(' ');
    if (stated === undefined || checked.get(stated) === goodFor) return [];
    const drafted = draftParts(zone, [readZonePart(zone.name, zone.records)], steeredNames);
    if (drafted.ok) {
      checked.set(stated, goodFor);
      return [];
    }
    // Once more as they are stated, for problems say which one: the model has merged those of one name and type.
    const { records } = parseRecords(stated.records ?? [], zone.name);
    const asStated = draftParts(zone, [readZonePart(zone.name, records)], steeredNames);
    const { problems } = asStated.ok ? drafted : asStated;
    return problems.map(({ path, message }) => ({ path: `/zones/${index}${path}`, message }));
  });
}
