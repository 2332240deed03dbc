// Lays services, clusters and endpoints out as flat tables. Ids become indices here; from here on nothing knows names.

import { PICK_ALL, PICK_LEAST_CONNECTIONS, PICK_ROUND_ROBIN, PICK_WEIGHTED } from '../load/choose.ts';
import { octetsOfAddress, parseAddress } from '../model/address.ts';
import type { Cluster, EndpointTarget } from '../model/cluster.ts';
import type { Configuration } from '../model/configuration.ts';
import { FAMILY_BITS } from '../model/family-bits.ts';
import type { LastResort, PickBy, RankRule, Service } from '../model/service.ts';
import type { Ranking, RankingRule } from '../steering/ranking.ts';
import { parseNameText } from '../wire/name.ts';
import { compileBindings } from './compile-bindings.ts';
import { sharedFloat32From, sharedInt32From, sharedUint8, sharedUint8From, sharedUint16From } from './shared-array.ts';
import type { ClusterTable, EndpointTable, ServiceTable } from './snapshot.ts';
import { LAST_RESORT_CLUSTER, LAST_RESORT_FAIL_OPEN, LAST_RESORT_REFUSE, NONE } from './snapshot.ts';

export type CompiledServices = {
  readonly services: ServiceTable;
  readonly clusters: ClusterTable;
  readonly endpoints: EndpointTable;
  /** Every distinct ranking, in the order of `services.rankings`' indices. */
  readonly rankings: readonly Ranking[];
};

export function compileServices(configuration: Configuration): CompiledServices {
  const { services, clusters } = configuration;
  const zoneIndex = new Map(configuration.zones.map(({ name }, index) => [name, index]));
  const clusterIndex = indexById(clusters);
  const clusterFamilies = clusters.map(familiesOf);
  const members = services.map((service) => service.clusters.map((id) => clusterIndex.get(id) ?? NONE));
  const { rankings, rankingOf } = shareRankings(configuration);
  return {
    services: {
      ids: services.map(({ id }) => id),
      zones: sharedInt32From(services.map(({ zone }) => zoneIndex.get(zone) ?? NONE)),
      rankings: sharedInt32From(rankingOf),
      clusterStarts: sharedInt32From(startsOf(members)),
      clusters: sharedInt32From(members.flat()),
      families: sharedUint8From(members.map((ids) => ids.reduce((set, id) => set | (clusterFamilies[id] ?? 0), 0))),
      picks: sharedUint8From(services.map(({ pick }) => PICK_CODES[pick.by])),
      answerCounts: sharedUint8From(services.map(({ pick }) => pick.answers ?? 0)),
      shedLows: sharedFloat32From(services.map(({ pick }) => pick.shed.low)),
      shedHighs: sharedFloat32From(services.map(({ pick }) => pick.shed.high)),
      ttlMins: sharedInt32From(services.map(({ ttl }) => ttl.minSeconds)),
      ttlMaxs: sharedInt32From(services.map(({ ttl }) => ttl.maxSeconds)),
      lastResorts: sharedUint8From(services.map(({ lastResort }) => LAST_RESORT_CODES[lastResort.kind])),
      lastResortPositions: sharedInt32From(services.map(lastResortPosition)),
      bindings: compileBindings(services),
    },
    clusters: {
      ids: clusters.map(({ id }) => id),
      regions: clusters.map(({ region }) => region),
      endpointStarts: sharedInt32From(startsOf(clusters.map(({ endpoints }) => endpoints))),
      families: sharedUint8From(clusterFamilies),
      balances: sharedUint8From(clusters.map(({ balance }) => PICK_CODES[balance])),
      weights: sharedInt32From(clusters.map(({ weight }) => weight ?? NONE)),
    },
    endpoints: compileEndpoints(clusters),
    rankings,
  };
}

const PICK_CODES: Readonly<Record<PickBy, number>> = {
  weighted: PICK_WEIGHTED,
  'round-robin': PICK_ROUND_ROBIN,
  'least-connections': PICK_LEAST_CONNECTIONS,
  all: PICK_ALL,
};

