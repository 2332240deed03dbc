// TSIG for tests, written from RFC 8945 and on its own: signs queries, right and wrong, and checks what answers are signed
// with. Only names in plain labels, and TSIGs at the end of messages that tests have made themselves.

import { createHmac } from 'node:crypto';
import { bytes16, encodeName } from './dns-client.ts';

export type TestKey = { readonly name: string; readonly algorithm: 'sha256' | 'sha512'; readonly secret: Uint8Array };

export const TEST_KEY: TestKey = { name: 'test-key.', algorithm: 'sha256', secret: new Uint8Array(32).fill(7) };
export const NOW_SECONDS = 1_800_000_000;

export type TestSignature = {
  readonly key?: TestKey;
  readonly time?: number;
  readonly fudge?: number;
  /** Of the request, for an answer. */
  readonly priorMac?: Uint8Array;
  readonly isContinued?: boolean;
  /** Octets of the MAC that are sent. */
  readonly macBytes?: number;
  readonly algorithmName?: string;
  readonly error?: number;
  readonly other?: readonly number[];
};

export type SignedMessage = { readonly bytes: Uint8Array<ArrayBuffer>; readonly mac: Uint8Array };

const time48 = (seconds: number) => [0, 0, ...[24, 16, 8, 0].map((shift) => (seconds >>> shift) & 0xff)];

export function macOf(messages: readonly Uint8Array[], signature: TestSignature): Uint8Array {
  const { key = TEST_KEY, time = NOW_SECONDS, fudge = 300, priorMac, error = 0, other = [] } = signature;
  const hmac = createHmac(key.algorithm, key.secret);
  if (priorMac !== undefined) hmac.update(Uint8Array.from(bytes16(priorMac.length))).update(priorMac);
  for (const message of messages) hmac.update(message);
  const timers = [...time48(time), ...bytes16(fudge)];
  const algorithm = encodeName(signature.algorithmName ?? `hmac-${key.algorithm}.`);
  const variables = [...encodeName(key.name), 0, 255, 0, 0, 0, 0, ...algorithm, ...timers];
  const whole = [...variables, ...bytes16(error), ...bytes16(other.length), ...other];
  hmac.update(Uint8Array.from(signature.isContinued === true ? timers : whole));
  return new Uint8Array(hmac.digest());
}

/** The message with a TSIG behind it. */
export function signQuery(message: Uint8Array, signature: TestSignature = {}): SignedMessage {
  const { key = TEST_KEY, time = NOW_SECONDS, fudge = 300, error = 0, other = [] } = signature;
  const mac = macOf([message], signature).slice(0, signature.macBytes);
  const data = [
    ...encodeName(signature.algorithmName ?? `hmac-${key.algorithm}.`),
    ...time48(time),
    ...bytes16(fudge),
    ...bytes16(mac.length),
    ...mac,
    ...message.subarray(0, 2),
    ...bytes16(error),
    ...bytes16(other.length),
    ...other,
  ];
  const record = [...encodeName(key.name), 0, 250, 0, 255, 0, 0, 0, 0, ...bytes16(data.length), ...data];
  const bytes = Uint8Array.from([...message, ...record]);
  bytes[11] = (bytes[11] ?? 0) + 1;
  return { bytes, mac };
}

/** What a TSIG at the end of an answer says; `bare`: the answer as it was before. */
export type ReadSignature = {
  readonly bare: Uint8Array;
  readonly mac: Uint8Array;
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Uint8Array;
};

/** Finds the TSIG of `key` by its owner, type and class: MACs do not happen to hold them. */
export function readSignature(message: Uint8Array, key: TestKey = TEST_KEY): ReadSignature | undefined {
  const mark = Buffer.from([...encodeName(key.name), 0, 250, 0, 255, 0, 0, 0, 0]);
  const start = Buffer.from(message).lastIndexOf(mark);
  if (start < 0) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = start + mark.length + 2;
  while (message[at] !== 0) at += 1 + (message[at] ?? 0);
  at += 1;
  const macBytes = view.getUint16(at + 8);
  const bare = message.slice(0, start);
  bare[11] = (bare[11] ?? 0) - 1;
  return {
    bare,
    time: view.getUint32(at + 2),
    fudge: view.getUint16(at + 6),
    mac: message.slice(at + 10, at + 10 + macBytes),
    error: view.getUint16(at + 10 + macBytes + 2),
    other: message.slice(at + 10 + macBytes + 6),
  };
}
