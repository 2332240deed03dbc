// All servers that are measured, ours first, and which of them this machine has.

import { findTool } from '../../../scripts/test-tools.ts';
import { AZIMUTH, AZIMUTH_DGRAM } from './azimuth.ts';
import { DNS2 } from './dns2.ts';
import { GDNSD } from './gdnsd.ts';
import { KNOT } from './knot.ts';
import { POWERDNS } from './powerdns.ts';
import type { Server, ServerKind, ServerName, ServerSetup } from './server.ts';

export const SERVER_KINDS: readonly ServerKind[] = [AZIMUTH, AZIMUTH_DGRAM, GDNSD, KNOT, POWERDNS, DNS2];

export function isOurs(name: ServerName): boolean {
  return name === 'azimuth' || name === 'azimuth-dgram';
}

export function isInstalled({ command }: ServerKind): boolean {
  return command === undefined || findTool(command) !== undefined;
}

/** One sentence for each peer that is not installed. */
export function describeMissing(kinds: readonly ServerKind[] = SERVER_KINDS): readonly string[] {
  return kinds
    .filter((kind) => !isInstalled(kind))
    .map(({ label, apt }) => `${label} is not installed and left out: sudo apt-get install ${apt}`);
}

/** By name, of the peers that are installed. */
export function describeVersions(): Readonly<Record<string, string>> {
  const installed = SERVER_KINDS.filter((kind) => isInstalled(kind) && !isOurs(kind.name));
  return Object.fromEntries(installed.map((kind) => [kind.name, kind.readVersion()]));
}

/** Starts those that are installed, one after the other. */
export async function startServers(
  setup: ServerSetup,
  say: (text: string) => void,
): Promise<ReadonlyMap<ServerName, { readonly kind: ServerKind; readonly server: Server }>> {
  for (const sentence of describeMissing()) say(sentence);
  const servers = new Map<ServerName, { readonly kind: ServerKind; readonly server: Server }>();
  for (const kind of SERVER_KINDS.filter(isInstalled)) {
    say(`starting ${kind.label}`);
    servers.set(kind.name, { kind, server: await kind.start(setup) });
  }
  return servers;
}
