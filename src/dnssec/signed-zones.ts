// What a configuration asks for where zones are signed, and the longest time for which anything of such a zone may stand in a
// cache: that is what signatures outlive their key by. Read from the document, which was checked when it was committed.

import type { ConfigurationDocument } from '../model/configuration.ts';
import type { Copy } from '../model/copies.ts';
import { type DnssecPolicy, parseDnssec } from '../model/dnssec.ts';
import { normalizeKey } from '../model/edit-document.ts';
import { type DurationDocument, readSeconds } from '../model/scalar.ts';
import type { ZoneDocument } from '../model/zone.ts';

export type ZoneTtl = {
  /** Full name, lower case. */
  readonly zone: string;
  /** Undefined: it is not to be signed. */
  readonly policy: DnssecPolicy | undefined;
  readonly zoneTtlSeconds: number;
  /** Whether other servers may hold a copy. */
  readonly hasCopies: boolean;
};

export type SignedZone = ZoneTtl & { readonly policy: DnssecPolicy };

const DEFAULT_TTL_SECONDS = 3600;
const DEFAULT_MINIMUM_SECONDS = 60;
const DEFAULT_SERVICE_TTL_SECONDS = 30;

export function listSignedZones(document: ConfigurationDocument, copies?: Copies): readonly SignedZone[] {
  return listZoneTtls(document, copies).flatMap((zone) =>
    zone.policy === undefined ? [] : [{ ...zone, policy: zone.policy }],
  );
}

/** What has been copied of zones that have primaries, by their names. */
type Copies = ReadonlyMap<string, Pick<Copy, 'head'>>;
const NO_COPIES: Copies = new Map();

/** Of every zone. */
export function listZoneTtls(
  { zones, services = [] }: ConfigurationDocument,
  copies: Copies = NO_COPIES,
): readonly ZoneTtl[] {
  const serviceTtls = new Map<string, number>();
  for (const { zone, ttl } of services) {
    const name = normalizeKey('zones', zone);
    const [least, most] = typeof ttl === 'object' ? [ttl.min, ttl.max] : [ttl, ttl];
    const longest = Math.max(read(least, 0), read(most, DEFAULT_SERVICE_TTL_SECONDS));
    serviceTtls.set(name, Math.max(serviceTtls.get(name) ?? 0, longest));
  }
  return zones.map((document) => {
    const read = readZone(document);
    const copied = copies.get(read.zone)?.head.longestTtl ?? 0;
    return { ...read, zoneTtlSeconds: Math.max(read.zoneTtlSeconds, copied, serviceTtls.get(read.zone) ?? 0) };
  });
}

/** A zone of a million records is not read again while it stays the same, and its policy is the same object. */
const KNOWN = new WeakMap<ZoneDocument, ZoneTtl>();

/** Apart from its services. */
function readZone(document: ZoneDocument): ZoneTtl {
  const known = KNOWN.get(document);
  if (known !== undefined) return known;
  const policy = parseDnssec(document.dnssec, '', () => undefined);
  const zone = {
    zone: normalizeKey('zones', document.name),
    policy,
    zoneTtlSeconds: longestTtl(document),
    hasCopies: document.transfers !== undefined,
  };
  KNOWN.set(document, zone);
  return zone;
}

function longestTtl(document: ZoneDocument): number {
  const { soa = {}, nsTtl, records = [] } = document;
  let longest = Math.max(
    read(soa.ttl, DEFAULT_TTL_SECONDS),
    read(soa.minimum, DEFAULT_MINIMUM_SECONDS),
    read(nsTtl, DEFAULT_TTL_SECONDS),
  );
  for (const { ttl } of records) longest = Math.max(longest, read(ttl, DEFAULT_TTL_SECONDS));
  return longest;
}

function read(document: DurationDocument | undefined, byDefault: number): number {
  return document === undefined ? byDefault : (readSeconds(document) ?? byDefault);
}
