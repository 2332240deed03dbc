// How a zone is signed, as the configuration states it: with what, how the absence of names is proved, how long keys live and
// how long the rest of the world may take to notice. The keys themselves are no part of the configuration.

import { type Static, Type } from 'typebox';
import { MAX_KEY_TTL_SECONDS, MAX_SIGNATURE_SECONDS, MIN_SIGNATURE_SECONDS } from './limits.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import { type DurationDocument, durationSchema, readSeconds } from './scalar.ts';

/** What a zone that is signed asks for; all times are whole seconds. */
export type DnssecPolicy = {
  /** DNSSEC algorithm number (RFC 8624): ECDSA P-256 with SHA-256, or Ed25519. */
  readonly algorithm: 13 | 15;
  /** One key that signs everything (CSK), or one for the keys (KSK) and one for the rest (ZSK). */
  readonly keys: 'single' | 'split';
  /** Denial by a chain of NSEC records, or compact (RFC 9824). */
  readonly denial: 'nsec' | 'compact';
  readonly signatureSeconds: number;
  /** TTL of DNSKEY, CDS and CDNSKEY. */
  readonly keyTtlSeconds: number;
  /** Undefined: until somebody asks for a rollover. */
  readonly zskLifetimeSeconds: number | undefined;
  /** Of a KSK or a CSK. */
  readonly kskLifetimeSeconds: number | undefined;
  /** Until every node answers by a new revision, whatever is in the way. */
  readonly propagationSeconds: number;
  /** The longest TTL of the DS at the parent; a longer one that is seen there counts instead. */
  readonly parentTtlSeconds: number;
  /** Until every server of the parent answers alike. */
  readonly parentPropagationSeconds: number;
  /** No rollover begins or goes on; signing does. */
  readonly paused: boolean;
  /** Towards an unsigned zone: ask the parent to take the DS away, wait until nobody can have it, then stop signing. */
  readonly withdraw: boolean;
};

function seconds(byDefault: number | string, description: string) {
  return Type.Optional(
    durationSchema({ title: 'whole seconds', examples: [3600, '1h'], default: byDefault, description }),
  );
}

function lifetime(byDefault: string, description: string) {
  return Type.Optional(
    durationSchema({ title: 'a duration, or none', examples: ['30d', 'none'], default: byDefault, description }),
  );
}

export const DnssecSchema = Type.Object(
  {
    enabled: Type.Boolean({ description: 'Whether the zone is signed.' }),
    algorithm: Type.Optional(
      Type.Enum(['ecdsap256sha256', 'ed25519'], { default: 'ecdsap256sha256', description: 'Of keys that are made.' }),
    ),
    keys: Type.Optional(
      Type.Enum(['single', 'split'], {
        default: 'single',
        description: 'One key that signs everything (CSK), or one for the keys and one for the rest (KSK and ZSK).',
      }),
    ),
    denial: Type.Optional(
      Type.Enum(['nsec', 'compact'], {
        default: 'nsec',
        description: 'How absence is proved: a chain of NSEC records, or compactly (RFC 9824).',
      }),
    ),
    signatureValidity: seconds('14d', 'How long a signature is valid.'),
    keyTtl: seconds('1h', 'TTL of DNSKEY, CDS and CDNSKEY.'),
    zskLifetime: lifetime('30d', 'After which a new ZSK takes over, by itself; only with keys: split.'),
    kskLifetime: lifetime('none', 'After which a new KSK or CSK takes over, as soon as the parent has its DS.'),
    propagationDelay: seconds('1h', 'Until every node answers by a new revision, whatever is in the way.'),
    parentTtl: seconds('1d', 'TTL of the DS at the parent; a longer one that is seen there counts instead.'),
    parentPropagationDelay: seconds('1h', 'Until every server of the parent zone answers alike.'),
    paused: Type.Optional(
      Type.Boolean({ default: false, description: 'True: no rollover begins or goes on; signing does.' }),
    ),
    withdraw: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'True: ask the parent to take the DS away, wait until no resolver can have it, then stop signing. Only then set enabled to false.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Signing (DNSSEC).' },
);
export type DnssecDocument = Static<typeof DnssecSchema>;

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;
const MIN_LIFETIME_SECONDS = HOUR_SECONDS;
const MAX_LIFETIME_SECONDS = 366 * DAY_SECONDS;
const MAX_DELAY_SECONDS = 7 * DAY_SECONDS;

