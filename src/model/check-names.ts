// Checks on names that need all zones and services at once: what stands beside a CNAME, below a delegation, in the wrong
// one of two nested zones, under two hats; and name servers that nobody could find.

import { checkMail } from './check-mail.ts';
import { checkTargets } from './check-targets.ts';
import type { Cluster } from './cluster.ts';
import { isWithin, listAncestors } from './name.ts';
import type { Located } from './parse-context.ts';
import type { ParsedZone } from './parse-zone.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import type { Service } from './service.ts';
import type { RecordSet } from './zone.ts';

/** By full name: the zone's records there, each with its place. */
type Owners = ReadonlyMap<string, readonly Located<RecordSet>[]>;
type IndexedZone = ParsedZone & { readonly owners: Owners };
type Zones = ReadonlyMap<string, IndexedZone>;

/** Reports every conflict of names. The lists hold what could be parsed: what could not has its problems already. */
export function checkNames(
  parsedZones: readonly ParsedZone[],
  services: readonly Located<Service>[],
  clusters: readonly Cluster[],
  report: Report,
  areRecordsElsewhere = false,
): void {
  const zones: Zones = new Map(
    parsedZones.map((zone) => [zone.value.name, { ...zone, owners: indexOwners(zone.records) }]),
  );
  const serviceIds = new Map<string, string>();
  for (const { path, value } of services) {
    const first = serviceIds.get(value.id);
    if (first === undefined) serviceIds.set(value.id, path);
    else
      report(
        joinPointer(path, 'name'),
        `the service ${value.id} is there already, at ${first}: merge the two, or rename one.`,
      );
  }
  const targetClusters = new Set(clusters.filter(handsOutTargets).map((cluster) => cluster.id));
  for (const service of services) checkService(service, zones, targetClusters, report);
  if (areRecordsElsewhere) return;
  const aliasClusters = new Map(
    services.map(({ value }) => [value.id, value.clusters.find((cluster) => targetClusters.has(cluster))]),
  );
  for (const zone of zones.values()) {
    checkRedirection(zone, zones, report);
    checkSignedParent(zone, zones, report);
    // What a zone holds that is copied is not known here.
    if (zone.value.primaries !== undefined) continue;
    checkNameServers(zone, zones, serviceIds, report);
    const context = {
      zone: zone.value.name,
      recordsAt: (name: string) => findDeepestZone(name, zones)?.owners.get(name),
      aliasClusterOf: (service: string) => aliasClusters.get(service),
      report,
    };
    for (const records of zone.owners.values()) {
      checkOwner(records, zone, zones, report);
      checkMail(records, report);
      for (const record of records) checkTargets(record, context);
    }
  }
}

function checkService(
  service: Located<Service>,
  zones: Zones,
  targetClusters: ReadonlySet<string>,
  report: Report,
): void {
  const { id, clusters, pick } = service.value;
  const path = joinPointer(service.path, 'name');
  const zone = zones.get(service.value.zone);
  if (zone === undefined) return;
  const nested = findDeepestZone(id, zones);
  if (nested !== undefined && nested.value.name !== zone.value.name) {
    const name = nested.value.name;
    report(
      joinPointer(service.path, 'zone'),
      `${id} lies in the zone ${name}, which is nested in ${zone.value.name}: set the zone to ${name}.`,
    );
    return;
  }
  const cut = findDelegation(id, zone);
  if (cut !== undefined) {
    report(
      path,
      `${id} is delegated away by the NS record at ${cut.path}: take that record out, or steer another name.`,
    );
    return;
  }
  const target = clusters.find((cluster) => targetClusters.has(cluster));
  const records = zone.owners.get(id) ?? [];
  checkBindings(service, records, target, report);
  if (target === undefined) {
    const rival = records.find(({ value }) => ['A', 'AAAA', 'CNAME'].includes(value.type));
    if (rival !== undefined)
      report(
        path,
        `${id} has a static ${rival.value.type} record too, at ${rival.path}: keep the record or the service.`,
      );
    return;
  }
  const reason = `the cluster "${target}" answers with a CNAME record`;
  if (id === zone.value.name) {
    report(
      path,
      `${reason}, which cannot stand beside the SOA at the apex of a zone (RFC 1034 section 3.6.2): use endpoints with addresses.`,
    );
  } else if (records[0] !== undefined) {
    report(
      path,
      `${reason}, beside which ${id} may have no other data (RFC 1034 section 3.6.2): take out ${records[0].path}.`,
    );
  }
  const onlyTargets = clusters.every((cluster) => targetClusters.has(cluster));
  if (onlyTargets && (pick.answers ?? 1) > 1) {
    const at = joinPointer(joinPointer(service.path, 'pick'), 'answers');
    report(at, `${reason}, and there can be only one of those in an answer (RFC 2181 section 10.1): set answers to 1.`);
  }
}

/** What a service states of HTTPS and SVCB stands alone, and not beside a CNAME. */
function checkBindings(
  { path, value }: Located<Service>,
  records: readonly Located<RecordSet>[],
  target: string | undefined,
  report: Report,
): void {
  for (const key of ['https', 'svcb'] as const) {
    if (value[key].length === 0) continue;
    const at = joinPointer(path, key);
    const rival = records.find((record) => record.value.type === key.toUpperCase());
    if (rival !== undefined)
      report(at, `${value.id} has a static ${rival.value.type} record too, at ${rival.path}: keep one or the other.`);
    if (target !== undefined)
      report(
        at,
        `the cluster "${target}" answers with a CNAME record, beside which there may be no ${key.toUpperCase()} record (RFC 1034 section 3.6.2): state it at the name that the CNAME leads to.`,
      );
  }
}

