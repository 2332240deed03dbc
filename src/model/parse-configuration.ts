// A configuration as people write it → the configuration that the program works with, or every problem in it at once.
// First the shape of each entity, then what it says, then what all of them say together. An entity whose shape is wrong in
// one place is still examined in the others, and its id still counts, so that one fault is one problem.

import { checkNames } from './check-names.ts';
import { compileShape, type Shape, salvageShape } from './check-shape.ts';
import { ClusterSchema } from './cluster.ts';
import { ConfigurationSchema, type WholeConfiguration } from './configuration.ts';
import { MonitorSchema } from './monitor.ts';
import { parseOwner } from './name.ts';
import { OverrideSchema } from './override.ts';
import { parseCluster } from './parse-cluster.ts';
import {
  checkUnique,
  collectDeclared,
  isRecord,
  type Located,
  locateKeys,
  type ParseContext,
  type ParseOptions,
} from './parse-context.ts';
import { parseMonitor } from './parse-monitor.ts';
import { parseOverride } from './parse-override.ts';
import { parseRegion, parseVantage } from './parse-region.ts';
import { parseService } from './parse-service.ts';
import { parseZone } from './parse-zone.ts';
import { joinPointer } from './pointer.ts';
import type { Parsed } from './problem.ts';
import { createProblemList, type ProblemList, type Report } from './problem-list.ts';
import { RegionSchema } from './region.ts';
import { repairShape } from './repair-shape.ts';
import { ServiceSchema } from './service.ts';
import { LOCAL_VANTAGE_ID, VantageSchema } from './vantage.ts';
import { ZoneSchema } from './zone.ts';

export const ZONE_SHAPE = compileShape(ZoneSchema);
export const REGION_SHAPE = compileShape(RegionSchema);
export const VANTAGE_SHAPE = compileShape(VantageSchema);
export const MONITOR_SHAPE = compileShape(MonitorSchema);
export const CLUSTER_SHAPE = compileShape(ClusterSchema);
export const SERVICE_SHAPE = compileShape(ServiceSchema);
export const OVERRIDE_SHAPE = compileShape(OverrideSchema);

/** Never throws, whatever the document is, as long as it is made of JSON values. */
export function parseConfiguration(document: unknown, options: ParseOptions): Parsed<WholeConfiguration> {
  const problems = createProblemList();
  checkOutline(document, problems);
  if (!isRecord(document)) return { ok: false, problems: problems.toArray() };
  const context: ParseContext = { ...options, declared: collectDeclared(document), report: problems.report };
  const list = <Document, Value>(key: string, parser: Parser<Document, Value>) =>
    parseList(document[key], joinPointer('', key), parser, context, problems);

  const zones = list('zones', { shape: ZONE_SHAPE, parse: parseZone, namedBy: ['name'] });
  const regions = list('regions', { shape: REGION_SHAPE, parse: parseRegion });
  const vantages = list('vantages', { shape: VANTAGE_SHAPE, parse: parseVantage });
  const monitors = list('monitors', { shape: MONITOR_SHAPE, parse: parseMonitor });
  const clusters = list('clusters', { shape: CLUSTER_SHAPE, parse: parseCluster });
  const services = list('services', { shape: SERVICE_SHAPE, parse: parseService, namedBy: ['name', 'zone'] });
  const overrides = list('overrides', { shape: OVERRIDE_SHAPE, parse: parseOverride });
  checkIds(document, problems.report);
  checkNames(valuesOf(zones), services, valuesOf(clusters), problems.report, options.areRecordsElsewhere);

  const found = problems.toArray();
  if (found.length > 0) return { ok: false, problems: found };
  const value = {
    zones: zones.map((zone) => zone.value.value),
    regions: valuesOf(regions),
    vantages: document['vantages'] === undefined ? [{ id: LOCAL_VANTAGE_ID }] : valuesOf(vantages),
    monitors: valuesOf(monitors),
    clusters: valuesOf(clusters),
    services: valuesOf(services),
    overrides: valuesOf(overrides),
  };
  return { ok: true, value };
}

type Parser<Document, Value> = {
  readonly shape: Shape<Document>;
  readonly parse: (document: Document, path: string, context: ParseContext) => Value | undefined;
  /** Keys without which nothing more can be said: what is inside a zone, which service is meant. */
  readonly namedBy?: readonly string[];
};

/** What could be parsed, each with its place. */
function parseList<Document, Value>(
  items: unknown,
  path: string,
  { shape, parse, namedBy = [] }: Parser<Document, Value>,
  context: ParseContext,
  problems: ProblemList,
): readonly Located<Value>[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => {
    if (problems.isFull()) return [];
    const at = joinPointer(path, index);
    const document = salvageShape(shape, item, at, problems);
    const isNamed = namedBy.every((key) => !problems.isDistrusted(joinPointer(at, key)));
    const value = document === undefined || !isNamed ? undefined : parse(document, at, context);
    return value === undefined ? [] : [{ path: at, value }];
  });
}

/** The keys of the document and the lengths of its lists; their items are left to `parseList`. */
function checkOutline(document: unknown, problems: ProblemList): void {
  const { required, properties } = ConfigurationSchema;
  const lists = Object.entries(properties).map(([key, { items: _, ...list }]) => [key, list] as const);
  const outline = { type: 'object', title: 'a configuration: a mapping with zones, regions, clusters …' };
  repairShape({ ...outline, required, properties: Object.fromEntries(lists) }, document, '', problems);
}

function checkIds(document: Readonly<Record<string, unknown>>, report: Report): void {
  const kinds = { regions: 'region', vantages: 'vantage', monitors: 'monitor', clusters: 'cluster' };
  for (const [key, kind] of Object.entries(kinds))
    checkUnique(report, locateKeys(document[key], `/${key}`, 'id'), kind);
  const zones = locateKeys(document['zones'], '/zones', 'name').flatMap(({ path, value }) => {
    const name = parseOwner(value);
    return name.ok ? [{ path, value: name.name }] : [];
  });
  checkUnique(report, zones, 'zone');
  checkUnique(report, locateOverrides(document['overrides']), 'override');
}

/** An override is known by its kind and id. */
function locateOverrides(overrides: unknown): readonly Located<string>[] {
  if (!Array.isArray(overrides)) return [];
  return overrides.flatMap((item: unknown, index) => {
    const isKnown = isRecord(item) && typeof item['kind'] === 'string' && typeof item['id'] === 'string';
    return isKnown ? [{ path: `/overrides/${index}/id`, value: `${item['kind']}/${item['id']}` }] : [];
  });
}

function valuesOf<Value>(items: readonly Located<Value>[]): readonly Value[] {
  return items.map(({ value }) => value);
}
