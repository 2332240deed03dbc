// Server cookies (RFC 7873) as RFC 9018 makes them, so that servers of any make that share a secret know each other's:
//
//   client cookie 8 | version 1, reserved 3, time 4 (big-endian seconds) | hash 8 = SipHash-2-4(all before, client's address)
//
// A client that hands ours back does receive what we send to its address: no forger of addresses can.

import { MAX_COOKIE_SECRETS } from '../model/limits.ts';
import { CLIENT_COOKIE_BYTES } from '../wire/query-options.ts';
import { COOKIES_BYTES } from '../wire/response-options.ts';
import { SIP_KEY_WORDS, sipHash24 } from '../wire/siphash.ts';
import { write32 } from '../wire/write-bytes.ts';
import type { CookieSecrets } from './cookie-secrets.ts';
import type { Client } from './desk.ts';

const VERSION = 1;
/** RFC 9018 section 4.3: accepted for so long, and from clocks that are ahead by so much; made anew after half an hour. */
const MAX_AGE_SECONDS = 3600;
const MAX_AHEAD_SECONDS = 300;
const REFRESH_SECONDS = 1800;

/**
 * Judges the cookies in `bytes[start .. start + length)` and puts those to answer with, COOKIES_BYTES of them, into `out`.
 * Returns whether the server cookie is one of ours for this client, and fresh enough. `nowSeconds`: since 1970.
 */
export function checkCookies(
  secrets: CookieSecrets,
  client: Client,
  bytes: Uint8Array,
  start: number,
  length: number,
  nowSeconds: number,
  out: Uint8Array,
): boolean {
  for (let index = 0; index < COOKIES_BYTES; index++) out[index] = index < length ? (bytes[start + index] ?? 0) : 0;
  const hashed = putAddress(client);
  const isWhole = length === COOKIES_BYTES && out[CLIENT_COOKIE_BYTES] === VERSION;
  // Serial number arithmetic (RFC 1982), as RFC 9018 section 4.3 asks.
  const age = isWhole ? (nowSeconds - readTime(out)) | 0 : 0;
  const isTimely = isWhole && age <= MAX_AGE_SECONDS && age >= -MAX_AHEAD_SECONDS;
  const secret = isTimely ? findSecret(secrets, hashed, out) : NO_SECRET;
  const isCurrent = secret === 0 && age <= REFRESH_SECONDS && isReservedZero(out);
  if (!isCurrent) makeCookie(secrets, hashed, nowSeconds, out);
  return secret !== NO_SECRET;
}

const NO_SECRET = -1;
const TIME_AT = 12;
const HASH_AT = 16;
/** What is hashed: the cookies up to the hash, then the address. Memory of this thread, reused. */
const input = new Uint8Array(HASH_AT + 16);
const hash = new Int32Array(2);

/** Returns how long what is hashed then is. */
function putAddress({ family, words }: Client): number {
  let at = write32(input, HASH_AT, words[0] ?? 0);
  if (family === 6) for (let word = 1; word < 4; word++) at = write32(input, at, words[word] ?? 0);
  return at;
}

/** The secret that made the cookie, or NO_SECRET. */
function findSecret(secrets: CookieSecrets, hashed: number, cookies: Uint8Array): number {
  const count = Math.min(secrets[0] ?? 0, MAX_COOKIE_SECRETS);
  for (let secret = 0; secret < count; secret++) {
    hashCookies(secrets, secret, hashed, cookies);
    // Both words at once, so that how long it takes tells nobody how much was right.
    const difference =
      (readHashWord(cookies, HASH_AT) ^ (hash[0] ?? 0)) | (readHashWord(cookies, HASH_AT + 4) ^ (hash[1] ?? 0));
    if (difference === 0) return secret;
  }
  return NO_SECRET;
}

function makeCookie(secrets: CookieSecrets, hashed: number, nowSeconds: number, cookies: Uint8Array): void {
  write32(cookies, CLIENT_COOKIE_BYTES, VERSION << 24);
  write32(cookies, TIME_AT, nowSeconds);
  hashCookies(secrets, 0, hashed, cookies);
  for (let index = 0; index < 8; index++) cookies[HASH_AT + index] = (hash[index >>> 2] ?? 0) >>> (8 * (index & 3));
}

function hashCookies(secrets: CookieSecrets, secret: number, hashed: number, cookies: Uint8Array): void {
  for (let index = 0; index < HASH_AT; index++) input[index] = cookies[index] ?? 0;
  sipHash24(secrets, 1 + secret * SIP_KEY_WORDS, input, hashed, hash);
}

/** RFC 9018 section 4.2: zero in cookies that we make, part of the hash in those that others do. */
function isReservedZero(cookies: Uint8Array): boolean {
  return ((cookies[9] ?? 0) | (cookies[10] ?? 0) | (cookies[11] ?? 0)) === 0;
}

function readTime(cookies: Uint8Array): number {
  let time = 0;
  for (let index = 0; index < 4; index++) time = (time << 8) | (cookies[TIME_AT + index] ?? 0);
  return time;
}

function readHashWord(cookies: Uint8Array, at: number): number {
  let word = 0;
  for (let index = 3; index >= 0; index--) word = (word << 8) | (cookies[at + index] ?? 0);
  return word;
}
