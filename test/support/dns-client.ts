// A DNS client for tests: composes queries of any shape, right and wrong, and asks over UDP and TCP. Independent of what is
// under test, src/wire/decode-message.ts apart, which has tests of its own.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parsePrefix } from '../../src/model/address.ts';
import { type DecodedMessage, decodeMessage } from '../../src/wire/decode-message.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { parseRecordClass, parseRecordType } from '../../src/wire/record-types.ts';

export type EdnsOption = { readonly code: number; readonly data: readonly number[] };

export type QueryShape = {
  readonly id?: number;
  /** Bits of the second header word; 0x0100 asks for recursion. */
  readonly flags?: number;
  readonly name?: string;
  /** Instead of `name`: the bytes as they stand on the wire. */
  readonly rawName?: readonly number[];
  readonly type?: string;
  readonly class?: string;
  /** True: none at all. */
  readonly noQuestion?: boolean;
  /** An OPT record is added where any of the following is given. */
  readonly edns?: boolean;
  readonly udpSize?: number;
  readonly version?: number;
  readonly dnssecOk?: boolean;
  readonly options?: readonly EdnsOption[];
  /** `address/length`, as a client subnet option. */
  readonly subnet?: string;
  /** QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT instead of the true ones. */
  readonly counts?: readonly [number, number, number, number];
  /** Records as they stand on the wire, behind the OPT; each counts as an additional one. */
  readonly additionals?: readonly (readonly number[])[];
  /** Bytes behind the end. */
  readonly trailing?: readonly number[];
};

export function encodeQuery(shape: QueryShape): Uint8Array<ArrayBuffer> {
  const opt = encodeOpt(shape);
  const additionals = [...(opt === undefined ? [] : [opt]), ...(shape.additionals ?? [])];
  const counts = shape.counts ?? [shape.noQuestion === true ? 0 : 1, 0, 0, additionals.length];
  return Uint8Array.from([
    ...bytes16(shape.id ?? 0x1234),
    ...bytes16(shape.flags ?? 0x0100),
    ...counts.flatMap(bytes16),
    ...(shape.noQuestion === true ? [] : encodeQuestion(shape)),
    ...additionals.flat(),
    ...(shape.trailing ?? []),
  ]);
}

function encodeQuestion(shape: QueryShape): readonly number[] {
  return [
    ...(shape.rawName ?? encodeName(shape.name ?? 'www.gtm.example.com.')),
    ...bytes16(parseRecordType(shape.type ?? 'A') ?? 0),
    ...bytes16(parseRecordClass(shape.class ?? 'IN') ?? 0),
  ];
}

function encodeOpt(shape: QueryShape): readonly number[] | undefined {
  const { edns, udpSize, version, dnssecOk, options, subnet } = shape;
  const given = [udpSize, version, dnssecOk, options, subnet].some((part) => part !== undefined);
  if (edns !== true && !given) return undefined;
  const all = [...(options ?? []), ...(subnet === undefined ? [] : [encodeSubnet(subnet)])];
  const data = all.flatMap((option) => [...bytes16(option.code), ...bytes16(option.data.length), ...option.data]);
  return encodeRecord([0], 41, udpSize ?? 1232, [0, version ?? 0, dnssecOk === true ? 0x80 : 0, 0], data);
}

/** The client subnet option (RFC 7871 section 6) of a prefix; bits behind its length are cleared. */
export function encodeSubnet(text: string, scope = 0): EdnsOption {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`${text} is no prefix`);
  const address: number[] = [];
  for (let at = 0; at < (prefix.length + 7) >> 3; at++) {
    const kept = Math.min(8, prefix.length - 8 * at);
    const byte = ((prefix.words[at >> 2] ?? 0) >>> (24 - 8 * (at & 3))) & 0xff;
    address.push(byte & (0xff00 >> kept) & 0xff);
  }
  return { code: 8, data: [0, prefix.family === 4 ? 1 : 2, prefix.length, scope, ...address] };
}

export function encodeRecord(
  owner: readonly number[],
  type: number,
  recordClass: number,
  ttl: readonly number[],
  data: readonly number[],
): readonly number[] {
  return [...owner, ...bytes16(type), ...bytes16(recordClass), ...ttl, ...bytes16(data.length), ...data];
}

export function encodeName(text: string): Uint8Array {
  const name = parseNameText(text);
  if (!(name instanceof Uint8Array)) throw new Error(`${text}: ${name.problem}`);
  return name;
}

export function bytes16(value: number): readonly [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}

/** Decodes, and fails when that is not possible. */
export function decodeAnswer(bytes: Uint8Array): DecodedMessage {
  const message = decodeMessage(bytes);
  if (typeof message === 'string') throw new Error(`the answer cannot be decoded (${message})`);
  return message;
}

/** Sends one datagram and waits for the answer; undefined when none comes in time. */
export async function askUdp(
  port: number,
  query: Uint8Array,
  { host = '127.0.0.1', timeoutMs = 500 } = {},
): Promise<Uint8Array | undefined> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const limit = setTimeout(() => resolve(undefined), timeoutMs);
  socket.on('message', (message) => resolve(message));
  socket.on('error', reject);
  socket.send(query, port, host);
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
    socket.close();
  }
}

/** A connection whose messages are taken apart as they arrive. */
export type TcpClient = {
  readonly socket: Socket;
  /** Whole messages, without their length. */
  readonly messages: Uint8Array[];
  send(bytes: Uint8Array): void;
  /** Resolves once so many messages are there; rejects when the connection ends or nothing comes any more. */
  receive(count: number, timeoutMs?: number): Promise<readonly Uint8Array[]>;
  /** Resolves when the other side has closed, with the milliseconds that it took. */
  closed(timeoutMs?: number): Promise<number>;
  close(): void;
};

export async function connectTcp(port: number, host = '127.0.0.1'): Promise<TcpClient> {
  const socket = connect({ port, host, noDelay: true });
  const client = followStream(socket);
  await once(socket, 'connect');
  return client;
}

/** As a client: a socket, of TCP or TLS, whose answers have a length in front. */
export function followStream(socket: Socket): TcpClient {
  const messages: Uint8Array[] = [];
  let waiting = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      messages.push(Uint8Array.from(waiting.subarray(2, end)));
      waiting = waiting.subarray(end);
    }
    socket.emit('messages');
  });
  socket.on('error', () => socket.destroy());
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const begun = performance.now();
  return {
    socket,
    messages,
    send: (bytes) => void socket.write(bytes),
    async receive(count, timeoutMs = 2000) {
      const limit = AbortSignal.timeout(timeoutMs);
      while (messages.length < count) {
        if (socket.destroyed) throw new Error(`closed after ${messages.length} of ${count} messages`);
        await Promise.race([once(socket, 'messages', { signal: limit }), gone]);
      }
      return messages;
    },
    async closed(timeoutMs = 5000) {
      const { promise, reject } = Promise.withResolvers<never>();
      const limit = setTimeout(() => reject(new Error(`still open after ${timeoutMs} ms`)), timeoutMs);
      socket.resume();
      try {
        await Promise.race([gone, promise]);
      } finally {
        clearTimeout(limit);
      }
      return performance.now() - begun;
    },
    close: () => void socket.destroy(),
  };
}

/** A message as it goes over TCP: behind its length. */
export function withLength(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...bytes16(message.length), ...message]);
}
