// Gateways and relays, which may be an address of either family, a name, or none: a type before them says which (IPSECKEY,
// RFC 4025; AMTRELAY, RFC 8777).

import { type Field, oneOf, sized, takeToken, word } from '../field.ts';
import { ipv4Address, ipv6Address } from './addresses.ts';
import { domainName } from './names.ts';
import { readWhole } from './numbers.ts';

const LATER_TYPE = 4;

/** `typeOf` finds the type in the record's data: RFC 4025 section 2.5, RFC 8777 section 4.2.4. */
export function gateway(name: string, typeOf: (data: ArrayLike<number>) => number): Field {
  const none = word(
    name,
    (text) => (text === '.' ? [] : 'is not the dot that stands for none, as its type 0 says'),
    (_data, at) => ({ text: '.', end: at }),
  );
  const later: Field = {
    parse: () => `the type of the ${name} is not 0 to 3`,
    format: (data) => ({ text: undefined, end: data.length }),
  };
  return oneOf((data) => Math.min(typeOf(data), LATER_TYPE), [none, ipv4Address, ipv6Address, domainName(name), later]);
}

const DISCOVERY = 0x80;

/** One octet of which the text makes two numbers (RFC 8777 section 4.3): whether discovery is optional, the type of relay. */
export const discoveryAndRelayType: Field = {
  parse(reader, octets) {
    const discovery = readWhole(takeToken(reader)?.text ?? '', 1);
    const type = readWhole(takeToken(reader)?.text ?? '', 127);
    if (discovery === undefined) return 'the discovery flag is not 0 or 1';
    if (type === undefined) return 'the type of the relay is not 0 to 3';
    octets.push(discovery * DISCOVERY + type);
    return undefined;
  },
  format: sized(1, (data, at) => `${(data[at] ?? 0) >>> 7} ${(data[at] ?? 0) & ~DISCOVERY}`),
};

/** In the data of an AMTRELAY record. */
export function relayTypeOf(data: ArrayLike<number>): number {
  return (data[1] ?? 0) & ~DISCOVERY;
}
