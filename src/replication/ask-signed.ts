// Asks a primary, with a signature where there is a key (RFC 8945), and gives each answer that verifies, decoded.

import { type AnswerVerifier, createAnswerVerifier, isCovered, verifyAnswer } from '../transfer/verify-answers.ts';
import { type DecodedMessage, decodeMessage } from '../wire/decode-message.ts';
import { type TsigKey, tsigBytes } from '../wire/tsig.ts';
import { createTsigSigner, signMessage } from '../wire/tsig-sign.ts';
import { computeHmac, readWallClock } from './hmac.ts';
import type { Asked } from './primary-connection.ts';
import type { PrimarySession } from './primary-session.ts';

/** Undefined: there is more to come. `isVerified`: everything up to this message is; always without a key. */
export type TakeAnswer<Value> = (message: DecodedMessage, isVerified: boolean) => Asked<Value> | undefined;

/**
 * An answer that does not verify breaks it off: it may come from anybody. Without a key, signatures in answers are passed over:
 * a primary must not sign what was not (section 5.3), but whether it does says nothing without a key to check it with.
 */
export async function askSigned<Value>(
  session: PrimarySession,
  query: Uint8Array,
  key: TsigKey | undefined,
  take: TakeAnswer<Value>,
): Promise<Asked<Value>> {
  const { message, verifier } = key === undefined ? { message: query } : signQuery(query, key);
  const asked = await session.ask<Asked<Value>>(message, (answer) => {
    const wrong = verifier && verifyAnswer(verifier, answer, readWallClock());
    if (wrong !== undefined) return { status: 'broken', reason: wrong };
    const decoded = decodeMessage(answer);
    if (typeof decoded === 'string') return { status: 'broken', reason: UNREADABLE };
    return take(decoded, verifier === undefined || isCovered(verifier));
  });
  return asked.status === 'answered' ? asked.value : asked;
}

const UNREADABLE = 'the primary sends a message that cannot be read';

function signQuery(
  query: Uint8Array,
  key: TsigKey,
): { readonly message: Uint8Array; readonly verifier?: AnswerVerifier } {
  const signer = createTsigSigner(computeHmac, key, undefined);
  const message = new Uint8Array(query.length + tsigBytes(key));
  message.set(query);
  signMessage(signer, message, 0, query.length, readWallClock());
  return { message, verifier: createAnswerVerifier(computeHmac, key, signer.priorMac ?? NO_MAC) };
}

const NO_MAC = new Uint8Array(0);
