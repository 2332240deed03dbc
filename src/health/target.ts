// A target: one thing to check, that is one endpoint of a cluster by one of its monitors. Its id names the endpoint and what is
// checked of it, so that a vote about an old address, port or path can never be counted for the new one; what only says
// how often and how strictly (timing, quorum) is not part of it, so that tuning a monitor forgets nothing.

import type { Cluster, Endpoint } from '../model/cluster.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Check, Monitor, MonitorTiming } from '../model/monitor.ts';
import { hash52 } from './hash.ts';

export type Target = {
  /** `cluster/endpoint#hash`, e.g. `web-eu/a#1k2m9x0qz3a`. */
  readonly id: string;
  readonly cluster: string;
  readonly endpoint: string;
  readonly monitor: string;
  /** Where to connect: an IP address, or a host name that is resolved at every check. */
  readonly address: string;
  /** 0 where the check has none (icmp). */
  readonly port: number;
  /** Host header and TLS server name: the monitor's `host`, else what clients get as the answer. */
  readonly serverName: string;
  readonly check: Check;
  readonly timing: MonitorTiming;
};

/**
 * Every target of a configuration: by cluster, each endpoint in order, and of each the cluster's monitors in order. Clusters
 * without a monitor have none.
 */
export function listTargets(configuration: Configuration): readonly Target[] {
  const plans = new Map(configuration.monitors.map((monitor) => [monitor.id, planChecks(monitor)]));
  return configuration.clusters.flatMap((cluster) => {
    const ofCluster = cluster.monitors.flatMap((id) => plans.get(id) ?? []);
    return cluster.endpoints.flatMap((endpoint) => ofCluster.map((plan) => describeTarget(cluster, endpoint, plan)));
  });
}

/** What the targets of one monitor have in common. */
export type CheckPlan = {
  readonly check: Check;
  readonly timing: MonitorTiming;
  /** A hash of the check without its port, which is the endpoint's to change. */
  readonly digest: number;
};

export function planChecks(monitor: Monitor): CheckPlan {
  const { check, ...timing } = monitor;
  return { check, timing, digest: hash52(canonicalText({ ...check, port: undefined })) };
}

/** The target of one endpoint. */
export function describeTarget(cluster: Cluster, endpoint: Endpoint, { check, timing, digest }: CheckPlan): Target {
  const answer = endpoint.target.family === 'CNAME' ? endpoint.target.target : endpoint.target.address;
  const address = endpoint.check.address ?? answer;
  const port = 'port' in check ? (endpoint.check.port ?? check.port) : 0;
  const serverName = 'host' in check && check.host !== undefined ? check.host : answer;
  const identity = hash52(`${digest} ${address} ${port} ${serverName}`);
  return {
    id: `${cluster.id}/${endpoint.id}#${identity.toString(36).padStart(11, '0')}`,
    cluster: cluster.id,
    endpoint: endpoint.id,
    monitor: timing.id,
    address,
    port,
    serverName,
    check,
    timing,
  };
}

/** JSON with sorted keys, so that the order in which a document was written does not matter. */
function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`).join()}}`;
}
