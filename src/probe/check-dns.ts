// The dns check: one query over UDP or TCP to the pinned address, judged by its rcode and, where the monitor says so, by
// its data. dns2 composes the query and parses the answer. The sockets are ours, because its clients take neither a
// deadline over TCP nor an IPv6 address there, do not notice a refused port over UDP, and hand replies of any size to a
// parser that a 65 kB chain of pointers keeps busy for seconds: here none above MAX_REPLY_BYTES reaches it.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import { Packet } from 'dns2';
import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import { isSameAddress } from '../model/address.ts';
import type { DnsCheck } from '../model/monitors/dns-monitor.ts';
import { type CheckOptions, type Conclusion, observe, type Witness } from './observe.ts';

/** What a reply may measure; the EDNS sizes in use are all below (RFC 9715 recommends 1400 and less). */
export const MAX_REPLY_BYTES = 4_096;

/** RFC 1035 section 4.1.1. */
const HEADER_BYTES = 12;

/** Succeeds when the rcode, and the data if any is asked for, are as expected. Never throws; see observe.ts. */
export function checkDns(target: Target, options: CheckOptions): Promise<Observation> {
  return observe(options, (witness) => {
    if (target.check.type !== 'dns') throw new Error('not a DNS check');
    const { check } = target;
    const id = randomInt(65_536);
    const query = composeQuery(id, check);
    const receive = (reply: Buffer) => {
      const conclusion = judgeReply(reply, id, check);
      if (conclusion !== undefined) witness.conclude(conclusion);
    };
    witness.enter('waiting for the answer');
    const ask = check.protocol === 'udp' ? askOverUdp : askOverTcp;
    return ask(query, options.address, target.port, receive, witness);
  });
}

function composeQuery(id: number, { query }: DnsCheck): Buffer {
  const packet = new Packet();
  packet.header.id = id;
  packet.header.rd = 1;
  packet.questions.push(new Packet.Question(query.name, readType(query.type), Packet.CLASS.IN));
  return packet.toBuffer();
}

/** A mnemonic that dns2 knows, or TYPE65280 (RFC 3597 section 5). */
function readType(text: string): number {
  const known = Object.entries(Packet.TYPE).find(([name]) => name === text.toUpperCase())?.[1];
  const number = known ?? Number(/^TYPE(\d{1,5})$/i.exec(text)?.[1]);
  if (!(number <= 65_535)) throw new Error(`unknown record type ${text}`);
  return number;
}

type Ask = (
  query: Buffer,
  address: string,
  port: number,
  receive: (reply: Buffer) => void,
  witness: Witness,
) => () => void;

const askOverUdp: Ask = (query, address, port, receive, witness) => {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  socket.on('error', witness.failWith);
  socket.on('message', receive);
  // Connected, the kernel drops what comes from elsewhere and reports a port that nobody listens on.
  socket.on('connect', () => socket.send(query, (error) => error && witness.failWith(error)));
  socket.connect(port, address);
  return () => socket.close();
};

const askOverTcp: Ask = (query, address, port, receive, witness) => {
  const socket = connect({ host: address, port });
  let received = Buffer.alloc(0);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  socket.on('error', witness.failWith);
  socket.on('close', () => witness.fail('connection closed without an answer'));
  socket.write(Buffer.concat([length, query]));
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    // RFC 1035 section 4.2.2: two octets of length stand before the message.
    while (received.length >= 2) {
      const end = 2 + received.readUInt16BE(0);
      if (end - 2 > MAX_REPLY_BYTES) return witness.fail('the answer is too large');
      if (received.length < end) return;
      receive(received.subarray(2, end));
      // It may have been about something else; it is let go of either way.
      received = received.subarray(end);
    }
  });
  return () => socket.destroy();
};

/** Undefined for a reply to something else: the right one may still come. */
export function judgeReply(reply: Buffer, id: number, check: DnsCheck): Conclusion | undefined {
  if (reply.length > MAX_REPLY_BYTES) return { ok: false, reason: 'the answer is too large' };
  // Before it is parsed: what is not for us costs nothing.
  if (reply.length >= HEADER_BYTES && (reply.readUInt16BE(0) !== id || (reply.readUInt8(2) & 0x80) === 0))
    return undefined;
  const packet = parseReply(reply);
  if (packet === undefined) return { ok: false, reason: 'the answer is no DNS message' };
  const rcode = nameRcode(packet.header.rcode);
  if (rcode !== check.expect.rcode.toUpperCase()) return { ok: false, reason: `rcode ${rcode}` };
  const { data } = check.expect;
  const isExpected = data === undefined || packet.answers.some((answer) => holdsData(answer, data));
  if (isExpected) return { ok: true, reason: rcode };
  const reason =
    packet.header.tc === 1 ? 'the answer is truncated: use the protocol tcp' : `${rcode}, but the answer lacks ${data}`;
  return { ok: false, reason };
}

function parseReply(reply: Buffer): Packet | undefined {
  try {
    return Packet.parse(reply);
  } catch {
    return undefined;
  }
}

function nameRcode(rcode: number): string {
  return Object.entries(Packet.RCODE).find(([, value]) => value === rcode)?.[0] ?? `RCODE${rcode}`;
}

type Answer = Packet['answers'][number];

/** Compares addresses as addresses, and names without regard to case and the last dot. */
function holdsData(answer: Answer, wanted: string): boolean {
  if (answer.address !== undefined) return isSameAddress(answer.address, wanted);
  const { data, exchange, priority, weight, port, target } = answer;
  const texts = [
    answer.domain,
    answer.ns,
    typeof data === 'string' ? data : undefined,
    Array.isArray(data) ? data.join('') : undefined,
    exchange === undefined ? undefined : `${priority} ${exchange}`,
    target === undefined ? undefined : `${priority} ${weight} ${port} ${target}`,
  ];
  return texts.some((text) => text !== undefined && foldName(text) === foldName(wanted));
}

function foldName(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}
