// The configuration of a fault run: one steered name over three regions, and a record that is changed all the time.

import { ADDRESS, type RegionId, VANTAGES, ZONE } from '../support/fleet.ts';

export const REGIONS: readonly RegionId[] = ['eu', 'us', 'ap'];
const LOCATION: Readonly<Record<RegionId, string>> = { eu: 'aws:eu-west-1', us: 'aws:us-east-1', ap: 'iata:NRT' };

/** From a death to the last wrong answer: what shared budgets allow for a target that falls silent. */
export const DETECTION_LIMIT_MS = 1800;
/** The same on a machine that has other things to do. */
export const LENIENT_DETECTION_MS = 8000;
/** The records that the committers change, one of each api node. */
export const MARKERS = ['marker1', 'marker2'] as const;

export function composeConfiguration(checks: Readonly<Record<RegionId, string>>, port: number): object {
  return {
    zones: [
      {
        name: ZONE,
        soa: { mname: `ns1.${ZONE}`, rname: 'hostmaster.example.com', minimum: 60 },
        ns: [`ns1.${ZONE}`, `ns2.${ZONE}`],
        records: [
          { name: 'ns1', type: 'A', ttl: 3600, data: ['192.0.2.53'] },
          { name: 'ns2', type: 'A', ttl: 3600, data: ['192.0.2.54'] },
          ...MARKERS.map((name) => ({ name, type: 'TXT', ttl: 1, data: ['0'] })),
        ],
      },
    ],
    vantages: VANTAGES.map((id) => ({ id })),
    regions: REGIONS.map((id) => ({ id, location: LOCATION[id] })),
    // A backend that is done this to again and again is no flapper.
    monitors: [
      { id: 'web', type: 'http', path: '/healthz', interval: '1s', timeout: '800ms', fall: 2, maxHoldDown: '0s' },
    ],
    clusters: REGIONS.map((id) => ({
      id: `web-${id}`,
      region: id,
      monitor: 'web',
      endpoints: [{ id: 'a', address: ADDRESS[id], check: { address: checks[id], port } }],
    })),
    services: [
      {
        name: 'www',
        zone: ZONE,
        ttl: { min: 1, max: 20 },
        clusters: REGIONS.map((id) => `web-${id}`),
        rank: [{ by: 'proximity' }],
      },
    ],
  };
}