const LAST_RESORT_CODES: Readonly<Record<LastResort['kind'], number>> = {
  'fail-open': LAST_RESORT_FAIL_OPEN,
  refuse: LAST_RESORT_REFUSE,
  cluster: LAST_RESORT_CLUSTER,
};

function compileEndpoints(clusters: readonly Cluster[]): EndpointTable {
  const endpoints = clusters.flatMap((cluster) => cluster.endpoints.map((endpoint) => ({ cluster, endpoint })));
  const data = endpoints.map(({ endpoint }) => targetData(endpoint.target));
  const packed = sharedUint8(data.reduce((bytes, record) => bytes + record.length, 0));
  const dataStarts = startsOf(data);
  for (const [index, record] of data.entries()) packed.set(record, dataStarts[index] ?? 0);
  return {
    ids: endpoints.map(({ cluster, endpoint }) => `${cluster.id}/${endpoint.id}`),
    clusters: sharedInt32From(clusters.flatMap((cluster, index) => cluster.endpoints.map(() => index))),
    families: sharedUint8From(endpoints.map(({ endpoint }) => FAMILY_BITS[endpoint.target.family])),
    weights: sharedUint16From(endpoints.map(({ endpoint }) => endpoint.weight)),
    dataStarts: sharedInt32From(dataStarts),
    dataLengths: sharedUint16From(data.map(({ length }) => length)),
    data: packed,
  };
}

/** The target as record data: what a validated configuration holds always has one. */
function targetData(target: EndpointTarget): Uint8Array {
  if (target.family === 'CNAME') {
    const name = parseNameText(`${target.target}.`);
    if (!(name instanceof Uint8Array)) throw new Error(`endpoint target ${target.target} passed validation as a name`);
    return name;
  }
  const address = parseAddress(target.address);
  if (address === undefined) throw new Error(`endpoint address ${target.address} passed validation as an address`);
  return octetsOfAddress(address);
}

function familiesOf(cluster: Cluster): number {
  return cluster.endpoints.reduce((set, { target }) => set | FAMILY_BITS[target.family], 0);
}

function lastResortPosition(service: Service): number {
  return service.lastResort.kind === 'cluster' ? service.clusters.indexOf(service.lastResort.cluster) : NONE;
}

/** Services whose clusters stand in the same places under the same rules share a ranking, and so its compiled map. */
function shareRankings(configuration: Configuration): { rankings: Ranking[]; rankingOf: number[] } {
  const regions = new Map(configuration.regions.map((region) => [region.id, region]));
  const clusters = new Map(configuration.clusters.map((cluster) => [cluster.id, cluster]));
  const known = new Map<string, number>();
  const rankings: Ranking[] = [];
  const rankingOf = configuration.services.map((service) => {
    const candidates = service.clusters.map((id) => {
      const region = regions.get(clusters.get(id)?.region ?? '');
      if (region === undefined)
        throw new Error(`cluster ${id} of service ${service.id} passed validation without a region`);
      return { ...region.location, bias: region.bias };
    });
    const ranking: Ranking = { candidates, rules: service.rank.map((rule) => positionRule(rule, service.clusters)) };
    const key = JSON.stringify(ranking);
    const index = known.get(key) ?? rankings.push(ranking) - 1;
    known.set(key, index);
    return index;
  });
  return { rankings, rankingOf };
}

function positionRule(rule: RankRule, clusters: readonly string[]): RankingRule {
  if (rule.kind !== 'match') return rule;
  return { ...rule, use: rule.use.map((id) => clusters.indexOf(id)) };
}

function indexById(items: readonly { readonly id: string }[]): Map<string, number> {
  return new Map(items.map(({ id }, index) => [id, index]));
}

/** Where each of several lists begins when they stand one behind another; with one entry more, the end. */
function startsOf(lists: readonly { readonly length: number }[]): number[] {
  const starts = [0];
  for (const { length } of lists) starts.push((starts.at(-1) ?? 0) + length);
  return starts;
}
