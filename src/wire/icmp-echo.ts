// ICMP echo (ping): requests composed, replies parsed. RFC 792 pages 14 and 15, RFC 4443 section 4.
//
//   0       1       2           4           6           8              16
//   | type  | code  | checksum  | id        | sequence  | token        |

export type Echo = {
  readonly id: number;
  readonly sequence: number;
  /** 64 bits by which a reply proves that it answers this request, and was not guessed. */
  readonly token: bigint;
};

const REQUEST_TYPE = { 4: 8, 6: 128 } as const;
const REPLY_TYPE = { 4: 0, 6: 129 } as const;
const ECHO_BYTES = 16;
const CHECKSUM_OFFSET = 2;
const ID_OFFSET = 4;
const SEQUENCE_OFFSET = 6;
const TOKEN_OFFSET = 8;
/** RFC 791 section 3.1: version and length of the header, in words, share the first octet; the protocol is the tenth. */
const IP_MIN_BYTES = 20;
const IP_PROTOCOL_OFFSET = 9;
const IP_PROTOCOL_ICMP = 1;

/** The checksum of IPv6 is left to the kernel, which alone knows the source address that it covers. */
export function composeEchoRequest(family: 4 | 6, { id, sequence, token }: Echo): Uint8Array {
  const bytes = new Uint8Array(ECHO_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, REQUEST_TYPE[family]);
  view.setUint16(ID_OFFSET, id);
  view.setUint16(SEQUENCE_OFFSET, sequence);
  view.setBigUint64(TOKEN_OFFSET, token);
  if (family === 4) view.setUint16(CHECKSUM_OFFSET, checksumOf(view));
  return bytes;
}

/**
 * Undefined for all that is no reply to an echo as ours are. `hasIpHeader`: whether the IPv4 header stands before it. The
 * checksum is not looked at: whether all has come as it was sent, the token tells.
 */
export function parseEchoReply(family: 4 | 6, bytes: Uint8Array, hasIpHeader: boolean): Echo | undefined {
  const start = hasIpHeader ? findPayload(bytes) : 0;
  if (start === undefined || bytes.length !== start + ECHO_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, ECHO_BYTES);
  if (view.getUint8(0) !== REPLY_TYPE[family] || view.getUint8(1) !== 0) return undefined;
  return {
    id: view.getUint16(ID_OFFSET),
    sequence: view.getUint16(SEQUENCE_OFFSET),
    token: view.getBigUint64(TOKEN_OFFSET),
  };
}

function findPayload(bytes: Uint8Array): number | undefined {
  const first = bytes[0] ?? 0;
  const length = 4 * (first & 0x0f);
  const isIcmp = first >>> 4 === 4 && bytes[IP_PROTOCOL_OFFSET] === IP_PROTOCOL_ICMP;
  return isIcmp && length >= IP_MIN_BYTES ? length : undefined;
}

/** RFC 1071: the ones' complement of the ones' complement sum of all 16-bit words. */
function checksumOf(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < view.byteLength; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
