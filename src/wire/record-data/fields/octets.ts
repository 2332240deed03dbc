// Octets as hexadecimal, base64 or base32hex: up to the end of the data, or as many as an octet before them says.

import { formatBase32Hex, formatBase64, formatHex, parseBase32Hex, parseBase64, parseHex } from '../encodings.ts';
import { append, type Field, type Formatted, joinRest, takeToken, word } from '../field.ts';
import { quote } from '../tokens.ts';
import { numberAt, readWhole, toOctets } from './numbers.ts';

/** How long a digest is: for a kind that `octets` names exactly so long, otherwise at least so long. */
export type DigestLengths = { readonly octets: ReadonlyMap<number, number>; readonly least: number };

/** Octets up to the end, in hexadecimal: a digest, whose kind is the octet before it. */
export function digest(name: string, lengths: DigestLengths): Field {
  const fault = (kind: number, length: number): string | undefined => {
    const expected = lengths.octets.get(kind);
    if (length === 0) return `the ${name} is missing`;
    if (expected !== undefined && length !== expected) {
      return `the ${name} has ${length} octets, where one of kind ${kind} has ${expected}`;
    }
    return length < lengths.least ? `the ${name} has ${length} octets, and ${lengths.least} are the least` : undefined;
  };
  return {
    parse(reader, octets) {
      const kind = octets.at(-1) ?? 0;
      const read = parseHex(joinRest(reader));
      if (read === undefined) return `the ${name} is not hexadecimal: write two digits for each octet`;
      append(octets, read);
      return fault(kind, read.length);
    },
    format(data, at) {
      if (fault(data[at - 1] ?? 0, data.length - at) !== undefined) return undefined;
      return { text: formatHex(data.subarray(at)), end: data.length };
    },
  };
}

/** Octets up to the end, in hexadecimal, at least one. */
export function remainingHex(name: string): Field {
  return digest(name, { octets: new Map(), least: 1 });
}

/** Octets up to the end, in base64, at least one unless they may be left out. */
export function remainingBase64(name: string, mayBeMissing = false): Field {
  return {
    parse(reader, octets) {
      const read = parseBase64(joinRest(reader));
      if (read === undefined) return `the ${name} is not base64 with its padding`;
      if (read.length === 0 && !mayBeMissing) return `the ${name} is missing`;
      append(octets, read);
      return undefined;
    },
    format: (data, at) =>
      at < data.length || mayBeMissing ? { text: formatBase64(data.subarray(at)), end: data.length } : undefined,
  };
}

/** Octets up to the end, in base64; a hyphen where there are none. */
export function base64OrHyphen(name: string): Field {
  const some = remainingBase64(name);
  return {
    parse(reader, octets, origin) {
      if (reader.tokens[reader.next]?.text !== '-') return some.parse(reader, octets, origin);
      reader.next++;
      return undefined;
    },
    format: (data, at) => (at === data.length ? { text: '-', end: at } : some.format(data, at)),
  };
}

/** A length octet and so many octets in hexadecimal; a hyphen where there are none (RFC 5155 section 3.3). */
export function salt(name: string): Field {
  return word(
    name,
    (text) => {
      const octets = text === '-' ? [] : parseHex(text);
      if (octets === undefined || octets.length > 255 || text === '') return 'is not hexadecimal, nor - for none';
      return [octets.length, ...octets];
    },
    (data, at) => formatCounted(data, at, 1, (octets) => (octets.length === 0 ? '-' : formatHex(octets))),
  );
}

const SHA1 = 1;
const SHA1_OCTETS = 20;

/** A length octet and the hash of a name in base32 with the "extended hex" alphabet (RFC 5155 section 3.3). */
export function hashedName(name: string): Field {
  /** The number of the hash begins the data. */
  const isRight = (algorithm: number, length: number) =>
    length > 0 && length <= 255 && (algorithm !== SHA1 || length === SHA1_OCTETS);
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      const hash = parseBase32Hex(token.text);
      if (hash === undefined || !isRight(octets[0] ?? 0, hash.length)) {
        return `the ${name} ${quote(token.text)} is not base32hex without padding (RFC 4648 section 7), of ${SHA1_OCTETS} octets for SHA-1`;
      }
      octets.push(hash.length, ...hash);
      return undefined;
    },
    format: (data, at) =>
      isRight(data[0] ?? 0, data[at] ?? 0) ? formatCounted(data, at, 1, formatBase32Hex) : undefined,
  };
}

/** Sixteen bits of length and so many octets. The text has both, the octets in base64, and only the length where it is 0. */
export function countedBase64(name: string): Field {
  return {
    parse(reader, octets) {
      const token = takeToken(reader);
      if (token === undefined) return `the length of the ${name} is missing`;
      const length = readWhole(token.text, 0xffff);
      const text = length === 0 ? '' : takeToken(reader)?.text;
      const read = text === undefined ? undefined : parseBase64(text);
      if (length === undefined || read?.length !== length) {
        return `the ${name} is not a number of octets and so many octets in base64`;
      }
      append(octets, [...toOctets(length, 2), ...read]);
      return undefined;
    },
    format: (data, at) => formatCounted(data, at, 2, (octets) => `${octets.length} ${formatBase64(octets)}`.trimEnd()),
  };
}

/** The octets behind a number of them. */
function formatCounted(
  data: Uint8Array,
  at: number,
  countSize: 1 | 2,
  format: (octets: Uint8Array) => string,
): Formatted | undefined {
  const start = at + countSize;
  const end = start + numberAt(data, at, countSize);
  return end > data.length ? undefined : { text: format(data.subarray(start, end)), end };
}

/**
 * The start of HIP data, whose lengths stand before all else (RFC 8005 section 5). The text has no lengths (section 6):
 *
 *   HIT length | algorithm | key length (2) | HIT … | public key …
 */
export const hostIdentity: Field = {
  parse(reader, octets) {
    const [algorithmText, hitText, keyText] = [takeToken(reader), takeToken(reader), takeToken(reader)];
    if (algorithmText === undefined || hitText === undefined || keyText === undefined) {
      return 'write the algorithm, the host identity tag and the public key';
    }
    const algorithm = readWhole(algorithmText.text, 255);
    if (algorithm === undefined)
      return `the algorithm ${quote(algorithmText.text)} is not a whole number from 0 to 255`;
    const hit = parseHex(hitText.text);
    if (hit === undefined || hit.length === 0 || hit.length > 255) {
      return 'the host identity tag is not 1 to 255 octets in hexadecimal, without blanks';
    }
    const key = parseBase64(keyText.text);
    if (key === undefined || key.length === 0) return 'the public key is not base64 with its padding, without blanks';
    append(octets, [hit.length, algorithm, ...toOctets(key.length, 2)]);
    append(octets, hit);
    append(octets, key);
    return undefined;
  },
  format(data, at) {
    const hitStart = at + 4;
    const keyStart = hitStart + (data[at] ?? 0);
    const end = keyStart + numberAt(data, at + 2, 2);
    if (hitStart === keyStart || keyStart === end || end > data.length) return undefined;
    const hit = formatHex(data.subarray(hitStart, keyStart));
    return { text: `${data[at + 1]} ${hit} ${formatBase64(data.subarray(keyStart, end))}`, end };
  },
};
