// A primary on loopback that answers as a test says: right, wrong, in pieces, or not at all.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { serialOfSoa } from '../../src/transfer/serial.ts';
import type { DecodedMessage } from '../../src/wire/decode-message.ts';
import { formatName } from '../../src/wire/name.ts';
import { formatRecordType } from '../../src/wire/record-types.ts';
import { followStream, withLength } from './dns-client.ts';
import { macOf, readSignature, signQuery, type TestSignature } from './tsig.ts';
import { type AnswerShape, decode, encodeAnswer, type WireRecord } from './zone-answers.ts';

export type Asked = {
  readonly message: DecodedMessage;
  readonly raw: Uint8Array;
  readonly type: string;
  /** Of an IXFR. */
  readonly heldSerial: number | undefined;
  /** The connection over which it came, from 1. */
  readonly connection: number;
  readonly socket: Socket;
  /** An answer to this query, of these records. */
  compose(records: readonly WireRecord[], shape?: AnswerShape): Uint8Array;
  /** One message, or more, each behind its length. */
  send(...messages: readonly Uint8Array[]): void;
};

export type FakePrimary = {
  readonly port: number;
  /** `type` of each query, with the number of its connection: `1 SOA`. */
  readonly queries: string[];
  /** Connections that are open. */
  readonly open: ReadonlySet<Socket>;
  close(): Promise<void>;
};

export async function openPrimary(answer: (asked: Asked) => void): Promise<FakePrimary> {
  const open = new Set<Socket>();
  const queries: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const { messages } = followStream(socket);
    socket.on('messages', () => {
      for (const raw of messages.splice(0)) {
        const asked = describeQuery(raw, connection, socket);
        queries.push(`${connection} ${asked.type}`);
        answer(asked);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    queries,
    open,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function describeQuery(raw: Uint8Array, connection: number, socket: Socket): Asked {
  const message = decode(raw);
  const [question] = message.questions;
  const held = message.authorities[0];
  const type = formatRecordType(question?.type ?? 0);
  const name = formatName(question?.name ?? new Uint8Array(1));
  return {
    message,
    raw,
    type,
    heldSerial: held === undefined ? undefined : serialOfSoa(held.data),
    connection,
    socket,
    compose: (records, shape) =>
      encodeAnswer(records, {
        id: message.id,
        type: type === 'SOA' || type === 'IXFR' ? type : 'AXFR',
        name,
        ...shape,
      }),
    send: (...messages) => void socket.write(Buffer.concat(messages.map(withLength))),
  };
}

/**
 * The messages signed one over another, as an answer to this query; those for which `isSigned` says no go without, and the next
 * signature covers them.
 */
export function signStream(
  asked: Asked,
  messages: readonly Uint8Array[],
  isSigned: (index: number) => boolean = () => true,
  changed: Partial<TestSignature> = {},
): readonly Uint8Array[] {
  const time = Math.floor(Date.now() / 1000);
  let priorMac = readSignature(asked.raw)?.mac ?? new Uint8Array(0);
  let isContinued = false;
  let unsigned: Uint8Array[] = [];
  return messages.map((message, index) => {
    if (!isSigned(index)) {
      unsigned.push(message);
      return message;
    }
    const signature = { time, priorMac, isContinued, ...changed };
    const { bytes, mac } = signQuery(message, signature);
    const right = macOf([...unsigned, message], signature);
    const signed = Buffer.from(bytes);
    signed.set(right, signed.lastIndexOf(Buffer.from(mac)));
    priorMac = right;
    isContinued = true;
    unsigned = [];
    return new Uint8Array(signed);
  });
}
