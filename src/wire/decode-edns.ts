// What an OPT record says (RFC 6891 section 6.1): its fixed fields hide in class and TTL, its options in the data. The client
// subnet option (RFC 7871 section 6) is read too, strictly.

import { OPTION_CLIENT_SUBNET } from './record-types.ts';

export type EdnsOption = { readonly code: number; readonly data: Uint8Array };

export type DecodedClientSubnet = {
  /** 1 IPv4, 2 IPv6; 0 (unknown) only with both lengths 0. */
  readonly family: 0 | 1 | 2;
  readonly sourcePrefixLength: number;
  readonly scopePrefixLength: number;
  /** 4 or 16 octets, zero behind the prefix; none for family 0. */
  readonly address: Uint8Array;
};

export type DecodedEdns = {
  readonly udpPayloadSize: number;
  /** The upper eight of twelve bits. */
  readonly extendedRcode: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  /** All of them, in order, the client subnet too. */
  readonly options: readonly EdnsOption[];
  readonly clientSubnet: DecodedClientSubnet | undefined;
};

type OptRecord = {
  readonly name: Uint8Array;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array;
};

/** `ttlSeconds` as it stands on the wire: all 32 bits. */
export function decodeEdns(record: OptRecord): DecodedEdns | 'form' {
  const options = readOptions(record.data);
  if (record.name.length !== 1 || options === 'form') return 'form';
  const subnets = options.filter(({ code }) => code === OPTION_CLIENT_SUBNET);
  const clientSubnet = subnets[0] === undefined ? undefined : readClientSubnet(subnets[0].data);
  if (subnets.length > 1 || clientSubnet === 'form') return 'form';
  return {
    udpPayloadSize: record.class,
    extendedRcode: record.ttlSeconds >>> 24,
    version: (record.ttlSeconds >>> 16) & 0xff,
    dnssecOk: (record.ttlSeconds & 0x8000) !== 0,
    options,
    clientSubnet,
  };
}

/** Every option takes four octets at least, so that their number is bounded by the data. */
function readOptions(data: Uint8Array): EdnsOption[] | 'form' {
  const options: EdnsOption[] = [];
  for (let at = 0; at < data.length; ) {
    const start = at + 4;
    const end = start + (((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0));
    if (start > data.length || end > data.length) return 'form';
    options.push({ code: ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0), data: data.slice(start, end) });
    at = end;
  }
  return options;
}

/** RFC 7871 section 6: exactly the octets that the source length needs, the bits behind it zero. */
function readClientSubnet(data: Uint8Array): DecodedClientSubnet | 'form' {
  const [familyHigh, family, sourcePrefixLength, scopePrefixLength] = data;
  if (familyHigh !== 0 || sourcePrefixLength === undefined || scopePrefixLength === undefined) return 'form';
  if (family !== 0 && family !== 1 && family !== 2) return 'form';
  const addressOctets = [0, 4, 16][family] ?? 0;
  if (sourcePrefixLength > 8 * addressOctets || scopePrefixLength > 8 * addressOctets) return 'form';
  if (data.length !== 4 + Math.ceil(sourcePrefixLength / 8)) return 'form';
  const bitsOfLast = sourcePrefixLength % 8;
  if (bitsOfLast !== 0 && ((data.at(-1) ?? 0) & (0xff >>> bitsOfLast)) !== 0) return 'form';
  const address = new Uint8Array(addressOctets);
  address.set(data.subarray(4));
  return { family, sourcePrefixLength, scopePrefixLength, address };
}
