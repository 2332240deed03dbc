// What overrides and drains are about: `regions/eu-west`, `clusters/web-eu`, `endpoints/web-eu/a`. The kind may be left out
// where the id alone says it: `web-eu/a` is an endpoint, and `eu-west` whichever of region and cluster is called so.

import type { Command } from 'commander';
import type { StatusDocument } from '../api/status-schema.ts';
import { suggestNearest } from '../model/nearest.ts';
import { fail } from './failure.ts';

export type Place = { readonly kind: 'regions' | 'clusters' | 'endpoints'; readonly id: string };

const KINDS: ReadonlyMap<string, Place['kind']> = new Map([
  ['region', 'regions'],
  ['regions', 'regions'],
  ['cluster', 'clusters'],
  ['clusters', 'clusters'],
  ['endpoint', 'endpoints'],
  ['endpoints', 'endpoints'],
]);

/** Ends the command when nothing, or more than one thing, is called so. */
export function findPlace(command: Command, text: string, status: StatusDocument): Place {
  const known = listPlaces(status);
  const [head = '', ...rest] = text.split('/');
  const kind = KINDS.get(head);
  const id = kind === undefined ? text : rest.join('/');
  const matching = known.filter((place) => place.id === id && (kind === undefined || place.kind === kind));
  const [only, other] = matching;
  if (only !== undefined && other === undefined) return only;
  if (only !== undefined) {
    return fail(command, `"${text}" may be any of ${matching.map(formatPlace).join(', ')}: write which`);
  }
  const ids = known.map(formatPlace);
  const advice = suggestNearest(text, kind === undefined ? known.map((place) => place.id) : ids);
  return fail(command, `there is no "${text}"${advice === '' ? ': "azimuth status" lists what there is' : advice}`);
}

export function formatPlace({ kind, id }: Place): string {
  return `${kind}/${id}`;
}

/** Where the API keeps the override of a place. */
export function overridePath(place: Place): string {
  return `/v1/overrides/${formatPlace(place)}`;
}

/** The longest time, in seconds, for which resolvers may keep answers that name something of this place. */
export function longestTtlSeconds(status: StatusDocument, { kind, id }: Place): number {
  const clusters = listClusters(status)
    .filter(({ region, cluster }) => (kind === 'regions' ? region === id : cluster === id.split('/')[0]))
    .map(({ cluster }) => cluster);
  const ttls = status.services
    .filter((service) => service.clusters.some((cluster) => clusters.includes(cluster)))
    .map(({ ttl }) => ttl.max);
  return Math.max(0, ...ttls);
}

function listClusters({ regions }: StatusDocument) {
  return regions.flatMap(({ id: region, clusters }) =>
    clusters.map(({ id: cluster, endpoints }) => ({ region, cluster, endpoints })),
  );
}

function listPlaces(status: StatusDocument): readonly Place[] {
  const clusters = listClusters(status);
  return [
    ...status.regions.map(({ id }) => ({ kind: 'regions', id }) as const),
    ...clusters.map(({ cluster }) => ({ kind: 'clusters', id: cluster }) as const),
    ...clusters.flatMap(({ cluster, endpoints }) =>
      endpoints.map(({ endpoint }) => ({ kind: 'endpoints', id: `${cluster}/${endpoint}` }) as const),
    ),
  ];
}
