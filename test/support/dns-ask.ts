// Asks a live server one question, as a resolver would: with a client subnet (RFC 7871) where one is given, over UDP or TCP.
// Composed and read by dns-packet, which shares no code with what is tested.

import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import packet from 'dns-packet';

export type DnsServer = { readonly host: string; readonly port: number };

export type Question = {
  readonly name: string;
  /** Default A. */
  readonly type?: string;
  /** `81.2.69.0/24`: the client that the resolver asks for. */
  readonly subnet?: string;
  readonly protocol?: 'udp' | 'tcp';
  /** Asks for signatures (RFC 3225). */
  readonly dnssecOk?: boolean;
  readonly timeoutMs?: number;
};

export type Reply = {
  readonly rcode: string;
  /** Data of the answers that have the type which was asked for, as text. */
  readonly data: readonly string[];
  readonly ttlSeconds: number | undefined;
  /** Of the client subnet in the reply; undefined: there is none. */
  readonly scope: number | undefined;
};

const DEFAULT_TIMEOUT_MS = 2000;
const UDP_PAYLOAD_BYTES = 1232;
const CLIENT_SUBNET_CODE = 8;
const RECURSION_DESIRED = 0x0100;
/** Of the OPT record's flags. */
const DNSSEC_OK = 0x8000;

/** @throws when nothing, or nothing readable, comes back in time. */
export async function ask(server: DnsServer, question: Question): Promise<Reply> {
  const query = composeQuery(Math.floor(Math.random() * 65_536), question);
  const timeoutMs = question.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const exchange = question.protocol === 'tcp' ? exchangeTcp : exchangeUdp;
  return readReply(await exchange(server, query, timeoutMs), question);
}

/** Undefined when nothing comes back in time. */
export async function tryAsk(server: DnsServer, question: Question): Promise<Reply | undefined> {
  return ask(server, question).catch(() => undefined);
}

/** The address that a client in `subnet` is sent to, or '' without an answer. */
export async function askAddress(server: DnsServer, name: string, subnet: string): Promise<string> {
  return (await tryAsk(server, { name, subnet, timeoutMs: 1000 }))?.data.join(' ') ?? '';
}

/** Asks again and again until the answer is as wanted; answers how long that took. @throws when it takes longer. */
export async function waitUntil(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  limitMs: number,
  everyMs = 20,
): Promise<number> {
  const began = performance.now();
  while (!(await isSo())) {
    if (performance.now() - began > limitMs) throw new Error(`after ${limitMs} ms it still is not so that ${what}`);
    await sleep(everyMs);
  }
  return performance.now() - began;
}

export function composeQuery(id: number, { name, type = 'A', subnet, dnssecOk = false }: Question): Uint8Array {
  const options = subnet === undefined ? [] : [clientSubnet(subnet)];
  return packet.encode({
    id,
    type: 'query',
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: [
      { type: 'OPT', name: '.', udpPayloadSize: UDP_PAYLOAD_BYTES, flags: dnssecOk ? DNSSEC_OK : 0, options },
    ],
  });
}

function clientSubnet(subnet: string) {
  const [ip = '', length = '0'] = subnet.split('/');
  return { code: CLIENT_SUBNET_CODE, ip, family: isIPv6(ip) ? 2 : 1, sourcePrefixLength: Number(length) };
}

function readReply(bytes: Uint8Array, { type = 'A' }: Question): Reply {
  const { rcode, answers, additionals = [] } = packet.decode(bytes);
  const wanted = answers.filter((answer) => answer.type === type);
  return {
    rcode,
    data: wanted.map(({ data }) => (typeof data === 'string' ? data : JSON.stringify(data))),
    ttlSeconds: wanted[0]?.ttl,
    scope: findScope(additionals),
  };
}

function findScope(additionals: readonly unknown[]): number | undefined {
  const options = additionals.flatMap((record) => listOf(record, 'options'));
  const subnet = options.find((option) => Reflect.get(option, 'code') === CLIENT_SUBNET_CODE);
  const scope: unknown = subnet && Reflect.get(subnet, 'scopePrefixLength');
  return typeof scope === 'number' ? scope : undefined;
}

function listOf(record: unknown, key: string): readonly object[] {
  if (typeof record !== 'object' || record === null) return [];
  const list: unknown = Reflect.get(record, key);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'object' && item !== null) : [];
}

async function exchangeUdp({ host, port }: DnsServer, query: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    socket.connect(port, host);
    await once(socket, 'connect', { signal });
    const received = once(socket, 'message', { signal });
    socket.send(query);
    const [message] = await received;
    return message;
  } finally {
    socket.close();
  }
}

async function exchangeTcp({ host, port }: DnsServer, query: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  const socket = connect({ host, port, noDelay: true });
  try {
    const timeout = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    let received: Buffer = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) break;
    }
    clearTimeout(timeout);
    return received.subarray(2);
  } finally {
    socket.destroy();
  }
}
