// Asks a desk for a transfer as a stream would, and gives its messages and records.

import { TCP } from '../../src/answer/answer-query.ts';
import type { Desk } from '../../src/answer/desk.ts';
import { parseAddress } from '../../src/model/address.ts';
import { answerMessage } from '../../src/transport/answer-message.ts';
import { type DecodedMessage, type DecodedRecord, decodeMessage } from '../../src/wire/decode-message.ts';
import { formatName } from '../../src/wire/name.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { formatRecordType } from '../../src/wire/record-types.ts';
import { bytes16, encodeName, encodeQuery, encodeRecord, type QueryShape } from './dns-client.ts';

export type Transferred = {
  /** As they were sent. */
  readonly raw: readonly Uint8Array[];
  readonly messages: readonly DecodedMessage[];
  /** `name ttl type data` of every answer record of every message. */
  readonly records: readonly string[];
};

const LENGTH_BYTES = 2;
const MAX_MESSAGES = 100_000;

export function transfer(desk: Desk, query: Uint8Array, source = '192.0.2.1', protocol = TCP): Transferred {
  const address = parseAddress(source);
  if (address === undefined) throw new Error(`${source} is no address`);
  desk.client.family = address.family;
  desk.client.words.fill(0);
  desk.client.words.set(address.words);
  const out = new Uint8Array(LENGTH_BYTES + 65_535);
  const answer = answerMessage(desk, query, out, protocol);
  const raw: Uint8Array[] = [];
  if (typeof answer === 'number') raw.push(out.slice(LENGTH_BYTES, LENGTH_BYTES + answer));
  else {
    while (raw.length < MAX_MESSAGES) {
      const length = answer.next(out, LENGTH_BYTES, 65_535);
      if (length === 0) break;
      raw.push(out.slice(LENGTH_BYTES, LENGTH_BYTES + length));
    }
    answer.close();
  }
  const messages = raw.map((bytes) => {
    const message = decodeMessage(bytes);
    if (typeof message === 'string') throw new Error(`a message cannot be read: ${message}`);
    return message;
  });
  return { raw, messages, records: messages.flatMap(({ answers }) => answers.map(formatRecord)) };
}

export function formatRecord({ name, ttlSeconds, type, data }: DecodedRecord): string {
  return `${formatName(name)} ${ttlSeconds} ${formatRecordType(type)} ${formatRecordData(type, data)}`;
}

/** An IXFR query of whoever has `serial` (RFC 1995 section 3). */
export function encodeIxfr(name: string, serial: number, shape: QueryShape = {}): Uint8Array<ArrayBuffer> {
  const owner = [...encodeName(name)];
  const numbers = [serial, 1, 1, 1, 1].flatMap((value) => [...bytes16(value >>> 16), ...bytes16(value & 0xffff)]);
  const soa = encodeRecord(owner, 6, 1, [0, 0, 0, 0], [0, 0, ...numbers]);
  const query = encodeQuery({ ...shape, name, type: 'IXFR' });
  const question = encodeQuery({ ...shape, name, type: 'IXFR', counts: [1, 0, 1, 0] });
  // Behind the question, before whatever is additional.
  const end = 12 + owner.length + 4;
  return Uint8Array.from([...question.subarray(0, 10), ...query.subarray(10, end), ...soa, ...query.subarray(end)]);
}
