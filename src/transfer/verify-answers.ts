// Verifies the answers to a signed query, of one message or of many (RFC 8945 sections 5.3.1 and 5.4): the first signed, the
// last signed, and never more than 99 between two signatures that are not. Those without one are covered by the next, so that
// nothing of a stream may be used before its end. Whatever the bytes, the result is a value.

import { formatName } from '../wire/name.ts';
import { formatResponseCode } from '../wire/record-types.ts';
import { findTsig, type Hmac, type Tsig, type TsigKey } from '../wire/tsig.ts';
import { onlyKey, TSIG_BADKEY, TSIG_BADSIG, TSIG_BADTIME, verifyMessage } from '../wire/tsig-verify.ts';

/** Section 5.3.1: "MUST accept up to 99 intermediary messages without a TSIG". */
export const MAX_UNSIGNED_MESSAGES = 99;

export type AnswerVerifier = {
  readonly key: TsigKey;
  readonly hmac: Hmac;
  /** Of the query, then of the last message that was signed. */
  priorMac: Uint8Array;
  /** Whether a message has been verified. */
  isContinued: boolean;
  /** Messages since. */
  unsigned: Uint8Array[];
};

export function createAnswerVerifier(hmac: Hmac, key: TsigKey, queryMac: Uint8Array): AnswerVerifier {
  return { key, hmac, priorMac: queryMac, isContinued: false, unsigned: [] };
}

/** What is wrong with the next message, as a sentence; undefined: nothing. It must be good beyond this call. */
export function verifyAnswer(verifier: AnswerVerifier, message: Uint8Array, nowSeconds: number): string | undefined {
  const { key, hmac, priorMac, isContinued, unsigned } = verifier;
  const start = findTsig(message);
  if (start < 0) return takeUnsigned(verifier, message);
  const verified = verifyMessage(message, start, {
    hmac,
    findKey: onlyKey(key),
    nowSeconds,
    priorMac,
    unsigned,
    isContinued,
  });
  const keyName = formatName(key.name);
  // An error of this kind is not signed, mostly: it is told, and counts as little as any message that is not.
  if (verified.tsig !== undefined && verified.tsig.error !== 0) return describeError(verified.tsig, keyName);
  if (!verified.ok) return FAULTS[verified.fault](keyName);
  verifier.priorMac = verified.tsig.mac;
  verifier.isContinued = true;
  verifier.unsigned = [];
  return undefined;
}

/** Whether nothing is uncovered that came until now: to be asked of the last message. */
export function isCovered({ unsigned }: AnswerVerifier): boolean {
  return unsigned.length === 0;
}

function takeUnsigned({ isContinued, unsigned, key }: AnswerVerifier, message: Uint8Array): string | undefined {
  if (!isContinued) {
    const rcode = (message[3] ?? 0) & 15;
    const said = rcode === 0 ? 'answers' : `answers ${formatResponseCode(rcode)}`;
    return `the primary ${said} without a signature, which the key ${formatName(key.name)} asks for`;
  }
  if (unsigned.length === MAX_UNSIGNED_MESSAGES) {
    return `the primary sends more than ${MAX_UNSIGNED_MESSAGES} messages without a signature`;
  }
  unsigned.push(message);
  return undefined;
}

function describeError({ error }: Tsig, key: string): string {
  switch (error) {
    case TSIG_BADKEY:
      return `the primary does not know the key ${key}, or has another algorithm for it (BADKEY)`;
    case TSIG_BADSIG:
      return `the primary has another secret for the key ${key} (BADSIG)`;
    case TSIG_BADTIME:
      return `the primary's clock and ours are too far apart for the key ${key} (BADTIME)`;
    default:
      return `the primary answers with the TSIG error ${error} to the key ${key}`;
  }
}

const FAULTS = {
  malformed: () => 'the primary signs with a TSIG that cannot be read',
  'bad-key': (key: string) => `the primary signs with another key or algorithm than ${key}`,
  'bad-signature': (key: string) => `a signature of the primary with the key ${key} is wrong`,
  'bad-time': (key: string) => `a signature of the primary with the key ${key} is of another time than ours`,
} as const;