/** A name server within our zones is found only through an address that we serve ourselves. */
function checkNameServers(
  zone: ParsedZone,
  zones: Zones,
  serviceIds: ReadonlyMap<string, string>,
  report: Report,
): void {
  const nsPath = joinPointer(zone.path, 'ns');
  for (const host of zone.value.ns) {
    const home = findDeepestZone(host, zones);
    if (home === undefined || home.value.primaries !== undefined || !isWithin(host, zone.value.name)) continue;
    const hasAddress = home.owners.get(host)?.some(({ value }) => value.type === 'A' || value.type === 'AAAA') ?? false;
    if (hasAddress || serviceIds.has(host)) continue;
    const advice = `add an A or AAAA record for it to the zone ${home.value.name}, or name a server outside`;
    report(nsPath, `the name server ${host} has no address, so nobody could reach the zone: ${advice}.`);
  }
}

/** RFC 6672 section 2.4: below a DNAME there is nothing, so that nobody would ask for a zone that stands there. */
function checkRedirection({ value }: IndexedZone, zones: Zones, report: Report): void {
  for (const above of listAncestors(value.name).slice(1)) {
    const dname = findDeepestZone(above, zones)
      ?.owners.get(above)
      ?.find((record) => record.value.type === 'DNAME');
    if (dname === undefined) continue;
    report(
      dname.path,
      `the zone ${value.name} stands below this DNAME, which leads everybody elsewhere: take one of them out.`,
    );
  }
}

/** RFC 4035 section 5.2: what a signed zone does not delegate is a part of it, whose records must be signed by it. */
function checkSignedParent({ value: { name }, path }: IndexedZone, zones: Zones, report: Report): void {
  const [, above] = listAncestors(name);
  const parent = above === undefined ? undefined : findDeepestZone(above, zones);
  if (
    parent?.value.dnssec === undefined ||
    parent.value.primaries !== undefined ||
    findDelegation(name, parent) !== undefined
  )
    return;
  const reason = `the zone ${parent.value.name} around ${name} is signed, and proves to validators that nothing is delegated there`;
  report(joinPointer(path, 'name'), `${reason}: add NS records at ${name} to the zone ${parent.value.name}.`);
}

/** All records of one name. */
function checkOwner(records: readonly Located<RecordSet>[], zone: IndexedZone, zones: Zones, report: Report): void {
  const [first] = records;
  if (first === undefined) return;
  const cname = records.find(({ value }) => value.type === 'CNAME');
  if (cname !== undefined) checkCname(cname, records, zone, report);
  checkCut(records, report);
  const home = findDeepestZone(first.value.name, zones);
  if (home === undefined || home === zone) return;
  for (const { path, value } of records) {
    // The parent keeps what delegates: NS and DS at the cut, addresses of name servers below it.
    const isAtCut = value.name === home.value.name && (value.type === 'NS' || value.type === 'DS');
    const isGlue = value.type === 'A' || value.type === 'AAAA';
    if (isAtCut || isGlue) continue;
    report(
      joinPointer(path, 'name'),
      `${value.name} lies in the zone ${home.value.name}, which is nested in this one: move the record there.`,
    );
  }
}

/** RFC 6672 section 2.3: beside NS records a DNAME may stand at the apex of a zone only, whose own are not among these. */
function checkCut(records: readonly Located<RecordSet>[], report: Report): void {
  const dname = records.find(({ value }) => value.type === 'DNAME');
  const cut = records.find(({ value }) => value.type === 'NS');
  if (dname === undefined || cut === undefined) return;
  const message = `${dname.value.name} is delegated by the NS record at ${cut.path}, which hides its DNAME: keep one or the other.`;
  report(joinPointer(dname.path, 'type'), message);
}

function checkCname(
  cname: Located<RecordSet>,
  records: readonly Located<RecordSet>[],
  zone: IndexedZone,
  report: Report,
): void {
  const { name } = cname.value;
  const other = records.find(({ value }) => value.type !== 'CNAME');
  const count = new Set(records.filter(({ value }) => value.type === 'CNAME').flatMap(({ value }) => value.data)).size;
  if (name === zone.value.name) {
    report(
      joinPointer(cname.path, 'type'),
      'a CNAME cannot stand beside the SOA at the apex of a zone (RFC 1034 section 3.6.2): use A and AAAA records, or a service.',
    );
  } else if (other !== undefined) {
    report(
      joinPointer(cname.path, 'type'),
      `${name} has ${other.value.type} data too, at ${other.path}: a name with a CNAME has no other data (RFC 1034 section 3.6.2).`,
    );
  }
  if (count > 1) {
    report(
      joinPointer(cname.path, 'data'),
      `${name} has ${count} CNAME targets: a name has one only (RFC 2181 section 10.1).`,
    );
  }
}

/** The NS record below the apex that gives away the name or one above it. */
function findDelegation(name: string, zone: IndexedZone): Located<RecordSet> | undefined {
  for (const above of listAncestors(name)) {
    if (above === zone.value.name) return undefined;
    const cut = zone.owners.get(above)?.find(({ value }) => value.type === 'NS');
    if (cut !== undefined) return cut;
  }
  return undefined;
}

function findDeepestZone(name: string, zones: Zones): IndexedZone | undefined {
  for (const above of listAncestors(name)) {
    const zone = zones.get(above);
    if (zone !== undefined) return zone;
  }
  return undefined;
}

function indexOwners(records: readonly Located<RecordSet>[]): Owners {
  const owners = new Map<string, Located<RecordSet>[]>();
  for (const record of records) {
    const there = owners.get(record.value.name);
    if (there === undefined) owners.set(record.value.name, [record]);
    else there.push(record);
  }
  return owners;
}

function handsOutTargets(cluster: Cluster): boolean {
  return cluster.endpoints[0]?.target.family === 'CNAME';
}
