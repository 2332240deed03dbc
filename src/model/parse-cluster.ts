// Clusters and their endpoints: document to model, with every default filled in and every address in its canonical form.

import { formatAddress, parseAddress } from './address.ts';
import { refuseAnswerAddress } from './answer-address.ts';
import type {
  Cluster,
  ClusterDocument,
  Endpoint,
  EndpointDocument,
  EndpointTarget,
  HealthyWhen,
  MinHealthy,
} from './cluster.ts';
import { parseHost } from './name.ts';
import { checkReference, checkUnique, locateKeys, type ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import { readShare } from './scalar.ts';

/** Undefined when the cluster cannot be used; problems may be reported all the same. */
export function parseCluster(document: ClusterDocument, path: string, context: ParseContext): Cluster | undefined {
  const { id, region, weight, capacity } = document;
  const { report, declared } = context;
  checkReference(report, joinPointer(path, 'region'), 'region', region, declared.regions);
  const endpointsPath = joinPointer(path, 'endpoints');
  checkUnique(report, locateKeys(document.endpoints, endpointsPath, 'id'), 'endpoint');
  const parsed = document.endpoints.map((endpoint, index) =>
    parseEndpoint(endpoint, joinPointer(endpointsPath, index), context),
  );
  const endpoints = parsed.filter((endpoint) => endpoint !== undefined);
  checkTargets(parsed, endpointsPath, context);
  const monitors = parseMonitors(document, path, context);
  const minHealthy = parseMinHealthy(document, path, context);
  if (minHealthy === undefined || endpoints.length < parsed.length) return undefined;
  return {
    id,
    region,
    monitors,
    healthyWhen: parseHealthyWhen(document, monitors, path, context),
    balance: parseBalance(document, endpoints, path, context),
    minHealthy,
    ...(weight !== undefined && { weight }),
    ...(capacity !== undefined && { capacity }),
    endpoints,
  };
}

/** Those that it names, under whichever key. */
function parseMonitors(
  { id, monitor, monitors }: ClusterDocument,
  path: string,
  { report, declared }: ParseContext,
): readonly string[] {
  const at = joinPointer(path, 'monitors');
  if (monitor !== undefined && monitors !== undefined) {
    report(at, `the cluster "${id}" has "monitor" and "monitors": write all of them under "monitors".`);
  }
  if (monitor !== undefined) {
    checkReference(report, joinPointer(path, 'monitor'), 'monitor', monitor, declared.monitors);
  }
  const listed = (monitors ?? []).map((value, index) => ({ path: joinPointer(at, index), value }));
  for (const item of listed) checkReference(report, item.path, 'monitor', item.value, declared.monitors);
  checkUnique(report, listed, 'monitor');
  return monitors ?? (monitor === undefined ? [] : [monitor]);
}

function parseHealthyWhen(
  { healthyWhen = 'all' }: ClusterDocument,
  monitors: readonly string[],
  path: string,
  { report }: ParseContext,
): HealthyWhen {
  if (typeof healthyWhen === 'object' && healthyWhen.atLeast > monitors.length) {
    const has = monitors.length === 1 ? 'one monitor' : `${monitors.length} monitors`;
    const message = `asks for ${healthyWhen.atLeast} monitors, but the cluster has ${has}: it could never be healthy.`;
    report(joinPointer(joinPointer(path, 'healthyWhen'), 'atLeast'), message, [joinPointer(path, 'monitors')]);
  }
  return healthyWhen;
}

function parseEndpoint(document: EndpointDocument, path: string, context: ParseContext): Endpoint | undefined {
  const { id, weight = 100, capacity } = document;
  const target = parseTarget(document, path, context);
  const check = parseCheckPlace(document, path, context);
  return target && check && { id, target, weight, ...(capacity !== undefined && { capacity }), check };
}

function parseTarget(document: EndpointDocument, path: string, context: ParseContext): EndpointTarget | undefined {
  const { address, target } = document;
  if (address === undefined && target === undefined) {
    context.report(path, `the endpoint "${document.id}" needs an address, or a target (the name of a CNAME record).`);
    return undefined;
  }
  if (address !== undefined && target !== undefined) {
    context.report(path, `the endpoint "${document.id}" has an address and a target: keep one of them.`);
    return undefined;
  }
  if (target !== undefined) return parseTargetName(target, joinPointer(path, 'target'), context);
  return parseTargetAddress(address ?? '', joinPointer(path, 'address'), context);
}

function parseTargetName(text: string, path: string, context: ParseContext): EndpointTarget | undefined {
  const host = parseHost(text);
  if (host.ok && host.name.includes('.') && parseAddress(host.name) === undefined) {
    return { family: 'CNAME', target: host.name };
  }
  const fault = host.ok
    ? 'is no full host name: write an address under "address", or a name with its domain'
    : host.fault;
  context.report(path, `the target "${text}" ${fault}.`);
  return undefined;
}

function parseTargetAddress(text: string, path: string, context: ParseContext): EndpointTarget | undefined {
  const address = parseAddress(text);
  if (address === undefined) {
    const advice = looksLikeName(text) ? 'put a host name under "target"' : 'write it as 192.0.2.1 or 2001:db8::1';
    context.report(path, `"${text}" is no IPv4 or IPv6 address: ${advice}.`);
    return undefined;
  }
  const refusal = refuseAnswerAddress(address);
  if (refusal !== undefined) {
    context.report(path, `${text} ${refusal}. Give the address at which clients reach the endpoint.`);
    return undefined;
  }
  return { family: address.family === 4 ? 'A' : 'AAAA', address: formatAddress(address) };
}

function looksLikeName(text: string): boolean {
  return parseHost(text).ok && /[a-z]/i.test(text);
}

function parseCheckPlace(
  document: EndpointDocument,
  path: string,
  context: ParseContext,
): Endpoint['check'] | undefined {
  const { address: text, port } = document.check ?? {};
  const withPort = port === undefined ? {} : { port };
  if (text === undefined) return withPort;
  const address = parseAddress(text);
  if (address === undefined) {
    const at = joinPointer(joinPointer(path, 'check'), 'address');
    context.report(at, `"${text}" is no IPv4 or IPv6 address: write it as 192.0.2.1 or 2001:db8::1.`);
    return undefined;
  }
  return { address: formatAddress(address), ...withPort };
}

/** All endpoints are addresses or all are targets, and none is there twice. Reports at the first that departs. */
function checkTargets(endpoints: readonly (Endpoint | undefined)[], path: string, context: ParseContext): void {
  const first = endpoints.find((endpoint) => endpoint !== undefined);
  const isName = first?.target.family === 'CNAME';
  const firsts = new Map<string, string>();
  for (const [index, endpoint] of endpoints.entries()) {
    if (endpoint === undefined) continue;
    const { id, target } = endpoint;
    const at = joinPointer(path, index);
    if ((target.family === 'CNAME') !== isName) {
      const message =
        'a cluster hands out addresses or target names, never both: give these endpoints a cluster of their own.';
      const firstPath = joinPointer(path, endpoints.indexOf(first));
      context.report(at, message, [joinPointer(firstPath, 'address'), joinPointer(firstPath, 'target')]);
      return;
    }
    const text = target.family === 'CNAME' ? target.target : target.address;
    const twin = firsts.get(text);
    if (twin !== undefined) {
      context.report(
        at,
        `${text} is the endpoint "${twin}" already: for more of the traffic raise the weight of that one.`,
      );
    } else firsts.set(text, id);
  }
}

function parseMinHealthy(document: ClusterDocument, path: string, context: ParseContext): MinHealthy | undefined {
  const { minHealthy = 1, endpoints } = document;
  const at = joinPointer(path, 'minHealthy');
  if (typeof minHealthy === 'string') {
    const share = minHealthy.endsWith('%') ? readShare(minHealthy) : undefined;
    if (share !== undefined && share > 0) return { share };
    context.report(at, `must be a number of endpoints, or a percentage above 0 such as "50%", not "${minHealthy}".`);
    return undefined;
  }
  if (minHealthy > endpoints.length) {
    const message = `asks for ${minHealthy} healthy endpoints, but the cluster has ${endpoints.length}: it could never be healthy.`;
    context.report(at, message, [joinPointer(path, 'endpoints')]);
  }
  return { count: minHealthy };
}

function parseBalance(
  document: ClusterDocument,
  endpoints: readonly Endpoint[],
  path: string,
  context: ParseContext,
): Cluster['balance'] {
  const hasTargets = endpoints[0]?.target.family === 'CNAME';
  const { balance = hasTargets ? 'weighted' : 'all' } = document;
  if (balance === 'all' && hasTargets && endpoints.length > 1) {
    const message =
      'a name has one CNAME record only (RFC 2181 section 10.1), so "all" cannot hold for targets: use weighted or round-robin.';
    context.report(joinPointer(path, 'balance'), message);
  }
  return balance;
}
