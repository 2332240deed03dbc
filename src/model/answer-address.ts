// Addresses that must never be handed to clients, because no client could reach a server there.

import { type Address, isInPrefix, parsePrefix } from './address.ts';

const REFUSED: readonly (readonly [prefix: string, why: string])[] = [
  ['0.0.0.0/8', 'means "this network" (RFC 791), no host'],
  ['169.254.0.0/16', 'is link-local (RFC 3927): clients elsewhere cannot reach it'],
  ['224.0.0.0/4', 'is a multicast address (RFC 5771), no host'],
  ['255.255.255.255/32', 'is the broadcast address (RFC 919), no host'],
  ['240.0.0.0/4', 'is reserved (RFC 1112): nothing routes it'],
  ['::/128', 'is the unspecified address (RFC 4291), no host'],
  ['::ffff:0:0/96', 'is an IPv4-mapped address: write the IPv4 address itself'],
  ['fe80::/10', 'is link-local (RFC 4291): clients elsewhere cannot reach it'],
  ['ff00::/8', 'is a multicast address (RFC 4291), no host'],
];

const REFUSED_PREFIXES = REFUSED.flatMap(([text, why]) => {
  const prefix = parsePrefix(text);
  return prefix === undefined ? [] : [{ prefix, why }];
});

/** Why the address cannot be an answer, as the end of a sentence that begins with it; undefined when it can. */
export function refuseAnswerAddress(address: Address): string | undefined {
  return REFUSED_PREFIXES.find(({ prefix }) => isInPrefix(address, prefix))?.why;
}
