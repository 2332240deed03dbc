// Signing messages with TSIG: an answer to a signed request, a request of our own, and the messages of a stream one behind
// another (RFC 8945 section 5.3). Every message of a stream is signed, as section 5.3.1 asks: "The TSIG MUST be included on
// all DNS messages in the response."

import {
  appendTsig,
  composeTsig,
  computeMac,
  FUDGE_SECONDS,
  type Hmac,
  nameOfAlgorithm,
  type TsigFields,
  type TsigKey,
} from './tsig.ts';

/** Signs the messages of one exchange in their order: each MAC covers the one before. */
export type TsigSigner = {
  readonly key: TsigKey;
  readonly hmac: Hmac;
  /** Of the message before: the request's at first; undefined for a request, before which there is nothing. */
  priorMac: Uint8Array | undefined;
  /** Whether a message of this stream has been signed already. */
  isContinued: boolean;
};

export function createTsigSigner(hmac: Hmac, key: TsigKey, requestMac: Uint8Array | undefined): TsigSigner {
  return { key, hmac, priorMac: requestMac, isContinued: false };
}

const NOTHING = new Uint8Array(0);

/**
 * Signs the message in `bytes[start .. start + length)`, behind which `tsigBytes(key)` octets, and those of `other`, must be
 * free; returns its new length.
 */
export function signMessage(
  signer: TsigSigner,
  bytes: Uint8Array,
  start: number,
  length: number,
  nowSeconds: number,
  stated: Partial<TsigFields> = {},
): number {
  const { key, hmac, priorMac, isContinued } = signer;
  const fields = { timeSigned: nowSeconds, fudgeSeconds: FUDGE_SECONDS, error: 0, other: NOTHING, ...stated };
  const message = bytes.subarray(start, start + length);
  const mac = computeMac(hmac, key, { priorMac, messages: [message], fields, isContinued });
  signer.priorMac = mac;
  signer.isContinued = true;
  const id = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  const record = composeTsig({ keyName: key.name, algorithmName: nameOfAlgorithm(key.algorithm), mac, ...fields }, id);
  return appendTsig(bytes, start, length, record);
}