/** Undefined when the zone is not signed, or when the statement cannot be used, which is then reported. */
export function parseDnssec(
  document: DnssecDocument | undefined,
  path: string,
  report: Report,
): DnssecPolicy | undefined {
  if (document?.enabled !== true) return undefined;
  const read = (key: SecondsKey, byDefault: number, least: number, most: number) =>
    parseBounded(document[key] ?? byDefault, least, most, joinPointer(path, key), report);
  const lifetimeOf = (key: 'zskLifetime' | 'kskLifetime', byDefault: DurationDocument) => {
    const written = document[key] ?? byDefault;
    if (written === 'none') return { seconds: undefined };
    const at = joinPointer(path, key);
    const seconds = parseBounded(written, MIN_LIFETIME_SECONDS, MAX_LIFETIME_SECONDS, at, report, ', or "none"');
    return seconds === undefined ? undefined : { seconds };
  };
  const signatureSeconds = read('signatureValidity', 14 * DAY_SECONDS, MIN_SIGNATURE_SECONDS, MAX_SIGNATURE_SECONDS);
  const keyTtlSeconds = read('keyTtl', HOUR_SECONDS, 0, MAX_KEY_TTL_SECONDS);
  const zskLifetime = lifetimeOf('zskLifetime', '30d');
  const kskLifetime = lifetimeOf('kskLifetime', 'none');
  const propagationSeconds = read('propagationDelay', HOUR_SECONDS, 0, MAX_DELAY_SECONDS);
  const parentTtlSeconds = read('parentTtl', DAY_SECONDS, 0, MAX_DELAY_SECONDS);
  const parentPropagationSeconds = read('parentPropagationDelay', HOUR_SECONDS, 0, MAX_DELAY_SECONDS);
  if (signatureSeconds === undefined || keyTtlSeconds === undefined) return undefined;
  if (zskLifetime === undefined || kskLifetime === undefined || propagationSeconds === undefined) return undefined;
  if (parentTtlSeconds === undefined || parentPropagationSeconds === undefined) return undefined;
  return {
    algorithm: document.algorithm === 'ed25519' ? 15 : 13,
    keys: document.keys ?? 'single',
    denial: document.denial ?? 'nsec',
    signatureSeconds,
    keyTtlSeconds,
    zskLifetimeSeconds: zskLifetime.seconds,
    kskLifetimeSeconds: kskLifetime.seconds,
    propagationSeconds,
    parentTtlSeconds,
    parentPropagationSeconds,
    paused: document.paused === true,
    withdraw: document.withdraw === true,
  };
}

type SecondsKey = 'signatureValidity' | 'keyTtl' | 'propagationDelay' | 'parentTtl' | 'parentPropagationDelay';

function parseBounded(
  document: DurationDocument,
  least: number,
  most: number,
  path: string,
  report: Report,
  orElse = '',
): number | undefined {
  const seconds = readSeconds(document);
  if (seconds !== undefined && seconds >= least && seconds <= most) return seconds;
  const bounds = `from ${least} to ${most}`;
  report(path, `must be whole seconds ${bounds}, such as 86400 or "1d"${orElse}, not ${JSON.stringify(document)}.`);
  return undefined;
}

/** DNSKEY, CDS, CDNSKEY: what signing itself puts at the apex of a zone. Other types that it makes no zone may hold. */
const SIGNED_TYPES: ReadonlySet<string> = new Set(['DNSKEY', 'TYPE48', 'CDS', 'TYPE59', 'CDNSKEY', 'TYPE60']);

/** Whether a record of the type, which stands in a zone that we sign, would be in the way of what signing puts there. */
export function isMadeBySigning(type: string): boolean {
  return SIGNED_TYPES.has(type.replace(/^TYPE0+(?=\d)/, 'TYPE'));
}
