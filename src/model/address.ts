// IP addresses and prefixes as people write them. Strict: the octal, hexadecimal and short forms of inet_aton and zone
// indices are no addresses here, so nothing can mean one thing to us and another to somebody else.
// RFC 4291 section 2.2 (text of IPv6), RFC 4632 section 3.1 (prefixes), RFC 5952 section 4 (the canonical form).

export type Address = {
  readonly family: 4 | 6;
  /** Unsigned 32-bit words, most significant first: one for IPv4, four for IPv6. */
  readonly words: readonly number[];
};

export type Prefix = Address & { readonly length: number };

/** Undefined for anything that is not exactly one address. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const word = parseIpv4(text);
    return word === undefined ? undefined : { family: 4, words: [word] };
  }
  const words = text.length > MAX_IPV6_LENGTH ? undefined : parseIpv6(text);
  return words === undefined ? undefined : { family: 6, words };
}

/** `address/length`. Host bits are kept as written: `maskPrefix` clears them. Undefined for anything else. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  const length = Number(match?.[2]);
  return address === undefined || length > (address.family === 4 ? 32 : 128) ? undefined : { ...address, length };
}

/** The prefix with every bit behind its length cleared. */
export function maskPrefix({ family, words, length }: Prefix): Prefix {
  const masked = words.map((word, index) => {
    const kept = Math.min(32, Math.max(0, length - 32 * index));
    return kept === 0 ? 0 : (word & (-1 << (32 - kept))) >>> 0;
  });
  return { family, words: masked, length };
}

/** Whether the prefix holds the address; never across families. */
export function isInPrefix(address: Address, prefix: Prefix): boolean {
  if (address.family !== prefix.family) return false;
  const network = maskPrefix({ ...address, length: prefix.length });
  const wanted = maskPrefix(prefix);
  return network.words.every((word, index) => word === wanted.words[index]);
}

/** The octets in network order: 4 or 16. */
export function octetsOfAddress({ family, words }: Address): Uint8Array {
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  for (let index = 0; index < octets.length; index++)
    octets[index] = (words[index >>> 2] ?? 0) >>> (24 - 8 * (index & 3));
  return octets;
}

/** The address whose octets stand in network order at `at`. */
export function addressOfOctets(octets: Uint8Array, at: number, family: 4 | 6): Address {
  const view = new DataView(octets.buffer, octets.byteOffset + at);
  return { family, words: Array.from({ length: family === 4 ? 1 : 4 }, (_, index) => view.getUint32(4 * index)) };
}

/** Whether two texts write the same address, in whatever spelling; false unless both are addresses. */
export function isSameAddress(a: string, b: string): boolean {
  const first = parseAddress(a);
  const second = parseAddress(b);
  return (
    first?.family === second?.family && first?.words.every((word, index) => word === second?.words[index]) === true
  );
}

/** Dotted IPv4, or the canonical IPv6 text of RFC 5952. */
export function formatAddress({ family, words }: Address): string {
  if (family === 6) return formatIpv6(words);
  const word = words[0] ?? 0;
  return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff].join('.');
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}

/** Eight groups of four digits and seven colons; six groups and a dotted IPv4 address are as long as 45. */
const MAX_IPV6_LENGTH = 45;

const DOT = 0x2e;
const ZERO = 0x30;

/** Character by character: a zone may have a million addresses. */
function parseIpv4(text: string): number | undefined {
  let word = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT && digits > 0 && parts < 4) {
      word = word * 256 + part;
      part = 0;
      digits = 0;
      parts++;
      continue;
    }
    const digit = code - ZERO;
    // A leading zero means octal to some: such a text has no one meaning.
    if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return undefined;
    part = part * 10 + digit;
    digits++;
    if (part > 255) return undefined;
  }
  return parts === 4 && digits > 0 ? word * 256 + part : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // `::` stands for at least one group of zeros (RFC 4291 section 2.2).
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return [0, 2, 4, 6].map((index) => (groups[index] ?? 0) * 0x10000 + (groups[index + 1] ?? 0));
}

/** 16-bit groups; the last two may be written as a dotted IPv4 address where the whole text ends. */
function parseGroups(text: string, mayEndDotted: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const embedded = mayEndDotted && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (embedded !== undefined) groups.push(embedded >>> 16, embedded & 0xffff);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function formatIpv6(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = findLongestZeros(groups);
  const write = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  // RFC 5952 section 4.2.2: one group of zeros alone is not shortened.
  if (length < 2) return write(groups);
  return `${write(groups.slice(0, start))}::${write(groups.slice(start + length))}`;
}

/** RFC 5952 section 4.2.3: the longest run of zeros, and the first of those that are equally long. */
function findLongestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
