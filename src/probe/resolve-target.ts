// From a target's address to the one IP address that its check connects to. Names are resolved here and nowhere later, and
// every address behind a name must be allowed: a name that points anywhere forbidden is not checked at all, so nobody can
// have a forbidden address checked one time out of two.

import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { explainRefusal } from '../health/target-policy.ts';

export type Resolution =
  | { readonly status: 'resolved'; readonly address: string }
  /** The target cannot be reached by anybody: its name has no address. */
  | { readonly status: 'failed'; readonly reason: string }
  /** This worker must not look. */
  | { readonly status: 'refused'; readonly reason: string };

/** Every IPv4 and IPv6 address of a name, within its time; empty when there is none. Rejects when nobody answers. */
export type ResolveName = (name: string, timeoutMs: number) => Promise<readonly string[]>;

/** The first address of the target, if all of its addresses are allowed. Never throws. */
export async function resolveTarget(
  address: string,
  allowNetworks: readonly string[],
  timeoutMs: number,
  resolveName: ResolveName = resolveWithSystemServers,
): Promise<Resolution> {
  if (isIP(address) !== 0) return applyPolicy([address], allowNetworks, '');
  try {
    const addresses = await resolveName(address, timeoutMs);
    return applyPolicy(addresses, allowNetworks, `${address} resolves to `);
  } catch {
    return { status: 'failed', reason: `the name servers did not resolve ${address}` };
  }
}

function applyPolicy(addresses: readonly string[], allowNetworks: readonly string[], prefix: string): Resolution {
  const [first] = addresses;
  if (first === undefined) return { status: 'failed', reason: 'the name has no address' };
  for (const address of addresses) {
    const refusal = explainRefusal(address, allowNetworks);
    if (refusal === undefined) continue;
    const reason = `${prefix}${address}, which is not allowed (${refusal}): see probe.allowNetworks in the settings`;
    return { status: 'refused', reason };
  }
  return { status: 'resolved', address: first };
}

/** Asks the servers of /etc/resolv.conf for both families; one that has no address counts as none. */
async function resolveWithSystemServers(name: string, timeoutMs: number): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  const deadline = setTimeout(() => resolver.cancel(), timeoutMs);
  try {
    const [ipv4, ipv6] = await Promise.all([
      resolver.resolve4(name).catch(orNoAddress),
      resolver.resolve6(name).catch(orNoAddress),
    ]);
    return [...ipv4, ...ipv6];
  } finally {
    clearTimeout(deadline);
  }
}

/** c-ares: ENODATA is an empty answer, ENOTFOUND NXDOMAIN; all else means that nobody told us. */
function orNoAddress(error: unknown): readonly string[] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENODATA' || code === 'ENOTFOUND') return [];
  throw error;
}
