// From load reports to load tables. A report counts while it is fresh; who falls silent is treated as someone of whose
// load nothing is known, not as idle and not as full.

import type { Cluster, Endpoint } from '../model/cluster.ts';
import type { LoadReport } from '../model/load-report.ts';

/** A report older than this says nothing any more. Reporters are asked to report every few seconds. */
export const LOAD_REPORT_FRESH_MS = 30_000;

/** One row of a load table: see load-table.ts. */
export type Load = { readonly connections: number; readonly capacity: number; readonly answerCost: number };

/** Nothing known: nothing is shed, and least connections counts the answers that were handed out. */
export const UNKNOWN_LOAD: Load = { connections: 0, capacity: 0, answerCost: 1 };

/** The load of a subject with the given fresh report, whose configured capacity is `capacity`. */
export function loadOf(report: LoadReport | undefined, capacity: number | undefined): Load {
  if (report === undefined) return UNKNOWN_LOAD;
  const limit = report.capacity ?? capacity ?? 0;
  if (report.utilisation !== undefined) {
    if (limit > 0) return { connections: report.utilisation * limit, capacity: limit, answerCost: 1 };
    // Only a share is known, and what one answer adds to it is not.
    return { connections: report.utilisation, capacity: 1, answerCost: 0 };
  }
  return { connections: report.connections ?? 0, capacity: limit, answerCost: 1 };
}

/** What is fresh, by subject: `cluster` or `cluster/endpoint`. */
export type FreshReports = ReadonlyMap<string, LoadReport>;

/** A cluster's load: its own report, or the sum of its endpoints' where every one of them reports. */
export function clusterLoadOf(cluster: Cluster, reports: FreshReports): Load {
  const capacity = cluster.capacity ?? sumOfAll(cluster.endpoints.map((endpoint) => endpoint.capacity));
  const own = reports.get(cluster.id);
  if (own !== undefined) return loadOf(own, capacity);
  const isReported = ({ id }: Endpoint) => endpointReport(cluster, id, reports) !== undefined;
  if (!cluster.endpoints.every(isReported)) return UNKNOWN_LOAD;
  return sumLoads(endpointLoadsOf(cluster, reports), cluster.capacity);
}

/** Connections add up; shares of unknown capacities are averaged; the two together say nothing. */
function sumLoads(loads: readonly Load[], stated: number | undefined): Load {
  const connections = loads.reduce((sum, load) => sum + load.connections, 0);
  const shares = loads.filter(({ answerCost }) => answerCost === 0).length;
  if (shares === loads.length) return { connections: connections / shares, capacity: 1, answerCost: 0 };
  if (shares > 0) return UNKNOWN_LOAD;
  const sum = sumOfAll(loads.map(({ capacity }) => capacity || undefined));
  return { connections, capacity: stated ?? sum ?? 0, answerCost: 1 };
}

/** The loads of a cluster's endpoints, in order. */
export function endpointLoadsOf(cluster: Cluster, reports: FreshReports): Load[] {
  return cluster.endpoints.map(({ id, capacity }) => loadOf(endpointReport(cluster, id, reports), capacity));
}

function endpointReport(cluster: Cluster, endpoint: string, reports: FreshReports): LoadReport | undefined {
  return reports.get(`${cluster.id}/${endpoint}`);
}

/** The sum, if every term is known and there is one. */
function sumOfAll(terms: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const term of terms) {
    if (term === undefined) return undefined;
    sum += term;
  }
  return terms.length > 0 ? sum : undefined;
}
