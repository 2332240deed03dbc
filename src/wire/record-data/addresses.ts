// IPv4 and IPv6 addresses between text and octets, as A, AAAA and service hints carry them: strictly four decimal numbers
// without leading zeros; RFC 4291 section 2.2 on the way in, RFC 5952 on the way out.

const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const IPV6_PART = /^[0-9a-f]{1,4}$/i;

/** Four octets, or undefined. */
export function parseIpv4(text: string): readonly number[] | undefined {
  const match = IPV4.exec(text);
  if (match === null) return undefined;
  const octets = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])];
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** Sixteen octets, or undefined. Zones (`%eth0`) are no part of an address in DNS. */
export function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::', 3);
  if (halves.length > 2) return undefined;
  const isShortened = halves.length === 2;
  const head = parseGroups(halves[0] ?? '', !isShortened);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // `::` stands for at least one group.
  if (isShortened ? missing < 2 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The octets of groups between colons; the last one may be an IPv4 address where the whole ends. */
function parseGroups(text: string, endsAddress: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':', 9);
  const octets: number[] = [];
  for (const [index, part] of parts.entries()) {
    const isLast = endsAddress && index === parts.length - 1;
    const group = IPV6_PART.test(part)
      ? [Number.parseInt(part, 16) >>> 8, Number.parseInt(part, 16) & 0xff]
      : isLast
        ? parseIpv4(part)
        : undefined;
    if (group === undefined) return undefined;
    octets.push(...group);
  }
  return octets;
}

/** Text of the four octets at `at`. */
export function formatIpv4(octets: Uint8Array, at: number): string {
  return octets.subarray(at, at + 4).join('.');
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
export function formatIpv6(octets: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => {
    const group = ((octets[at + 2 * index] ?? 0) << 8) | (octets[at + 2 * index + 1] ?? 0);
    return group.toString(16);
  });
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}
