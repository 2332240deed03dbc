// Verifies the signatures of an answer, as a validator does and apart from the code that makes them: canonical form and order
// (RFC 4034 section 6) are written here once more, for the types that tests use.

import { createPublicKey, verify } from 'node:crypto';
import type { DecodedMessage, DecodedRecord } from '../../src/wire/decode-message.ts';
import { formatName } from '../../src/wire/name.ts';
import { formatRecordType } from '../../src/wire/record-types.ts';

const RRSIG = 46;
/** By type, where names to be folded begin in the data; SOA has two of them. */
const NAME_OFFSETS: ReadonlyMap<number, number> = new Map([
  [2, 0],
  [5, 0],
  [6, 0],
  [12, 0],
  [15, 2],
  [33, 6],
  [39, 0],
]);

/** Of each set of records in the answer and authority sections: `name type` of those without any signature, and everything that is wrong. */
export type Verdict = { readonly unsigned: readonly string[]; readonly faults: readonly string[] };

/** `dnskeys`: record data by zone, whose name is in lower case without its last dot. */
export function verifySignatures(
  message: DecodedMessage,
  dnskeys: ReadonlyMap<string, readonly Uint8Array[]>,
  nowSeconds = Math.floor(Date.now() / 1000),
): Verdict {
  const unsigned: string[] = [];
  const faults: string[] = [];
  for (const section of [message.answers, message.authorities]) {
    const sets = Map.groupBy(
      section,
      ({ name, type }) => `${formatName(name).toLowerCase()} ${formatRecordType(type)}`,
    );
    const signatures = section.filter(({ type }) => type === RRSIG);
    for (const [title, records] of sets) {
      const [first] = records;
      if (first === undefined || first.type === RRSIG) continue;
      const own = signatures.filter((each) => covers(each, first));
      if (own.length === 0) unsigned.push(title);
      for (const signature of own) {
        const fault = judge(signature, records, dnskeys, nowSeconds);
        if (fault !== undefined) faults.push(`${title}: ${fault}`);
      }
    }
    const orphans = signatures.filter(
      (each) => !section.some((record) => record.type !== RRSIG && covers(each, record)),
    );
    faults.push(...orphans.map(({ name }) => `a signature at ${formatName(name)} covers nothing`));
  }
  return { unsigned, faults };
}

function covers(signature: DecodedRecord, { name, type }: DecodedRecord): boolean {
  return fold(formatName(signature.name)) === fold(formatName(name)) && viewOf(signature.data).getUint16(0) === type;
}

function judge(
  { data, ttlSeconds }: DecodedRecord,
  records: readonly DecodedRecord[],
  dnskeys: ReadonlyMap<string, readonly Uint8Array[]>,
  nowSeconds: number,
): string | undefined {
  const view = viewOf(data);
  const algorithm = data[2] ?? 0;
  const labels = data[3] ?? 0;
  const originalTtl = view.getUint32(4);
  if (view.getUint32(12) > nowSeconds || view.getUint32(8) < nowSeconds) return 'it is not the time of the signature';
  if (records.some((record) => record.ttlSeconds !== ttlSeconds)) return 'the TTL of the signature is another';
  if (ttlSeconds > originalTtl) return 'the TTL is above the one that was signed';
  const signer = formatName(data, 18);
  const signerLength = nameOctets(data, 18);
  const owner = ownerFor(records[0]?.name ?? new Uint8Array(1), labels);
  if (owner === undefined) return 'the signature has more labels than the name';
  const sorted = records.map((record) => foldData(record)).sort((a, b) => Buffer.compare(a, b));
  const rest = sorted.map((record) =>
    Buffer.concat([owner, head(records[0]?.type ?? 0, originalTtl, record.length), record]),
  );
  const signed = Buffer.concat([data.subarray(0, 18 + signerLength), ...rest]);
  const signature = data.subarray(18 + signerLength);
  const keys = (dnskeys.get(fold(signer)) ?? []).filter(
    (key) => key[3] === algorithm && tagOf(key) === view.getUint16(16),
  );
  if (keys.length === 0) return `${signer} has no key ${view.getUint16(16)}`;
  return keys.some((key) => isGood(key, signed, signature)) ? undefined : 'the signature is wrong';
}

function isGood(dnskey: Uint8Array, signed: Uint8Array, signature: Uint8Array): boolean {
  const octets = Buffer.from(dnskey.subarray(4));
  if (dnskey[3] === 15) {
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: octets.toString('base64url') },
    });
    return verify(null, signed, key, signature);
  }
  const [x, y] = [octets.subarray(0, 32), octets.subarray(32)].map((half) => half.toString('base64url'));
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } });
  return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** RFC 4035 section 5.3.2: what was expanded from a wildcard is verified under the wildcard's name. */
function ownerFor(name: Uint8Array, labels: number): Uint8Array | undefined {
  const starts: number[] = [];
  for (let at = 0; name[at] !== 0; at += 1 + (name[at] ?? 0)) starts.push(at);
  const own = starts.length - (name[0] === 1 && name[1] === 0x2a ? 1 : 0);
  const folded = foldName(name);
  if (labels > own) return undefined;
  if (labels === own) return folded;
  return Buffer.concat([Uint8Array.of(1, 0x2a), folded.subarray(starts[starts.length - labels] ?? name.length - 1)]);
}

function head(type: number, ttlSeconds: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(1, 2);
  bytes.writeUInt32BE(ttlSeconds, 4);
  bytes.writeUInt16BE(length, 8);
  return bytes;
}

function foldData({ type, data }: DecodedRecord): Buffer {
  const folded = Buffer.from(data);
  let at = NAME_OFFSETS.get(type);
  if (at === undefined) return folded;
  for (let names = type === 6 ? 2 : 1; names > 0; names--) {
    const length = nameOctets(folded, at);
    folded.set(foldName(folded.subarray(at, at + length)), at);
    at += length;
  }
  return folded;
}

function nameOctets(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
  return at + 1 - start;
}

function foldName(name: Uint8Array): Uint8Array {
  return name.map((octet) => (octet >= 65 && octet <= 90 ? octet + 32 : octet));
}

function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function tagOf(dnskey: Uint8Array): number {
  let sum = 0;
  for (const [at, octet] of dnskey.entries()) sum += at % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >>> 16)) & 0xffff;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
