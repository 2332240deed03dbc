// How a server conducts itself beside answering: what it says of itself, whom it believes to be where they say. Given by the
// operator's settings, the same for all answer threads of a process.

import { type CookieSecrets, createCookieSecrets } from './cookie-secrets.ts';
import type { RateRule } from './rate-limit.ts';

export type Conduct = {
  /** What an NSID option says (RFC 5001); empty: nothing. */
  readonly nsid: Uint8Array;
  /** What TXT questions of class CHAOS (RFC 4892) are told, as record data; empty: they are refused. */
  readonly chaosId: Uint8Array;
  readonly chaosVersion: Uint8Array;
  /** The idle timeout of connections in units of 100 ms (RFC 7828). */
  readonly keepaliveUnits: number;
  readonly cookies: CookieConduct;
  /** Undefined: answers are not limited. */
  readonly rateLimit: RateRule | undefined;
};

export type CookieConduct = {
  /** Without any, the option is not answered. */
  readonly secrets: CookieSecrets;
  readonly required: CookieRule;
};

/**
 * When a client that sends cookies over UDP gets BADCOOKIE until a good one of ours is among them (RFC 7873 section 5.2.3): never,
 * instead of what slips through the rate limit, always.
 */
export type CookieRule = 'never' | 'limited' | 'always';

const NOTHING = new Uint8Array(0);

/** Says nothing of itself. */
export const PLAIN_CONDUCT: Conduct = {
  nsid: NOTHING,
  chaosId: NOTHING,
  chaosVersion: NOTHING,
  keepaliveUnits: 0,
  cookies: { secrets: createCookieSecrets(), required: 'limited' },
  rateLimit: undefined,
};
