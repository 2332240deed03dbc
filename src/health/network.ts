// IP addresses and prefixes as numbers, for the target policy. Strict: what inet_aton guesses (octal, hexadecimal and
// short forms) is no address here, so a policy cannot be talked around with another spelling.

/** `value` holds the address in its lowest 32 or 128 bits. */
export type Address = { readonly bits: 32 | 128; readonly value: bigint };

export type Network = Address & { readonly length: number };

/** Dotted IPv4, or IPv6 as RFC 4291 section 2.2 writes it (no zone index); undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : { bits: 32, value };
  }
  const value = parseIpv6(text);
  return value === undefined ? undefined : { bits: 128, value };
}

/** `address/length`; bits beyond the length are ignored. Undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  const length = Number(match?.[2]);
  return address === undefined || length > address.bits ? undefined : { ...address, length };
}

export function isInNetwork(address: Address, network: Network): boolean {
  if (address.bits !== network.bits) return false;
  const hostBits = BigInt(network.bits - network.length);
  return address.value >> hostBits === network.value >> hostBits;
}

/** Whether two texts write the same address, in whatever spelling; false unless both are addresses. */
export function isSameAddress(a: string, b: string): boolean {
  const first = parseAddress(a);
  const second = parseAddress(b);
  return first !== undefined && second !== undefined && first.bits === second.bits && first.value === second.value;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // `::` stands for at least one group of zeros.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of 16 bits; the last two may be written as a dotted IPv4 address where the text ends there. */
function parseGroups(text: string, mayEndDotted: boolean): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
      continue;
    }
    const embedded = mayEndDotted && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (embedded === undefined) return undefined;
    groups.push(embedded >> 16n, embedded & 0xffffn);
  }
  return groups;
}
