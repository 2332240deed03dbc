// The demonstration: a real backend on loopback for every region that the configuration's monitors check there.

import { DEMO_HOST, startDemoBackends } from '../demo/backends.ts';
import { serveDemoControl } from '../demo/control-socket.ts';
import { listTargets } from '../health/target.ts';
import type { Configuration } from '../model/configuration.ts';

/** Throws when a port is taken. */
export async function startDemo(
  configuration: Configuration,
  stateDirectory: string,
): Promise<{ close(): Promise<void> }> {
  const backends = await startDemoBackends(listDemoPorts(configuration));
  try {
    const control = await serveDemoControl(stateDirectory, backends);
    return { close: async () => void (await Promise.all([control.close(), backends.close()])) };
  } catch (error) {
    await backends.close();
    throw error;
  }
}

/** One port per region: the first that a monitor checks on loopback. */
function listDemoPorts(configuration: Configuration): { region: string; port: number }[] {
  const regionOf = new Map(configuration.clusters.map(({ id, region }) => [id, region]));
  const ports = new Map<string, number>();
  for (const { cluster, address, port } of listTargets(configuration)) {
    const region = regionOf.get(cluster);
    if (address === DEMO_HOST && region !== undefined && !ports.has(region)) ports.set(region, port);
  }
  return Array.from(ports, ([region, port]) => ({ region, port }));
}
