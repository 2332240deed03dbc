// Which addresses may be checked. Whoever may edit the configuration can make every worker connect to an address of their
// choice: without this, to a database on its loopback or to the credentials of its cloud. So addresses with a special
// purpose are refused, at commit and again at connect, unless the settings of the process allow their network: those are a
// file of the operator of the machine, out of reach of the API.
//
// The list follows the IANA special-purpose address registries (RFC 6890). Documentation prefixes (RFC 5737, RFC 3849) are
// let through: nothing answers there, and examples use them. IPv6 forms that carry an IPv4 address inside are refused
// whole, whatever they carry: write the IPv4 address.

import { isInPrefix, type Prefix, parseAddress, parsePrefix } from '../model/address.ts';

/** Whether `address` may be checked, given the prefixes that the settings allow. False for anything that is no IP address. */
export function isAllowedTarget(address: string, allowNetworks: readonly string[]): boolean {
  return explainRefusal(address, allowNetworks) === undefined;
}

/** Why `address` may not be checked, e.g. `loopback`; undefined when it may. */
export function explainRefusal(address: string, allowNetworks: readonly string[]): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return 'not an IP address';
  const special = SPECIAL_NETWORKS.find(({ network }) => isInPrefix(parsed, network));
  if (special === undefined) return undefined;
  const allowed = allowNetworks.some((text) => {
    const network = parsePrefix(text);
    return network !== undefined && isInPrefix(parsed, network);
  });
  return allowed ? undefined : special.purpose;
}

type SpecialNetwork = { readonly network: Prefix; readonly purpose: string };

const SPECIAL_NETWORKS: readonly SpecialNetwork[] = [
  special('0.0.0.0/8', 'this network'),
  special('10.0.0.0/8', 'private'),
  special('100.64.0.0/10', 'shared by a carrier (CGNAT)'),
  special('127.0.0.0/8', 'loopback'),
  // The wire server of Azure: metadata and credentials on a public address.
  special('168.63.129.16/32', 'cloud metadata'),
  // Holds the metadata address of nearly every cloud, 169.254.169.254.
  special('169.254.0.0/16', 'link-local'),
  special('172.16.0.0/12', 'private'),
  special('192.0.0.0/24', 'protocol assignments'),
  special('192.168.0.0/16', 'private'),
  special('198.18.0.0/15', 'benchmarking'),
  special('224.0.0.0/4', 'multicast'),
  special('240.0.0.0/4', 'reserved'),
  special('::1/128', 'loopback'),
  special('::ffff:0:0/96', 'an IPv4 address mapped into IPv6'),
  special('::/96', 'unspecified, or an IPv4 address inside IPv6'),
  special('64:ff9b::/96', 'an IPv4 address behind NAT64'),
  special('64:ff9b:1::/48', 'NAT64 of local use'),
  special('100::/64', 'discard-only'),
  special('2001::/32', 'an IPv4 address inside Teredo'),
  special('2002::/16', 'an IPv4 address inside 6to4'),
  special('5f00::/16', 'segment routing'),
  special('fc00::/7', 'unique local'),
  special('fe80::/10', 'link-local'),
  special('fec0::/10', 'site-local'),
  special('ff00::/8', 'multicast'),
];

function special(prefix: string, purpose: string): SpecialNetwork {
  const network = parsePrefix(prefix);
  if (network === undefined) throw new Error(`not a prefix: ${prefix}`);
  return { network, purpose };
}
