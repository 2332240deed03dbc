// Services: document to model, with every default filled in. How clients are matched is in parse-rank.ts.

import { MAX_TTL_SECONDS } from './limits.ts';
import { isWithin, parseOwner, parseOwnerInZone } from './name.ts';
import { parseBindings } from './parse-bindings.ts';
import { checkReference, checkUnique, type ParseContext } from './parse-context.ts';
import { parseRank } from './parse-rank.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import { readSeconds, readShare, type ShareDocument } from './scalar.ts';
import type { LastResort, Service, ServiceDocument } from './service.ts';

/** Undefined when the service cannot be used; problems may be reported all the same. */
export function parseService(document: ServiceDocument, path: string, context: ParseContext): Service | undefined {
  const names = parseServiceName(document, path, context);
  checkClusters(document, path, context);
  const ttl = parseTtl(document.ttl, joinPointer(path, 'ttl'), context.report);
  const rank = parseRank(document, joinPointer(path, 'rank'), context.report);
  const pick = parsePick(document.pick ?? {}, joinPointer(path, 'pick'), context.report);
  const lastResort = parseLastResort(document, joinPointer(path, 'lastResort'), context.report);
  const https = parseBindings('HTTPS', document.https ?? [], names?.zone, joinPointer(path, 'https'), context);
  const svcb = parseBindings('SVCB', document.svcb ?? [], names?.zone, joinPointer(path, 'svcb'), context);
  if (names === undefined || ttl === undefined || rank === undefined || pick === undefined) return undefined;
  return { ...names, ttl, clusters: document.clusters, rank, pick, lastResort, https, svcb };
}

function parseServiceName(
  document: ServiceDocument,
  path: string,
  { report, declared }: ParseContext,
): Pick<Service, 'id' | 'zone'> | undefined {
  const zonePath = joinPointer(path, 'zone');
  const namePath = joinPointer(path, 'name');
  const zone = parseOwner(document.zone);
  if (!zone.ok) {
    report(zonePath, `the name "${document.zone}" ${zone.fault}.`);
    return undefined;
  }
  checkReference(report, zonePath, 'zone', zone.name, declared.zones);
  const name = parseOwnerInZone(document.name, zone.name);
  if (!name.ok) {
    report(namePath, `the name "${document.name}" ${name.fault}.`);
    return undefined;
  }
  if (!isWithin(name.name, zone.name)) {
    const message = `${name.name} is outside the zone ${zone.name}: write the name relative to the zone, or name the zone that holds it.`;
    report(namePath, message, [zonePath]);
    return undefined;
  }
  return { id: name.name, zone: zone.name };
}

function checkClusters({ clusters }: ServiceDocument, path: string, { report, declared }: ParseContext): void {
  const at = joinPointer(path, 'clusters');
  const located = clusters.map((value, index) => ({ path: joinPointer(at, index), value }));
  for (const { path: itemPath, value } of located)
    checkReference(report, itemPath, 'cluster', value, declared.clusters);
  checkUnique(report, located, 'cluster');
}

const DEFAULT_TTL = { min: 10, max: 30 };

function parseTtl(document: ServiceDocument['ttl'], path: string, report: Report): Service['ttl'] | undefined {
  if (typeof document !== 'object') {
    const { min, max } = DEFAULT_TTL;
    if (document === undefined) return { minSeconds: min, maxSeconds: max };
    const seconds = parseTtlSeconds(document, path, report);
    return seconds === undefined ? undefined : { minSeconds: seconds, maxSeconds: seconds };
  }
  const minPath = joinPointer(path, 'min');
  const maxPath = joinPointer(path, 'max');
  const givenMin = document.min === undefined ? undefined : parseTtlSeconds(document.min, minPath, report);
  const givenMax = document.max === undefined ? undefined : parseTtlSeconds(document.max, maxPath, report);
  if (document.min !== undefined && givenMin === undefined) return undefined;
  if (document.max !== undefined && givenMax === undefined) return undefined;
  // A bound that is not given follows the one that is.
  const minSeconds = givenMin ?? Math.min(DEFAULT_TTL.min, givenMax ?? DEFAULT_TTL.min);
  const maxSeconds = givenMax ?? Math.max(DEFAULT_TTL.max, minSeconds);
  if (minSeconds <= maxSeconds) return { minSeconds, maxSeconds };
  report(minPath, `the shortest TTL (${minSeconds} s) is above the longest (${maxSeconds} s): swap or change them.`, [
    maxPath,
  ]);
  return undefined;
}

function parseTtlSeconds(document: string | number, path: string, report: Report): number | undefined {
  const seconds = /^\d+$/.test(String(document)) ? Number(document) : readSeconds(document);
  if (seconds !== undefined && seconds <= MAX_TTL_SECONDS) return seconds;
  report(path, `must be a TTL in whole seconds, at most ${MAX_TTL_SECONDS} (a day), not ${JSON.stringify(document)}.`);
  return undefined;
}

function parsePick(
  document: NonNullable<ServiceDocument['pick']>,
  path: string,
  report: Report,
): Service['pick'] | undefined {
  const { by = 'weighted', answers, shed = {} } = document;
  const shedPath = joinPointer(path, 'shed');
  const highPath = joinPointer(shedPath, 'high');
  const low = parseShare(shed.low ?? 0.8, joinPointer(shedPath, 'low'), report);
  const high = parseShare(shed.high ?? 1, highPath, report);
  if (low === undefined || high === undefined) return undefined;
  if (low > high) {
    const message = `traffic would be shed from ${formatShare(low)} of capacity on, yet be gone at ${formatShare(high)}: low must be at most high.`;
    report(joinPointer(shedPath, 'low'), message, [highPath]);
    return undefined;
  }
  return { by, ...(answers !== undefined && { answers }), shed: { low, high } };
}

function parseShare(document: ShareDocument, path: string, report: Report): number | undefined {
  const share = readShare(document);
  if (share === undefined) {
    report(path, `must be a percentage from "0%" to "100%", or a number from 0 to 1, not ${JSON.stringify(document)}.`);
  }
  return share;
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(6))}%`;
}

function parseLastResort({ lastResort, clusters }: ServiceDocument, path: string, report: Report): LastResort {
  if (lastResort === undefined || typeof lastResort === 'string') return { kind: lastResort ?? 'fail-open' };
  const { cluster } = lastResort;
  if (!clusters.includes(cluster)) {
    const message = `"${cluster}" is not among the clusters of this service: add it there, or name one of ${clusters.slice(0, 8).join(', ')}.`;
    report(joinPointer(path, 'cluster'), message, [path.replace(/lastResort$/, 'clusters')]);
  }
  return { kind: 'cluster', cluster };
}
