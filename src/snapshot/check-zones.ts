// Whether the zones of a document can be served: what compiling them would find, found before the document is committed,
// so that no revision is acknowledged which every node then refuses.

import type { Configuration, ConfigurationDocument } from '../model/configuration.ts';
import { parseRecords } from '../model/parse-record.ts';
import type { Problem } from '../model/problem.ts';
import type { ZoneDocument, ZoneHead } from '../model/zone.ts';
import { compileServices } from './compile-services.ts';
import { compileZone, readZonePart } from './compile-zone.ts';
import { findCrowdedAliases } from './find-crowded-aliases.ts';
import { EMPTY_IMAGE, type ZoneImage } from './zone-image.ts';

/** Zones that were found good, with what their being good depends on. An edit shares the zones that it does not touch. */
export type CheckedZones = WeakMap<ZoneDocument, string>;

/** Everything that is wrong, at most MAX_PROBLEMS a zone. `configuration` is what parsing made of `document`. */
export function checkZones(
  document: ConfigurationDocument,
  configuration: Configuration,
  checked: CheckedZones = new WeakMap(),
): readonly Problem[] {
  const { zones, services } = configuration;
  const byZone = Map.groupBy(services.keys(), (service) => services[service]?.zone ?? '');
  const steered = zones.map(({ name }) => byZone.get(name) ?? []);
  const named = listNamed(configuration);
  const problems: Problem[] = [];
  const found = new Map<ZoneDocument, string>();
  const images = zones.map((zone, index): ZoneImage => {
    const stated = document.zones[index];
    const steeredServices = (steered[index] ?? []).flatMap((service) => services[service] ?? []);
    const isAlias = steeredServices.map(({ clusters }) => clusters.some((cluster) => named.has(cluster)));
    const dependsOn = JSON.stringify([steeredServices.map(({ id }) => id), isAlias]);
    if (stated === undefined || checked.get(stated) === dependsOn) return EMPTY_IMAGE;
    found.set(stated, dependsOn);
    const names = steeredServices.map(({ id }) => id);
    const image = compileZone(zone, [readRecords(stated, zone)], names);
    if (image.ok) return image.value;
    problems.push(...image.problems.map(({ path, message }) => ({ path: `/zones/${index}${path}`, message })));
    return EMPTY_IMAGE;
  });
  if (problems.length === 0 && named.size > 0) {
    problems.push(...findCrowdedAliases(compileServices(configuration).services, steered, images));
  }
  if (problems.length === 0) for (const [zone, dependsOn] of found) checked.set(zone, dependsOn);
  return problems;
}

/** As they are stated, for problems say which one: the model has merged those of one name and type. */
function readRecords({ records = [] }: ZoneDocument, { name }: ZoneHead) {
  return readZonePart(name, parseRecords(records, name).records);
}

/** The clusters that answer with a CNAME. */
function listNamed({ clusters }: Configuration): ReadonlySet<string> {
  const named = clusters.filter(({ endpoints }) => endpoints.some(({ target }) => target.family === 'CNAME'));
  return new Set(named.map(({ id }) => id));
}
