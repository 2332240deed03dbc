// Parts of addresses: lists of prefixes (APL, RFC 3123) and what lies behind a prefix (A6, RFC 2874).

import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../address-octets.ts';
import { append, type Field, NOTHING, oneOf, takeRest, word } from '../field.ts';
import { quote } from '../tokens.ts';
import { domainName } from './names.ts';
import { numberAt } from './numbers.ts';

type Family = {
  readonly octetCount: number;
  parse(text: string): readonly number[] | undefined;
  format(octets: Uint8Array, at: number): string;
};

/** By number in the IANA registry "Address Family Numbers". */
const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [1, { octetCount: 4, parse: parseIpv4, format: formatIpv4 }],
  [2, { octetCount: 16, parse: parseIpv6, format: formatIpv6 }],
]);

/** The bit of the length octet that says "not these addresses". */
const NEGATION = 0x80;

/**
 * Prefixes up to the end of the data, perhaps none, each (RFC 3123 section 4):
 *
 *   family (2) | prefix length | negation and number of octets | address without the zero octets at its end
 */
export const addressPrefixes: Field = {
  parse(reader, octets) {
    for (const { text } of takeRest(reader)) {
      const prefix = readPrefix(text);
      if (prefix === undefined) {
        return `${quote(text)} is not a family, an address and a prefix length such as 1:192.0.2.0/24 or !2:2001:db8::/32`;
      }
      append(octets, prefix);
    }
    return undefined;
  },
  format(data, at) {
    const texts: string[] = [];
    let hasStranger = false;
    while (at < data.length) {
      const family = FAMILIES.get(numberAt(data, at, 2));
      const start = at + 4;
      const end = start + ((data[at + 3] ?? 0) & ~NEGATION);
      if (start > data.length || end > data.length || (end > start && data[end - 1] === 0)) return undefined;
      if (family === undefined) hasStranger = true;
      else if ((data[at + 2] ?? 0) > 8 * family.octetCount || end - start > family.octetCount) return undefined;
      else texts.push(formatPrefix(data, at, end, family));
      at = end;
    }
    // The addresses of other families have no text.
    return { text: hasStranger ? undefined : texts.join(' '), end: at };
  },
};

function readPrefix(text: string): readonly number[] | undefined {
  const [, negation = '', familyText = '', addressText = '', lengthText = ''] =
    /^(!?)(\d{1,5}):([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = FAMILIES.get(Number(familyText));
  const address = family?.parse(addressText);
  if (family === undefined || address === undefined || Number(lengthText) > 8 * family.octetCount) return undefined;
  const octets = address.slice(0, address.findLastIndex((octet) => octet !== 0) + 1);
  return [0, Number(familyText), Number(lengthText), octets.length | (negation === '' ? 0 : NEGATION), ...octets];
}

function formatPrefix(data: Uint8Array, at: number, end: number, { octetCount, format }: Family): string {
  const address = new Uint8Array(octetCount);
  address.set(data.subarray(at + 4, end));
  const negation = ((data[at + 3] ?? 0) & NEGATION) === 0 ? '' : '!';
  return `${negation}${numberAt(data, at, 2)}:${format(address, 0)}/${data[at + 2]}`;
}

const ADDRESS_BITS = 128;

/** What stands behind the prefix of an A6 address, whose length begins the data; its bits before that are zero. */
const suffix: Field = word(
  'address suffix',
  (text) => parseIpv6(text) ?? 'is not an IPv6 address such as ::1234:5678',
  (data, at) => {
    const prefixLength = data[0] ?? 0;
    const missing = prefixLength >>> 3;
    const end = at + 16 - missing;
    const hasPrefixBits = ((data[at] ?? 0) & ~(0xff >>> (prefixLength & 7))) !== 0;
    if (end > data.length || hasPrefixBits) return undefined;
    const address = new Uint8Array(16);
    address.set(data.subarray(at, end), missing);
    return { text: formatIpv6(address, 0), end };
  },
);

/** Behind the prefix length (RFC 2874 section 3.1): the suffix where there is any, the name of the prefix where it is needed. */
export const addressSuffix: Field = oneOf(
  (data) => (data[0] === ADDRESS_BITS ? 0 : 1),
  [
    NOTHING,
    {
      ...suffix,
      parse(reader, octets, origin) {
        const prefixLength = octets[0] ?? 0;
        const address: number[] = [];
        const problem = suffix.parse(reader, address, origin);
        const [first = 0, ...rest] = address.slice(prefixLength >>> 3);
        octets.push(first & (0xff >>> (prefixLength & 7)), ...rest);
        return problem;
      },
    },
  ],
);

export const prefixName: Field = oneOf((data) => (data[0] === 0 ? 0 : 1), [NOTHING, domainName('prefix name')]);
