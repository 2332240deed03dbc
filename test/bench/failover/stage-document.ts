// The configuration that the bench fails over in: for every backend a service, whose first cluster has that backend alone and
// whose second is a fallback that nobody checks. Every round has names, clusters and so targets of its own: what the workers
// remember of an earlier fault must not move a figure.

export const ZONE = 'gtm.example.com';
export const VANTAGES = ['v1', 'v2', 'v3'] as const;
export const PRIMARY_ADDRESS = '203.0.113.10';
export const FALLBACK_ADDRESS = '203.0.113.20';

/** As in a monitor's document; what is left out has its default. */
export type Timing = {
  readonly interval: string;
  readonly timeout?: string;
  readonly fall?: number;
  readonly rise?: number;
};

export type StageDocument = {
  readonly round: number;
  readonly timing: Timing;
  readonly places: readonly { readonly port: number; readonly monitor: 'http' | 'agent' }[];
};

export const nameOf = (round: number, place: number): string => `s${round}-${place}.${ZONE}`;
export const clusterOf = (round: number, place: number): string => `p${round}-${place}`;

export function composeStageDocument({ round, timing, places }: StageDocument): object {
  const kinds = [...new Set(places.map(({ monitor }) => monitor))];
  return {
    zones: [
      {
        name: ZONE,
        soa: { mname: `ns1.${ZONE}`, rname: 'hostmaster.example.com', minimum: 60 },
        ns: [`ns1.${ZONE}`],
        records: [{ name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.53'] }],
      },
    ],
    vantages: VANTAGES.map((id) => ({ id })),
    regions: [
      { id: 'here', location: 'aws:eu-west-1' },
      { id: 'there', location: 'aws:us-east-1' },
    ],
    monitors: kinds.map((type) => composeMonitor(type, timing)),
    clusters: [
      { id: 'fallback', region: 'there', endpoints: [{ id: 'a', address: FALLBACK_ADDRESS }] },
      ...places.map(({ port, monitor }, place) => ({
        id: clusterOf(round, place),
        region: 'here',
        monitor,
        endpoints: [{ id: 'a', address: PRIMARY_ADDRESS, check: { address: '127.0.0.1', port } }],
      })),
    ],
    services: places.map((_, place) => ({
      name: `s${round}-${place}`,
      zone: ZONE,
      ttl: { min: 1, max: 20 },
      clusters: [clusterOf(round, place), 'fallback'],
      rank: [{ by: 'priority' }],
    })),
  };
}

/** The port is each endpoint's own. */
export function composeMonitor(type: 'http' | 'agent', timing: Timing): object {
  return type === 'http' ? { id: type, type, path: '/healthz', ...timing } : { id: type, type, port: 1, ...timing };
}
