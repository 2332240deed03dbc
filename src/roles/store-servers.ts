// The servers of the store as an operator sees them: in the log when one goes or comes back, in metrics, and among the
// reasons of `azimuth status` and /readyz.

import type { Logger } from 'pino';
import type { StoreServer } from '../store/store-server.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';

type ServerLogger = Pick<Logger, 'info' | 'warn'>;

export function logStoreServers(servers: readonly StoreServer[], logger: ServerLogger): void {
  for (const { name: server, counters, onPresence } of servers) {
    let primaryChanges = 0;
    onPresence((isConnected, reason) => {
      if (!isConnected) return logger.warn({ server, reason }, 'a server of the store is gone');
      const isOther = counters.primaryChanges > primaryChanges;
      primaryChanges = counters.primaryChanges;
      logger.info({ server }, isOther ? 'connected to another primary of the store' : 'connected to the store');
    });
  }
}

export function addStoreMetrics(metrics: Metrics, servers: readonly StoreServer[]): void {
  metrics.addGauge({
    name: 'azimuth_store_connected',
    help: '1 where the server of the store, or whichever is its primary, is connected to.',
    labels: ['server'],
    collect: (set) => {
      for (const { name, isConnected } of servers) set(isConnected === true ? 1 : 0, { server: name });
    },
  });
  for (const [key, name, help] of [
    ['losses', 'azimuth_store_connections_lost_total', 'Connections to the store that broke after they had stood.'],
    ['primaryChanges', 'azimuth_store_primary_changes_total', 'Failovers of the store that were followed.'],
    ['droppedWrites', 'azimuth_store_dropped_writes_total', 'Writes of slots and load reports that were not taken.'],
  ] as const) {
    metrics.addCounter({
      name,
      help,
      labels: ['server'],
      collect: (set) => {
        for (const { name: server, counters } of servers) set(counters[key], { server });
      },
    });
  }
}

/** Of several servers those that are gone, in words: with one alone whoever follows it says so. */
export function describeAbsentServers(servers: readonly StoreServer[]): readonly string[] {
  if (servers.length < 2) return [];
  const isAnyThere = servers.some(({ isConnected }) => isConnected === true);
  return servers.flatMap(({ name, isConnected }, place) => {
    if (isConnected !== false) return [];
    const cost = place === 0 ? 'the configuration cannot be changed' : 'health goes through the others';
    return [`${name} is gone${isAnyThere || place === 0 ? `: ${cost}` : ''}`];
  });
}
