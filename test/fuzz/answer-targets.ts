// Queries as strangers may send them, over each transport, to nodes with everything on: cookies, TSIG, client subnets, limits on
// responses, signed zones with both kinds of denial, transfers. Whatever comes, the answer is one, and no longer than it may be.

import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { answerQuery, HTTPS, TCP, TLS, UDP } from '../../src/answer/answer-query.ts';
import { createDesk, type Desk } from '../../src/answer/desk.ts';
import { createTsigDesk } from '../../src/answer/tsig-desk.ts';
import type { Sign } from '../../src/dnssec/zone-keys.ts';
import { computeHmac } from '../../src/replication/hmac.ts';
import { answerMessage, MAX_MESSAGE_BYTES } from '../../src/transport/answer-message.ts';
import { replyTo, replyWith } from '../../src/transport/https-reply.ts';
import { readRequest } from '../../src/transport/https-request.ts';
import { skipProxyHeader } from '../../src/transport/skip-proxy-header.ts';
import { trustPeers } from '../../src/transport/trusted-peers.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { formatResponseCode } from '../../src/wire/record-types.ts';
import { MAX_UDP_PAYLOAD } from '../../src/wire/response.ts';
import { LENGTH_BYTES, StreamInbox } from '../../src/wire/stream-inbox.ts';
import { COOKIE_SECRET, conductWith, OPEN_CONDUCT } from '../support/conduct.ts';
import { encodeName, encodeQuery, withLength } from '../support/dns-client.ts';
import { encodeProxyHeader } from '../support/proxy-header.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { ASKED, describeWorld, makeWorldKeys } from '../support/signed-world.ts';
import { createFixture, type Fixture } from '../support/snapshot-fixture.ts';
import { encodeIxfr } from '../support/transfer.ts';
import { NOW_SECONDS, signQuery, TEST_KEY } from '../support/tsig.ts';
import { readCorpus } from './corpus.ts';
import { createRandom } from './mutators.ts';
import { fitCorpus, SHARES, type Target } from './target.ts';

const FILL = 0xa5;
const GUARD_BYTES = 64;
/** Every so many answers are read by our strict decoder, and by an independent one: reading costs more than answering. */
const DECODE_EVERY = 8;
const DECODE_INDEPENDENTLY_EVERY = 256;
/** Every so many messages are signed once they have been mutated: hardly any would be right otherwise. */
const SIGN_EVERY = 16;
const MAX_SERIES = 10_000;
const LOOPBACK = 0x7f000001;
/** Over TLS and HTTPS answers are padded. */
const PROTOCOLS = [UDP, TCP, UDP, TLS, UDP, HTTPS] as const;
const LIMITED = { rateLimit: { responsesPerSecond: 5 }, cookies: { required: 'always' } };

const out = new Uint8Array(LENGTH_BYTES + MAX_MESSAGE_BYTES + GUARD_BYTES).fill(FILL);

export function createAnswerTargets(): readonly Target[] {
  const corpus = fitCorpus(readCorpus());
  const signedCorpus = fitCorpus([...corpus, ...listSignedQueries()]);
  const plain = deskOf(RFC_FIXTURE);
  const limited = createDesk(RFC_FIXTURE.snapshot, RFC_FIXTURE.state, 1, 0, conductWith(LIMITED, COOKIE_SECRET));
  const [nsec, compact] = (['nsec', 'compact'] as const).map(openSigned);
  assert.ok(nsec && compact);
  const target = (name: string, share: number, own: readonly Uint8Array[], run: Target['run']): Target => ({
    name,
    share,
    corpus: own,
    run,
  });
  const answering = (desk: Desk) => (bytes: Uint8Array, turn: number) => answer(desk, bytes, turn);
  return [
    target('answer', 24, corpus, answering(plain)),
    target('answer limited', 4, corpus, answering(limited)),
    target('answer signed by nsec', 10, signedCorpus, answering(nsec)),
    target('answer signed compactly', 6, signedCorpus, answering(compact)),
    target('proxy header', 4, corpus.flatMap(putBehindHeader), (bytes, turn) => answerBehindHeader(plain, bytes, turn)),
    target('https request', 6, signedCorpus, (bytes, turn) => answerRequest(nsec, bytes, turn)),
    target('stream', 5, signedCorpus, (bytes, turn) => answerStream(compact, bytes, turn)),
  ];
}

