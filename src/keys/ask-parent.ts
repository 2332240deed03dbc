// What DS the parent of a zone has, as resolvers see it. Over TCP only, where nobody off the path can forge an answer; unvalidated
// (CD), for a zone in trouble must be seen too. Several resolvers must agree: one that lags, or lies, only delays.

import { randomInt } from 'node:crypto';
import { getServers } from 'node:dns';
import { connect } from 'node:net';
import { type ListenAddress, parseListenAddress } from '../model/listen-address.ts';
import { composeQuery } from '../wire/compose-query.ts';
import { type DecodedMessage, decodeMessage } from '../wire/decode-message.ts';
import { compareNames } from '../wire/name.ts';
import { CLASS_IN, RCODE_NOERROR, TYPE_DS } from '../wire/record-types.ts';

export type ParentAnswer =
  | { readonly ok: true; readonly ds: readonly Uint8Array[]; readonly ttlSeconds: number }
  | { readonly ok: false; readonly reason: string };

/** Asks for the DS set of the zone with this name in wire form. Never rejects. */
export type AskParent = (zone: Uint8Array) => Promise<ParentAnswer>;

const RCODE_NXDOMAIN = 3;
const TIMEOUT_MS = 5_000;
/** A DS set is some hundred octets; nothing larger is read. */
const MAX_ANSWER_BYTES = 16_384;
const MAX_RESOLVERS = 16;
const DNS_PORT = 53;

/** `resolvers` empty: those of the system, as they are at each time. */
export function createAskParent(resolvers: readonly ListenAddress[]): AskParent {
  return async (zone) => {
    const asked = (resolvers.length > 0 ? resolvers : systemResolvers()).slice(0, MAX_RESOLVERS);
    return judgeAnswers(await Promise.all(asked.map((resolver) => askOne(resolver, zone))));
  };
}

/** Those that do not answer do not count; those that do must say the same. */
export function judgeAnswers(answers: readonly ParentAnswer[]): ParentAnswer {
  const good = answers.flatMap((answer) => (answer.ok ? [answer] : []));
  const [first] = good;
  if (first === undefined) {
    const reasons = answers.flatMap((answer) => (answer.ok ? [] : [answer.reason]));
    return { ok: false, reason: reasons.join('; ') || 'there is no resolver to ask' };
  }
  const key = keyOf(first.ds);
  if (good.some(({ ds }) => keyOf(ds) !== key)) return { ok: false, reason: 'the resolvers do not agree yet' };
  return { ok: true, ds: first.ds, ttlSeconds: Math.max(...good.map(({ ttlSeconds }) => ttlSeconds)) };
}

function keyOf(ds: readonly Uint8Array[]): string {
  return ds
    .map((data) => Buffer.from(data).toString('hex'))
    .sort()
    .join(' ');
}

function systemResolvers(): readonly ListenAddress[] {
  return getServers().flatMap((text) => {
    const plain = text.includes(':') && !text.startsWith('[') && !/^[\d.]+:\d+$/.test(text) ? `[${text}]` : text;
    const address = parseListenAddress(plain) ?? parseListenAddress(`${plain}:${DNS_PORT}`);
    return address === undefined ? [] : [address];
  });
}

function askOne(resolver: ListenAddress, zone: Uint8Array): Promise<ParentAnswer> {
  const id = randomInt(65_536);
  const query = composeQuery({ id, name: zone, type: TYPE_DS });
  // RD, and CD (RFC 4035 section 3.2.2).
  query[2] = 0x01;
  query[3] = 0x10;
  const name = `${resolver.host} port ${resolver.port}`;
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host: resolver.host, port: resolver.port });
    const timer = setTimeout(() => end({ ok: false, reason: `${name} did not answer in time` }), TIMEOUT_MS);
    const end = (answer: ParentAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write(Buffer.concat([Buffer.of(query.length >> 8, query.length & 0xff), query])));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 2 ? Number.POSITIVE_INFINITY : received.readUInt16BE(0);
      if (received.length > MAX_ANSWER_BYTES) return end({ ok: false, reason: `${name} answers too much` });
      if (received.length >= 2 + length) end(readParentAnswer(received.subarray(2, 2 + length), id, zone, name));
    });
    socket.on('error', (error) => end({ ok: false, reason: `${name}: ${error.message}` }));
    socket.on('close', () => end({ ok: false, reason: `${name} closed the connection` }));
  });
}

/** What a resolver says, whatever it sends. */
export function readParentAnswer(bytes: Uint8Array, id: number, zone: Uint8Array, resolver: string): ParentAnswer {
  const message = decodeMessage(bytes);
  if (typeof message === 'string' || message.id !== id || !message.isResponse || !isAbout(message, zone)) {
    return { ok: false, reason: `${resolver} answers something else` };
  }
  if (message.rcode !== RCODE_NOERROR && message.rcode !== RCODE_NXDOMAIN) {
    return { ok: false, reason: `${resolver} answers with rcode ${message.rcode}` };
  }
  const records = message.answers.filter(
    ({ name, type, class: own }) => type === TYPE_DS && own === CLASS_IN && compareNames(name, zone) === 0,
  );
  const ttlSeconds = Math.max(0, ...records.map((record) => record.ttlSeconds));
  return { ok: true, ds: records.map(({ data }) => data), ttlSeconds };
}

function isAbout({ questions }: DecodedMessage, zone: Uint8Array): boolean {
  const [question] = questions;
  return question !== undefined && question.type === TYPE_DS && compareNames(question.name, zone) === 0;
}
