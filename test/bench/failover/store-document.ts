// A large configuration: thousands of targets, ten of each service.

import { VANTAGES, ZONE } from './stage-document.ts';

const ENDPOINTS_PER_CLUSTER = 10;
const INTERVAL = '5s';

/** `targets`: a multiple of ten. */
export function composeStoreDocument(targets: number): object {
  const clusters = Array.from({ length: targets / ENDPOINTS_PER_CLUSTER }, (_, cluster) => ({
    id: `c${cluster}`,
    region: 'here',
    monitor: 'web',
    endpoints: Array.from({ length: ENDPOINTS_PER_CLUSTER }, (_endpoint, endpoint) => ({
      id: `e${endpoint}`,
      address: addressOf(cluster * ENDPOINTS_PER_CLUSTER + endpoint),
    })),
  }));
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
    regions: [{ id: 'here', location: 'aws:eu-west-1' }],
    monitors: [{ id: 'web', type: 'tcp', port: 80, interval: INTERVAL }],
    clusters,
    services: clusters.map(({ id }) => ({ name: id, zone: ZONE, clusters: [id], rank: [{ by: 'priority' }] })),
  };
}

/** Never connected to: checks are stubbed. */
function addressOf(index: number): string {
  return `11.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`;
}