function openSigned(denial: 'nsec' | 'compact'): Desk {
  const keys = makeWorldKeys();
  const world: { zones?: readonly object[] } = { ...describeWorld(keys, denial) };
  const transfers = { allow: ['127.0.0.0/8', { key: 'test-key' }] };
  // What is denied compactly nobody may copy.
  const zones = denial === 'compact' ? world.zones : world.zones?.map((zone) => ({ ...zone, transfers }));
  return deskOf(createFixture({ ...world, zones }, { keys }));
}

function deskOf({ snapshot, state }: Pick<Fixture, 'snapshot' | 'state'>): Desk {
  const desk = createDesk(snapshot, state, 99, 0, OPEN_CONDUCT, signQuickly);
  const key = { name: encodeName(TEST_KEY.name), algorithm: 'hmac-sha256' as const, secret: TEST_KEY.secret };
  desk.tsig = createTsigDesk([key], computeHmac, () => NOW_SECONDS);
  return desk;
}

/** What a node signs while it answers. Nobody verifies it here, where time is for other things. */
const SIGNATURE = new Uint8Array(64).fill(0x5a);
const signQuickly: Sign = () => SIGNATURE;

function listSignedQueries(): readonly Uint8Array[] {
  const types = ['A', 'HTTPS', 'DS', 'DNSKEY', 'TXT'];
  const zone = ASKED[0]?.[0] ?? '';
  return [
    ...ASKED.map(([name], index) =>
      encodeQuery({ name: `${name}.`, type: types[index % types.length] ?? 'A', dnssecOk: true, udpSize: 1232 }),
    ),
    encodeQuery({ name: `${zone}.`, type: 'AXFR' }),
    signQuery(encodeQuery({ name: `${zone}.`, type: 'AXFR' })).bytes,
    encodeIxfr(`${zone}.`, 1),
    encodeIxfr(`${zone}.`, 7),
  ];
}

/** Answers, and checks what must be true of every answer. */
function answer(desk: Desk, message: Uint8Array, turn: number): string {
  const round = Math.floor(turn / SHARES);
  const protocol = PROTOCOLS[round % PROTOCOLS.length] ?? UDP;
  const isSigned = round % SIGN_EVERY === 0 && message.length >= 12;
  const bytes = isSigned ? signQuery(message).bytes : message;
  asLoopback(desk);
  const isStream = protocol === TCP || protocol === TLS;
  const limit = protocol === UDP ? MAX_UDP_PAYLOAD : MAX_MESSAGE_BYTES;
  const answered = isStream
    ? answerMessage(desk, bytes, out, protocol)
    : answerQuery(desk, bytes, 0, bytes.length, out, LENGTH_BYTES, limit, protocol);
  const outcome =
    typeof answered === 'number'
      ? checkAnswer(desk, bytes, answered, limit, protocol, round)
      : drain(answered, bytes, round);
  assert.ok(out.at(-1) === FILL && out.at(-GUARD_BYTES) === FILL, 'it is written behind its end');
  return outcome;
}

function checkAnswer(
  { query, limiter }: Desk,
  bytes: Uint8Array,
  answered: number,
  limit: number,
  protocol: number,
  round: number,
): string {
  if (answered === 0) {
    const isNoQuery = bytes.length < 12 || (bytes[2] ?? 0) >= 0x80;
    assert.ok(isNoQuery || limiter !== undefined, 'a query is not answered');
    return isNoQuery ? 'silence' : 'limited';
  }
  assert.ok(answered >= 12 && answered <= limit, `${answered} octets of at most ${limit}`);
  if (protocol === UDP) {
    const most = query.hasEdns ? Math.max(512, query.udpPayloadSize) : 512;
    assert.ok(answered <= most, `${answered} octets for a client that takes ${most}`);
  }
  const message = out.subarray(LENGTH_BYTES, LENGTH_BYTES + answered);
  assert.ok(message[0] === bytes[0] && message[1] === bytes[1], 'the ID is another');
  assert.ok(((message[2] ?? 0) & 0x80) !== 0, 'the answer is a query');
  if (round % DECODE_EVERY === 0) {
    const decoded = decodeMessage(message);
    assert.ok(typeof decoded !== 'string', `the answer cannot be read: ${String(decoded)}`);
    assert.equal(decoded.edns !== undefined, query.hasEdns, 'EDNS is answered with EDNS, and nothing else is');
  }
  if (round % DECODE_INDEPENDENTLY_EVERY === 0) packet.decode(Buffer.from(message));
  return formatResponseCode((message[3] ?? 0) & 15);
}

