// Whether the end of a certificate is near enough to fail, or to warn. The words say the day, never how long it is until
// then: a reason that changed every day would be a change to publish every day.

import type { X509Certificate } from 'node:crypto';
import { AUTO_WARN_BEFORE_MS, type TlsOptions } from '../model/monitors/tls-options.ts';

export type Expiry = { readonly status: 'fine' } | { readonly status: 'warn' | 'fail'; readonly reason: string };

type Life = Pick<X509Certificate, 'validFromDate' | 'validToDate'>;

/** `nowMs` since 1970. Only the certificate of the server itself counts, not those above it. */
export function judgeExpiry(
  certificate: Life | undefined,
  { warnBeforeMs, failBeforeMs }: Pick<TlsOptions, 'warnBeforeMs' | 'failBeforeMs'>,
  nowMs: number,
): Expiry {
  if (certificate === undefined || (warnBeforeMs === 0 && failBeforeMs === 'off')) return { status: 'fine' };
  const endsAtMs = certificate.validToDate.getTime();
  const leftMs = endsAtMs - nowMs;
  const day = new Date(endsAtMs).toISOString().slice(0, 10);
  const reason = leftMs <= 0 ? `the certificate ended on ${day}` : `the certificate ends on ${day}`;
  if (failBeforeMs !== 'off' && leftMs <= failBeforeMs) return { status: 'fail', reason };
  const lifeMs = endsAtMs - certificate.validFromDate.getTime();
  const warnMs = warnBeforeMs === 'auto' ? Math.min(AUTO_WARN_BEFORE_MS, lifeMs / 3) : warnBeforeMs;
  return warnMs > 0 && leftMs <= warnMs ? { status: 'warn', reason } : { status: 'fine' };
}
