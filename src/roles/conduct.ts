// What the settings say of a server's conduct, as the answer threads take it.

import { randomBytes } from 'node:crypto';
import type { Conduct } from '../answer/conduct.ts';
import type { CookieSecrets } from '../answer/cookie-secrets.ts';
import { createRateAccounts, type RateRule } from '../answer/rate-limit.ts';
import { maskPrefix, type Prefix } from '../model/address.ts';
import type { Settings } from '../model/settings.ts';

/** Keepalive is said in these units (RFC 7828 section 3.1), in 16 bits. */
const KEEPALIVE_UNIT_MS = 100;
const MAX_KEEPALIVE_UNITS = 0xffff;

/** `secrets`: those that are shared by all threads of the process. */
export function conductOf(dns: Settings['dns'], secrets: CookieSecrets): Conduct {
  const { nsid, chaos, tcp, cookies } = dns;
  return {
    nsid: new TextEncoder().encode(nsid),
    chaosId: characterString(chaos.id),
    chaosVersion: characterString(chaos.version),
    keepaliveUnits: Math.min(MAX_KEEPALIVE_UNITS, Math.floor(tcp.idleTimeoutMs / KEEPALIVE_UNIT_MS)),
    cookies: { secrets, required: cookies.required },
    rateLimit: dns.rateLimit.responsesPerSecond === 0 ? undefined : rateRuleOf(dns.rateLimit),
  };
}

function rateRuleOf({ windowMs, exempt, ...rest }: Settings['dns']['rateLimit']): RateRule {
  const seed = randomBytes(8);
  return {
    ...rest,
    windowSeconds: Math.floor(windowMs / 1000),
    exempt: Int32Array.from(exempt.flatMap(flattenPrefix)),
    seeds: [seed.readInt32LE(0), seed.readInt32LE(4)],
    accounts: createRateAccounts(),
  };
}

/** PREFIX_WORDS of them. */
function flattenPrefix({ family, words, length }: Prefix): readonly number[] {
  const ones = maskPrefix({ family, words: words.map(() => 0xffffffff), length }).words;
  const network = maskPrefix({ family, words, length }).words;
  return [family, ...wordsOf(network), ...wordsOf(ones)];
}

/** Four, whatever the family. */
function wordsOf(words: readonly number[]): readonly number[] {
  return Array.from({ length: 4 }, (_, index) => (words[index] ?? 0) | 0);
}

/** Behind its length (RFC 1035 section 3.3); nothing at all for an empty text. */
function characterString(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return bytes.length === 0 ? bytes : Uint8Array.from([bytes.length, ...bytes]);
}
