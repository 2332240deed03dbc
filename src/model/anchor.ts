// An anchor: what a probe worker should always reach, such as its gateway's far side or a few big sites, so that it can tell
// its own network's failure from that of its targets. Written `tcp://192.0.2.1:443`, `tcp://[2001:db8::1]:443` or
// `icmp://192.0.2.1`. Literal addresses only: resolvers fail too.

import { formatAddress, parseAddress } from './address.ts';
import { parseListenAddress } from './listen-address.ts';

export type Anchor = {
  /** In canonical form. */
  readonly address: string;
  readonly check: { readonly type: 'tcp'; readonly port: number } | { readonly type: 'icmp' };
};

/** Undefined for anything else. */
export function parseAnchor(text: string): Anchor | undefined {
  const [, scheme, rest = ''] = /^(tcp|icmp):\/\/(.+)$/.exec(text) ?? [];
  if (scheme === 'tcp') {
    const place = parseListenAddress(rest);
    return place && place.port > 0 ? { address: place.host, check: { type: 'tcp', port: place.port } } : undefined;
  }
  const bracketed = /^\[(.+)\]$/.exec(rest)?.[1];
  const address = scheme === 'icmp' ? parseAddress(bracketed ?? rest) : undefined;
  if (address === undefined || (bracketed !== undefined && address.family !== 6)) return undefined;
  return { address: formatAddress(address), check: { type: 'icmp' } };
}

/** Writes what parseAnchor reads. */
export function formatAnchor({ address, check }: Anchor): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return check.type === 'tcp' ? `tcp://${host}:${check.port}` : `icmp://${host}`;
}
