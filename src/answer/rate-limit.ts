// Response-rate limiting: who is sent very many answers of one kind about one name did not ask for them, most likely; the
// queries bear a forged address, and the answers are the attack. An account is kept per (prefix of clients, kind, name): it
// gains a second's worth of answers each second, pays one for each, and may fall into debt, which a flood does not get out of.
//
// The table has a fixed size, in sets of four accounts that share one line of the processor's cache:
//
//   set      account 0 | account 1 | account 2 | account 3
//   account  tag 32 | second of the last answer 32 | balance 32 | answers withheld 32
//
// Where a set is full, the account with the highest balance makes room: the one that matters least. One in debt never does,
// so that no number of other names or addresses makes us forget a flood; where all four are in debt, who comes next goes
// uncounted, which hurts nobody. Index and tag depend on a seed that nobody outside knows.
//
// All answer threads write the same table, or a client would have as many times its rate as there are threads. They do so without
// waiting for each other: where two pay into one account in the same few nanoseconds, one answer goes uncounted; where two take
// one place for different accounts, one of these begins anew. Neither can be brought about often enough to matter.

/** Given by the operator's settings; the same for all answer threads, which share the accounts. */
export type RateRule = {
  readonly responsesPerSecond: number;
  /** How many seconds' worth of answers a debt can grow to. */
  readonly windowSeconds: number;
  /** Of so many answers withheld one goes out truncated, for a real client to come back over TCP; 0: none does. */
  readonly slip: number;
  /** Bits of addresses that count; of IPv6 the first 64 at most. */
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
  /** Flat, PREFIX_WORDS for each: family, four words of network, four of mask. */
  readonly exempt: Int32Array;
  /** Two random numbers of 32 bits. */
  readonly seeds: readonly [number, number];
  /** See createRateAccounts. */
  readonly accounts: SharedArrayBuffer;
};

export type RateLimiter = {
  readonly rule: RateRule;
  readonly accounts: Int32Array;
  readonly ipv4Mask: number;
  readonly ipv6HighMask: number;
  readonly ipv6LowMask: number;
};

export type RateVerdict = number;
export const RATE_PASS: RateVerdict = 0;
export const RATE_DROP: RateVerdict = 1;
export const RATE_SLIP: RateVerdict = 2;
/** Not known yet. */
export const RATE_OPEN: RateVerdict = 3;

export const PREFIX_WORDS = 9;
export const RATE_ACCOUNTS = 65_536;
const WAYS = 4;
const ACCOUNT_WORDS = 4;
const SET_MASK = RATE_ACCOUNTS / WAYS - 1;
const SECOND = 1;
const BALANCE = 2;
const WITHHELD = 3;
/** No account in this set: all are in debt. */
const NO_ACCOUNT = -1;

export function createRateLimiter(rule: RateRule): RateLimiter {
  return {
    rule,
    accounts: new Int32Array(rule.accounts),
    ipv4Mask: maskOf(rule.ipv4Prefix),
    ipv6HighMask: maskOf(rule.ipv6Prefix),
    ipv6LowMask: maskOf(rule.ipv6Prefix - 32),
  };
}

/** The table, empty. */
export function createRateAccounts(): SharedArrayBuffer {
  return new SharedArrayBuffer(RATE_ACCOUNTS * ACCOUNT_WORDS * Int32Array.BYTES_PER_ELEMENT);
}

/** The first `bits` of 32, of which there may be none, or all. */
function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

/**
 * Judges one answer to a client, whose address is as in Client. `kind` (below 16) and `name` (a hash) say what is answered;
 * `nowSeconds` may go backwards, and then nothing is gained.
 */
export function judgeRate(
  limiter: RateLimiter,
  family: number,
  words: Uint32Array,
  kind: number,
  name: number,
  nowSeconds: number,
): RateVerdict {
  const { rule, accounts } = limiter;
  if (rule.exempt.length > 0 && isExempt(rule.exempt, family, words)) return RATE_PASS;
  const isV4 = family === 4;
  const high = (words[0] ?? 0) & (isV4 ? limiter.ipv4Mask : limiter.ipv6HighMask);
  const low = isV4 ? 0 : (words[1] ?? 0) & limiter.ipv6LowMask;
  const what = (kind << 4) | family;
  const set = (hash(rule.seeds[0], high, low, name, what) & SET_MASK) * WAYS * ACCOUNT_WORDS;
  // A tag of 0 is an account that nobody has.
  const tag = hash(rule.seeds[1], high, low, name, what) | 1;
  const at = findAccount(accounts, set, tag, rule, nowSeconds);
  return at === NO_ACCOUNT ? RATE_PASS : pay(accounts, at, rule, nowSeconds);
}

/** Where the account is; a new one where there is none, in place of the one with the highest balance. */
function findAccount(accounts: Int32Array, set: number, tag: number, rule: RateRule, nowSeconds: number): number {
  let richest = NO_ACCOUNT;
  let most = -1;
  for (let way = 0; way < WAYS; way++) {
    const at = set + way * ACCOUNT_WORDS;
    if (accounts[at] === tag) return at;
    const balance = accounts[at] === 0 ? rule.responsesPerSecond + 1 : balanceAt(accounts, at, rule, nowSeconds);
    if (balance > most) {
      most = balance;
      richest = at;
    }
  }
  if (richest === NO_ACCOUNT) return NO_ACCOUNT;
  accounts[richest] = tag;
  accounts[richest + SECOND] = nowSeconds;
  accounts[richest + BALANCE] = rule.responsesPerSecond;
  accounts[richest + WITHHELD] = 0;
  return richest;
}

/** With what has been gained since the last answer. */
function balanceAt(accounts: Int32Array, at: number, rule: RateRule, nowSeconds: number): number {
  const balance = accounts[at + BALANCE] ?? 0;
  const elapsed = (nowSeconds - (accounts[at + SECOND] ?? 0)) | 0;
  if (elapsed <= 0) return balance;
  const most = rule.responsesPerSecond;
  // After the window and one second every debt is paid; more would not fit into an integer at some time.
  return elapsed > rule.windowSeconds ? most : Math.min(most, balance + elapsed * most);
}

function pay(accounts: Int32Array, at: number, rule: RateRule, nowSeconds: number): RateVerdict {
  const deepest = -rule.windowSeconds * rule.responsesPerSecond;
  const balance = Math.max(deepest, balanceAt(accounts, at, rule, nowSeconds) - 1);
  accounts[at + SECOND] = nowSeconds;
  accounts[at + BALANCE] = balance;
  if (balance >= 0) return RATE_PASS;
  const withheld = (accounts[at + WITHHELD] ?? 0) + 1;
  const slips = rule.slip > 0 && withheld >= rule.slip;
  accounts[at + WITHHELD] = slips ? 0 : withheld;
  return slips ? RATE_SLIP : RATE_DROP;
}

function isExempt(exempt: Int32Array, family: number, words: Uint32Array): boolean {
  for (let at = 0; at < exempt.length; at += PREFIX_WORDS) {
    if (exempt[at] !== family) continue;
    let difference = 0;
    for (let word = 0; word < 4; word++) {
      difference |= ((words[word] ?? 0) ^ (exempt[at + 1 + word] ?? 0)) & (exempt[at + 5 + word] ?? 0);
    }
    if (difference === 0) return true;
  }
  return false;
}

/** Four words, mixed as MurmurHash3 (Appleby) does. */
function hash(seed: number, a: number, b: number, c: number, d: number): number {
  let mixed = mixIn(mixIn(mixIn(mixIn(seed, a), b), c), d);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function mixIn(mixed: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  mixed ^= Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