type Series = { next(out: Uint8Array, start: number, size: number): number; close(): void };

function drain(series: Series, bytes: Uint8Array, round: number): string {
  let messages = 0;
  try {
    for (; messages < MAX_SERIES; messages++) {
      const length = series.next(out, LENGTH_BYTES, MAX_MESSAGE_BYTES);
      if (length === 0) break;
      assert.ok(out[LENGTH_BYTES] === bytes[0], 'the ID of a transfer is another');
      if (round % DECODE_EVERY !== 0) continue;
      const decoded = decodeMessage(out.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
      assert.ok(typeof decoded !== 'string', `a transfer cannot be read: ${String(decoded)}`);
    }
  } finally {
    series.close();
  }
  assert.ok(messages > 0 && messages < MAX_SERIES, `a transfer of ${messages} messages`);
  return 'transfer';
}

function putBehindHeader(message: Uint8Array, index: number): readonly Uint8Array[] {
  const client = index % 2 === 0 ? '81.2.69.1' : '2a00:1450:4001:800::1';
  return fitCorpus([Uint8Array.from([...encodeProxyHeader({ client, transport: 2 }), ...message])]);
}

const BALANCERS = trustPeers([{ family: 4, words: [0x7f000000], length: 8 }]) ?? [];

function answerBehindHeader(desk: Desk, bytes: Uint8Array, turn: number): string {
  asLoopback(desk);
  const header = skipProxyHeader(BALANCERS, desk, bytes, 0, bytes.length);
  if (header < 0) return 'refused';
  assert.ok(header > 0 && header <= bytes.length, `a header of ${header} octets`);
  const length = bytes.length - header;
  const answered = answerQuery(desk, bytes, header, length, out, LENGTH_BYTES, MAX_UDP_PAYLOAD, UDP);
  const round = Math.floor(turn / SHARES);
  return checkAnswer(desk, bytes.subarray(header), answered, MAX_UDP_PAYLOAD, UDP, round);
}

/** The message in the path, or in the body; or the octets themselves as path, media type and length. */
function answerRequest(desk: Desk, bytes: Uint8Array, turn: number): string {
  const way = Math.floor(turn / SHARES) % 4;
  const text = Buffer.from(bytes).toString('latin1');
  const target = way === 0 ? text : way === 1 ? `/dns-query?${text}` : `/dns-query?dns=${encodeBase64(bytes)}`;
  const request = readRequest(
    {
      method: way === 3 ? 'POST' : 'GET',
      target,
      contentType: way === 3 && (bytes[0] ?? 0) < 16 ? text : 'application/dns-message',
      contentLength: way === 3 ? text.slice(0, 8) : undefined,
    },
    '/dns-query',
  );
  if (request.kind === 'refused') return `status ${replyWith(request).status}`;
  const { status, headers, body } = replyTo(
    request.kind === 'body' ? bytes : request.message,
    { family: 4, words: Uint32Array.of(LOOPBACK, 0, 0, 0) },
    desk,
  );
  assert.equal(headers['content-length'], body.length);
  assert.ok(desk.transfer === undefined, 'a transfer began that nobody takes');
  return `status ${status}`;
}

function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** The message thrice behind its length, cut into pieces anywhere; and the octets as a stream of their own. */
function answerStream(desk: Desk, bytes: Uint8Array, turn: number): string {
  const framed = withLength(bytes);
  const random = createRandom(turn);
  const isRaw = random() % 4 === 0;
  const stream = isRaw ? Uint8Array.from(bytes) : Uint8Array.from([...framed, ...framed, ...framed]);
  const inbox = new StreamInbox();
  let messages = 0;
  for (let from = 0; from < stream.length; ) {
    const length = Math.min(stream.length - from, 1 + (random() % 200));
    inbox.append(stream.slice(from, from + length));
    from += length;
    for (let message = inbox.take(); message !== undefined; message = inbox.take()) {
      messages++;
      asLoopback(desk);
      const answered = answerMessage(desk, message, out, TCP);
      if (typeof answered !== 'number') drain(answered, message, turn);
      if (!isRaw) assert.ok(Buffer.compare(message, bytes) === 0, 'a message of the stream is another');
    }
  }
  if (!isRaw) assert.ok(messages === 3 && inbox.length === 0, `${messages} messages of three`);
  return `${Math.min(messages, 4)} messages`;
}

function asLoopback({ client }: Desk): void {
  client.family = 4;
  client.words.fill(0);
  client.words[0] = LOOPBACK;
}
