// What checks over TLS ask of the handshake and of the certificate. Keys and certificates of our own are named only: the
// files lie where the settings of the probe process say, out of reach of whoever may edit or read the configuration.

import { type Static, Type } from 'typebox';
import { formatDuration } from '../duration.ts';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import { type DurationDocument, durationSchema, IdSchema, readDurationMs } from '../scalar.ts';
import { hostSchema } from './monitor-fields.ts';

export type TlsOptions = {
  /** Floor of the versions that are offered. */
  readonly minVersion: '1.2' | '1.3';
  /** Server name that is asked for, and that the certificate must be for; the check's host when not given. */
  readonly serverName?: string;
  /** Names a pair of files in the directory `probe.clientCertificates` of the settings. */
  readonly clientCertificate?: string;
  /** So long before the certificate ends the check succeeds with a warning; `auto`: see AUTO_WARN_BEFORE_MS. */
  readonly warnBeforeMs: number | 'auto';
  /** So long before it ends the check fails; `off`: not even once it has ended. */
  readonly failBeforeMs: number | 'off';
};

/** Unless that is more than a third of the certificate's life: whoever renews after two thirds of it is on time. */
export const AUTO_WARN_BEFORE_MS = 14 * 86_400_000;
const MAX_BEFORE_MS = 365 * 86_400_000;

const VERIFIED: TlsOptions = { minVersion: '1.2', warnBeforeMs: 'auto', failBeforeMs: 0 };
const UNVERIFIED: TlsOptions = { minVersion: '1.2', warnBeforeMs: 0, failBeforeMs: 'off' };

/** The options of a check that states none: who does not verify a certificate does not ask when it ends either. */
export function defaultTls(verifyCertificate: boolean): TlsOptions {
  return verifyCertificate ? VERIFIED : UNVERIFIED;
}

export const VerifyCertificateSchema = Type.Boolean({
  default: true,
  description: 'TLS: whether the certificate must be trusted, and be valid for the server name.',
});

export const TlsOptionsSchema = Type.Object(
  {
    minVersion: Type.Optional(
      Type.Enum(['1.2', '1.3'], { default: '1.2', description: 'The lowest TLS version that is offered.' }),
    ),
    serverName: Type.Optional(
      hostSchema('The server name to ask for (SNI), and the name that the certificate must be for.'),
    ),
    clientCertificate: Type.Optional(
      Type.String({
        ...IdSchema,
        description:
          'Shown to the server: NAME.crt and NAME.key in the directory probe.clientCertificates of the settings.',
      }),
    ),
    certificate: Type.Optional(
      Type.Object(
        {
          warnBefore: Type.Optional(
            durationSchema({
              description:
                'So long before the certificate ends the check still succeeds, with a warning. 14d, or a third of its life where that is less, when not given; 0 for none.',
            }),
          ),
          failBefore: Type.Optional(
            durationSchema({
              title: 'a duration, or off',
              examples: ['2d'],
              default: 0,
              description: 'So long before the certificate ends the check fails; off: not even once it has ended.',
            }),
          ),
        },
        { additionalProperties: false, description: 'When the end of the certificate counts.' },
      ),
    ),
  },
  { additionalProperties: false, description: 'What is asked of the TLS handshake.' },
);
export type TlsOptionsDocument = Static<typeof TlsOptionsSchema>;

/** Undefined when a problem was reported. */
export function parseTlsOptions(
  document: TlsOptionsDocument,
  verifyCertificate: boolean,
  path: string,
  context: ParseContext,
): TlsOptions | undefined {
  const initial = defaultTls(verifyCertificate);
  const { minVersion = initial.minVersion, serverName, clientCertificate, certificate = {} } = document;
  const at = joinPointer(path, 'certificate');
  const { warnBefore, failBefore } = certificate;
  const warnBeforeMs =
    warnBefore === undefined ? initial.warnBeforeMs : parseBefore(warnBefore, at, 'warnBefore', context);
  const isStated = failBefore !== undefined && failBefore !== 'off';
  const failBeforeMs = isStated
    ? parseBefore(failBefore, at, 'failBefore', context)
    : (failBefore ?? initial.failBeforeMs);
  if (warnBeforeMs === undefined || failBeforeMs === undefined) return undefined;
  const isAsked = context.isCommitted !== true && typeof warnBeforeMs === 'number' && typeof failBeforeMs === 'number';
  if (isAsked && isSilenced(warnBeforeMs, failBeforeMs)) {
    const message = `it would fail ${formatDuration(failBeforeMs)} before the certificate ends, and never warn: let warnBefore be longer than failBefore, or 0 for no warning.`;
    context.report(joinPointer(at, 'warnBefore'), message, [joinPointer(at, 'failBefore')]);
    return undefined;
  }
  return {
    minVersion,
    ...(serverName !== undefined && { serverName }),
    ...(clientCertificate !== undefined && { clientCertificate }),
    warnBeforeMs,
    failBeforeMs,
  };
}

/** A check that fails has no warning. */
function isSilenced(warnBeforeMs: number, failBeforeMs: number): boolean {
  return warnBeforeMs > 0 && warnBeforeMs <= failBeforeMs;
}

function parseBefore(
  document: DurationDocument,
  path: string,
  key: 'warnBefore' | 'failBefore',
  context: ParseContext,
): number | undefined {
  const durationMs = readDurationMs(document);
  if (durationMs !== undefined && durationMs <= MAX_BEFORE_MS) return durationMs;
  const range = `a duration of at most ${formatDuration(MAX_BEFORE_MS)}, such as "14d"${key === 'failBefore' ? ', or "off"' : ''}`;
  context.report(joinPointer(path, key), `must be ${range}, not ${JSON.stringify(document)}.`);
  return undefined;
}
