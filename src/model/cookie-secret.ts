// A secret of DNS server cookies (RFC 9018 section 4.4) as people write it, and a list of them as a file holds it.

import { MAX_COOKIE_SECRETS } from './limits.ts';
import type { Parsed, Problem } from './problem.ts';

/** 128 bits as hexadecimal digits, as BIND and Knot write them too. Undefined for anything else. */
export function parseCookieSecret(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{32}$/.test(text)) return undefined;
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}

/**
 * One secret a line, the one that makes cookies first; empty lines and what follows a # are passed over. Problems name the
 * line and never what stands in it.
 */
export function parseCookieSecrets(text: string): Parsed<readonly Uint8Array[]> {
  const secrets: Uint8Array[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const written = line.replace(/#.*/, '').trim();
    if (written === '') continue;
    const secret = parseCookieSecret(written);
    if (secret !== undefined) secrets.push(secret);
    else problems.push({ path: '', message: `Line ${index + 1}: Expected 32 hexadecimal digits.` });
  }
  if (problems.length === 0 && (secrets.length === 0 || secrets.length > MAX_COOKIE_SECRETS)) {
    problems.push({ path: '', message: `Expected 1 to ${MAX_COOKIE_SECRETS} secrets; found ${secrets.length}.` });
  }
  return problems.length === 0 ? { ok: true, value: secrets } : { ok: false, problems };
}
