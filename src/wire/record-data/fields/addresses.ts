// Addresses of all kinds of network, each of which has a notation of its own.

import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../address-octets.ts';
import { formatHex, parseHex } from '../encodings.ts';
import { type Field, sized, type TokenReader, takeToken, word } from '../field.ts';
import { quote } from '../tokens.ts';

export const ipv4Address: Field = {
  parse: (reader, octets) => parseAddress(reader, octets, parseIpv4, 'an IPv4 address such as 192.0.2.1'),
  format: sized(4, formatIpv4),
};

export const ipv6Address: Field = {
  parse: (reader, octets) => parseAddress(reader, octets, parseIpv6, 'an IPv6 address such as 2001:db8::1'),
  format: sized(16, formatIpv6),
};

function parseAddress(
  reader: TokenReader,
  octets: number[],
  parse: (text: string) => readonly number[] | undefined,
  kind: string,
): string | undefined {
  const token = takeToken(reader);
  if (token === undefined) return 'the address is missing';
  const address = parse(token.text);
  if (address === undefined) return `${quote(token.text)} is not ${kind}`;
  octets.push(...address);
  return undefined;
}

/** Sixty-four bits in four groups, as ILNP has them (RFC 6742 section 2.1.1); `::` is not allowed. */
export function groupsOf64Bits(name: string): Field {
  return word(
    name,
    (text) => {
      if (!/^[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){3}$/i.test(text)) return 'is not four groups such as 14:4fff:ff20:ee64';
      return parseHex(text.replace(/[^:]+/g, (group) => group.padStart(4, '0')).replaceAll(':', '')) ?? [];
    },
    sized(8, (data, at) =>
      [0, 2, 4, 6]
        .map((offset) => (((data[at + offset] ?? 0) << 8) | (data[at + offset + 1] ?? 0)).toString(16))
        .join(':'),
    ),
  );
}

/** Hexadecimal octets with hyphens between them (RFC 7043 sections 3.2 and 4.2). */
export function hyphenatedOctets(octetCount: 6 | 8): Field {
  const form = new RegExp(`^[0-9a-f]{2}(?:-[0-9a-f]{2}){${octetCount - 1}}$`, 'i');
  return word(
    'address',
    (text) =>
      (form.test(text) ? parseHex(text.replaceAll('-', '')) : undefined) ??
      `is not ${octetCount} octets such as 00-00-5e in hexadecimal with hyphens between them`,
    sized(octetCount, (data, at) => formatHex(data.subarray(at, at + octetCount)).replace(/(..)(?=.)/g, '$1-')),
  );
}

/** An NSAP address up to the end of the data: 0x, and hexadecimal in which dots mean nothing (RFC 1706 section 5). */
export const nsapAddress: Field = word(
  'NSAP address',
  (text) => {
    const octets = /^0x/i.test(text) ? parseHex(text.slice(2).replaceAll('.', '')) : undefined;
    return octets === undefined || octets.length === 0 ? 'is not 0x and two hexadecimal digits for each octet' : octets;
  },
  (data, at) => (at < data.length ? { text: `0x${formatHex(data.subarray(at))}`, end: data.length } : undefined),
);

const AESA_FORMAT = 0;
const E164_FORMAT = 1;

/**
 * An ATM address up to the end of the data (ATM Forum AF-SAA-0069 section 6): format 0 is an end system address in
 * hexadecimal, format 1 an E.164 number with + before it. Single dots inside mean nothing.
 */
export const atmAddress: Field = word(
  'ATM address',
  (text) => {
    const isNumber = text.startsWith('+');
    const digits = isNumber ? text.slice(1) : text;
    const plain = digits.replaceAll('.', '');
    if (/^\.|\.\.|\.$/.test(digits) || plain === '') return 'has dots that do not stand between digits';
    if (isNumber && /^\d+$/.test(plain)) return [E164_FORMAT, ...Array.from(plain, (digit) => digit.charCodeAt(0))];
    const octets = isNumber ? undefined : parseHex(plain);
    return octets === undefined ? 'is neither hexadecimal nor + and an E.164 number' : [AESA_FORMAT, ...octets];
  },
  (data, at) => {
    if (at + 1 >= data.length) return undefined;
    const rest = data.subarray(at + 1);
    // Later formats are possible, and have no text yet.
    if (data[at] !== E164_FORMAT)
      return { text: data[at] === AESA_FORMAT ? formatHex(rest) : undefined, end: data.length };
    const digits = String.fromCharCode(...rest);
    return /^\d+$/.test(digits) ? { text: `+${digits}`, end: data.length } : undefined;
  },
);
