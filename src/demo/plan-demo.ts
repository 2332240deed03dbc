// Where demonstration backends may be: only where the configuration has endpoints of the demonstration's own, word for word. A
// backend of ours at an address that an operator has checked would make a service that is not there look healthy.

import { listTargets } from '../health/target.ts';
import { parseAddress } from '../model/address.ts';
import type { Configuration } from '../model/configuration.ts';
import { DEMO_HOST } from './backends.ts';

export type DemoPlace = { readonly region: string; readonly port: number };

export type DemoPlan = {
  /** One per region: the first port at which its endpoints are checked. */
  readonly places: readonly DemoPlace[];
  /** Of the demonstration as well, but what an operator added is checked at the same port. */
  readonly shared: readonly DemoPlace[];
};

/** Whether anything is checked where a demonstration backend could be. */
export function mayHaveDemo(configuration: Configuration): boolean {
  return listChecked(configuration).some(({ address }) => address === DEMO_HOST);
}

/** `shown` is the configuration of the demonstration, and `configuration` the one in force. */
export function planDemo(configuration: Configuration, shown: Configuration): DemoPlan {
  const own = new Set(listChecked(shown).map(({ key }) => key));
  const ports = new Map<string, number>();
  const foreign = new Set<number>();
  for (const { key, region, address, port } of listChecked(configuration)) {
    if (!own.has(key)) {
      if (mayBeDemoHost(address)) foreign.add(port);
    } else if (address === DEMO_HOST && !ports.has(region)) ports.set(region, port);
  }
  const all = Array.from(ports, ([region, port]) => ({ region, port }));
  return {
    places: all.filter(({ port }) => !foreign.has(port)),
    shared: all.filter(({ port }) => foreign.has(port)),
  };
}

type Checked = {
  /** What an operator would change to make the endpoint one of their own; how it is checked is not part of it. */
  readonly key: string;
  readonly region: string;
  readonly address: string;
  readonly port: number;
};

function listChecked(configuration: Configuration): readonly Checked[] {
  const answers = new Map<string, { region: string; answer: string }>();
  for (const { id, region, endpoints } of configuration.clusters) {
    for (const { id: endpoint, target } of endpoints) {
      const answer = target.family === 'CNAME' ? target.target : target.address;
      answers.set(`${id}/${endpoint}`, { region, answer });
    }
  }
  return listTargets(configuration).map(({ cluster, endpoint, address, port }) => {
    const { region = '', answer = '' } = answers.get(`${cluster}/${endpoint}`) ?? {};
    return { key: `${region} ${cluster}/${endpoint} ${answer} ${address}:${port}`, region, address, port };
  });
}

/** A host name may lead anywhere. */
function mayBeDemoHost(address: string): boolean {
  return address === DEMO_HOST || parseAddress(address) === undefined;
}
