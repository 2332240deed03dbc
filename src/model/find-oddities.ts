// What a configuration says that is no fault, and still cannot be what somebody wanted: it has no effect, or not yet. It may be
// committed as it is; `azimuth check` tells it.

import type { Cluster } from './cluster.ts';
import type { WholeConfiguration } from './configuration.ts';
import type { Problem } from './problem.ts';
import type { Vantage } from './vantage.ts';

export function findOddities(configuration: WholeConfiguration): readonly Problem[] {
  const { clusters, monitors, vantages } = configuration;
  const isUsed = new Set(clusters.flatMap((cluster) => cluster.monitors));
  const isWithoutPort = new Set(monitors.filter(({ check }) => check.type === 'icmp').map(({ id }) => id));
  return [
    ...vantages.flatMap(({ id, workers }, index) =>
      workers?.length === 0
        ? oddity(
            `/vantages/${index}/workers`,
            `nobody's votes count from "${id}": list its workers, or take the key away.`,
          )
        : [],
    ),
    ...findSharedKeys(vantages),
    ...monitors.flatMap(({ id }, index) =>
      isUsed.has(id) ? [] : oddity(`/monitors/${index}`, `no cluster has the monitor "${id}": it checks nothing.`),
    ),
    ...clusters.flatMap((cluster, index) => [
      ...findUselessPanic(cluster, `/clusters/${index}`),
      ...findUselessChecks(cluster, `/clusters/${index}`, isWithoutPort),
    ]),
  ];
}

function oddity(path: string, message: string): readonly Problem[] {
  return [{ path, message }];
}

/** Keys are compared as they stand, for they have one spelling alone. */
function findSharedKeys(vantages: readonly Vantage[]): readonly Problem[] {
  const holders = new Map<string, string>();
  return vantages.flatMap(({ id: vantage, workers = [] }, index) =>
    workers.flatMap(({ id, publicKeys }, position) => {
      const name = `${vantage}/${id}`;
      const other = publicKeys.map((key) => holders.get(key)).find((holder) => holder !== undefined);
      for (const key of publicKeys) holders.set(key, name);
      const message = `"${other}" has this key too, so that one worker can speak for both: copy the key of "${name}".`;
      return other === undefined || other === name
        ? []
        : oddity(`/vantages/${index}/workers/${position}/publicKey`, message);
    }),
  );
}

/** It needs one that is up, and fewer than the share: see health/panic.ts. */
function findUselessPanic({ id, panic, monitors, endpoints }: Cluster, path: string): readonly Problem[] {
  if (panic === 0) return [];
  if (monitors.length === 0) return oddity(`${path}/panic`, `nothing checks the cluster "${id}", so it never panics.`);
  const totals = new Map<string, number>();
  for (const { target } of endpoints) totals.set(target.family, (totals.get(target.family) ?? 0) + 1);
  const most = Math.max(...totals.values());
  if (panic * most > 1) return [];
  const message = `with ${most} ${most === 1 ? 'endpoint' : 'endpoints'} of a family never fewer than this share are up without all being down, so "${id}" never panics: raise it above ${Math.floor(100 / most)}%.`;
  return oddity(
    `${path}/panic`,
    most === 1 ? `a single endpoint is up or down, so "${id}" never panics: leave it out.` : message,
  );
}

function findUselessChecks(
  { monitors, endpoints }: Cluster,
  path: string,
  isWithoutPort: ReadonlySet<string>,
): readonly Problem[] {
  const hasPort = monitors.some((id) => !isWithoutPort.has(id));
  return endpoints.flatMap(({ id, check }, index) => {
    const at = `${path}/endpoints/${index}/check`;
    if (monitors.length === 0 && (check.address !== undefined || check.port !== undefined)) {
      return oddity(at, `nothing checks the endpoint "${id}", for its cluster has no monitor.`);
    }
    if (!hasPort && check.port !== undefined) return oddity(`${at}/port`, 'icmp has no ports: it is not used.');
    return [];
  });
}
