// Small configurations, targets and slots for the tests of health/ and probe/.

import type { SeenSlot } from '../../../src/health/liveness.ts';
import type { Slot, TargetVote, Vote } from '../../../src/health/slot.ts';
import { listTargets, type Target } from '../../../src/health/target.ts';
import type { Cluster, Endpoint } from '../../../src/model/cluster.ts';
import type { Configuration } from '../../../src/model/configuration.ts';
import type { Monitor, MonitorTiming } from '../../../src/model/monitor.ts';
import type { Region } from '../../../src/model/region.ts';

export const TIMING: MonitorTiming = {
  id: 'web',
  intervalMs: 1000,
  timeoutMs: 300,
  fall: 3,
  rise: 2,
  quorum: 'majority',
};

export const TCP_MONITOR: Monitor = { ...TIMING, check: { type: 'tcp', port: 80 } };

export const HTTP_MONITOR: Monitor = {
  ...TIMING,
  check: {
    type: 'http',
    port: 80,
    method: 'GET',
    path: '/healthz',
    verifyCertificate: true,
    expect: { status: [{ low: 200, high: 299 }] },
  },
};

export function region(id: string, changes: Partial<Region> = {}): Region {
  return { id, name: id, location: { latitude: 0, longitude: 0 }, bias: 0, state: 'enabled', ...changes };
}

export function endpoint(id: string, address: string, changes: Partial<Endpoint> = {}): Endpoint {
  const family = address.includes(':') ? 'AAAA' : 'A';
  return { id, target: { family, address }, weight: 1, check: {}, ...changes };
}

const PLAIN = { healthyWhen: 'all', balance: 'all', minHealthy: { count: 1 } } as const;

export function cluster(id: string, endpoints: readonly Endpoint[], changes: Partial<Cluster> = {}): Cluster {
  return { id, region: 'eu', monitors: ['web'], ...PLAIN, endpoints, ...changes };
}

export function configuration(changes: Partial<Configuration> = {}): Configuration {
  return {
    zones: [],
    regions: [region('eu')],
    vantages: [{ id: 'v1' }, { id: 'v2' }, { id: 'v3' }],
    monitors: [TCP_MONITOR],
    clusters: [],
    services: [],
    overrides: [],
    ...changes,
  };
}

/** `count` targets, 203.0.113.1 and on, under one monitor. */
export function targets(count: number, timing: Partial<MonitorTiming> = {}): readonly Target[] {
  const endpoints = Array.from({ length: count }, (_, index) => endpoint(`e${index}`, `203.0.113.${index + 1}`));
  const monitors = [{ ...TCP_MONITOR, ...timing }];
  return listTargets(configuration({ monitors, clusters: [cluster('web-eu', endpoints)] }));
}

export function slot(vantage: string, worker: string, votes: Readonly<Record<string, Vote>>, sequence = 1): Slot {
  return { vantage, worker, epoch: 1, sequence, votes: Object.entries(votes).map(([id, vote]) => voteOn(id, vote)) };
}

export function voteOn(target: string, vote: Vote): TargetVote {
  return { target, vote, reason: vote === 'up' ? '' : 'connection refused' };
}

export function alive(seen: Slot): SeenSlot {
  return { slot: seen, alive: true };
}

export function stale(seen: Slot): SeenSlot {
  return { slot: seen, alive: false };
}
