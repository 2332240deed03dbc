// What the api role exposes of the keys of signed zones. Names and meanings: docs/metrics.md.

import type { Metrics } from '../telemetry/create-metrics.ts';
import type { KeyKeeper } from './key-keeper.ts';

export function addKeyMetrics(metrics: Metrics, keeper: Pick<KeyKeeper, 'states'>): void {
  metrics.addGauge({
    name: 'azimuth_dnssec_keys',
    help: 'Keys of signed zones by role, and by where their DNSKEY is.',
    labels: ['zone', 'role', 'phase'],
    collect: (set) => {
      for (const { zone, keyring } of keeper.states()) {
        const counts = new Map<string, { role: string; phase: string; count: number }>();
        for (const { role, dnskey } of keyring.keys) {
          const known = counts.get(`${role} ${dnskey.name}`);
          counts.set(`${role} ${dnskey.name}`, { role, phase: dnskey.name, count: (known?.count ?? 0) + 1 });
        }
        for (const { role, phase, count } of counts.values()) set(count, { zone, role, phase });
      }
    },
  });
  metrics.addGauge({
    name: 'azimuth_dnssec_next_step_timestamp_seconds',
    help: 'When the next step of the keys of a zone is due; absent while none is.',
    labels: ['zone'],
    collect: (set) => {
      for (const { zone, nextAtMs } of keeper.states()) if (nextAtMs !== undefined) set(nextAtMs / 1000, { zone });
    },
  });
  metrics.addGauge({
    name: 'azimuth_dnssec_parent_seen_timestamp_seconds',
    help: 'When the parent of a signed zone last answered what DS it has.',
    labels: ['zone'],
    collect: (set) => {
      for (const { zone, parent } of keeper.states()) if (parent?.ok === true) set(parent.atMs / 1000, { zone });
    },
  });
  metrics.addGauge({
    name: 'azimuth_dnssec_awaits_parent',
    help: '1 while something was asked of the parent that it is not seen to have done.',
    labels: ['zone'],
    collect: (set) => {
      for (const { zone, awaitsParent } of keeper.states()) set(awaitsParent ? 1 : 0, { zone });
    },
  });
}
