// The part of `npm run fuzz` over sockets: a node in a process of its own, with UDP, TCP, TLS and HTTPS, is sent hostile messages
// and streams; now and then, and at the end, it must answer well over each of them. Its memory is watched from outside.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { askUdp, connectTcp, decodeAnswer, encodeQuery, type TcpClient, withLength } from '../support/dns-client.ts';
import { askHttp2, connectHttp2, openStream } from '../support/https-client.ts';
import { connectTls } from '../support/tls-client.ts';
import { readCorpus } from './corpus.ts';
import { type LiveNode, startLiveNode } from './live-node.ts';
import { createPacket, createRandom, mutate, type Packet, type Random } from './mutators.ts';
import type { Progress } from './progress.ts';

export type Way = 'udp' | 'tcp' | 'tls' | 'https';
export type LiveReport = {
  readonly seconds: number;
  /** Messages that the node took, as it counts them itself: those behind one that ends a connection are lost. */
  readonly handled: number;
  /** What was sent, and what came back for it: messages, or for HTTPS by status. */
  readonly sent: Readonly<Record<Way, number>>;
  readonly answers: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
  readonly rssBytes: { readonly start: number; readonly end: number; readonly most: number };
  /** What the node said of errors. */
  readonly complaints: readonly string[];
};

const MAX_GROWTH_BYTES = 150 * 1024 * 1024;
/** In one turn over all four ways, so many messages of each. */
const BATCH: Readonly<Record<Way, number>> = { udp: 640, tcp: 180, tls: 120, https: 60 };
const BATCH_TOTAL = 1000;
/** Between looks at whether it still answers. */
const CHECK_EVERY = 20_000;
const COUNT_EVERY = 5000;
/** Where it takes less of what it is sent, something is wrong. */
const MAX_SENT = 4;
const WARM_AFTER = 50_000;
const MESSAGES_PER_CONNECTION = 32;
const SOCKET_LIMIT_MS = 2000;
const HTTPS_AT_ONCE = 20;

/** Rejects when the node does not answer well, ends, or grows too much; the error says after which message. */
export async function runLive(
  { seed, count }: { seed: number; count: number },
  progress: Progress,
): Promise<LiveReport> {
  const node = await startLiveNode();
  const random = createRandom(seed ^ 0x5eed);
  const sender = new Sender(node, readCorpus(), random);
  const began = performance.now();
  const rss = { start: 0, end: 0, most: 0 };
  let done = 0;
  const check = async () => {
    await sleep(200);
    await assertAnswers(node);
    const now = readRss(node.pid);
    if (rss.start === 0 && done >= Math.min(WARM_AFTER, count / 2)) rss.start = now;
    rss.most = Math.max(rss.most, now);
    if (rss.start > 0 && now - rss.start > MAX_GROWTH_BYTES)
      throw new Error(`it grew from ${rss.start} to ${now} bytes`);
  };
  try {
    await check();
    for (let sent = BATCH_TOTAL; done < count; sent += BATCH_TOTAL) {
      await sender.udp(BATCH.udp);
      await sender.stream('tcp', BATCH.tcp);
      await sender.stream('tls', BATCH.tls);
      await sender.https(BATCH.https);
      if (sent % COUNT_EVERY === 0) {
        done = await node.handled();
        progress.tell(done, count);
      }
      if (sent % CHECK_EVERY === 0) await check();
      if (sent > MAX_SENT * count + CHECK_EVERY) throw new Error(`it took ${done} of ${sent} messages`);
    }
    await check();
    rss.end = readRss(node.pid);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `seed ${seed}, after ${done} messages over sockets: ${why}\nthe last:\n${sender.last.join('\n')}\n${node.output()}`,
    );
  } finally {
    sender.close();
    await node.close();
  }
  const complaints = node.complaints();
  const { sent, answers, connections } = sender;
  return {
    seconds: (performance.now() - began) / 1000,
    handled: done,
    sent,
    answers,
    connections,
    rssBytes: rss,
    complaints,
  };
}

const MAX_LAST = 64;

class Sender {
  readonly sent: Record<Way, number> = { udp: 0, tcp: 0, tls: 0, https: 0 };
  readonly answers: Record<string, number> = {};
  readonly connections: Record<string, number> = {};
  /** The last messages in hex, the latest at the end. */
  readonly last: string[] = [];
  readonly #node: LiveNode;
  readonly #corpus: readonly Uint8Array[];
  readonly #random: Random;
  readonly #packet: Packet = createPacket();
  readonly #socket = createSocket('udp4');
  #session: ClientHttp2Session | undefined;

  constructor(node: LiveNode, corpus: readonly Uint8Array[], random: Random) {
    this.#node = node;
    this.#corpus = corpus;
    this.#random = random;
    this.#socket.on('message', () => this.#count('udp'));
    this.#socket.on('error', () => undefined);
  }

  async udp(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      this.#socket.send(this.#next('udp'), this.#node.port, '127.0.0.1');
      // So that the listener keeps up, and every packet counts.
      if (index % 32 === 0) await breathe();
    }
    await sleep(1);
  }

  /** Most messages behind their length; some behind a wrong one, some torn apart, some left unfinished. */
  async stream(way: 'tcp' | 'tls', count: number): Promise<void> {
    for (let left = count; left > 0; left -= MESSAGES_PER_CONNECTION) {
      const client = await this.#connect(way);
      this.connections[way] = (this.connections[way] ?? 0) + 1;
      const expected = Math.min(left, MESSAGES_PER_CONNECTION);
      const ended = once(client.socket, 'close').catch(() => undefined);
      client.socket.on('error', () => undefined);
      client.socket.on('data', () => this.#count(`${way}, in pieces`));
      for (let index = 0; index < expected; index++) {
        const message = withLength(this.#next(way));
        // One that is no query ends the connection: most are made one, so that those behind it are read.
        if (this.#random() % 8 > 0 && message.length > 4) message[4] = (message[4] ?? 0) & 0x7f;
        const kind = this.#random() % 64;
        if (kind === 0) message[this.#random() & 1] = this.#random();
        const tearAt = kind < 4 ? this.#random() % message.length : message.length;
        client.send(message.subarray(0, tearAt));
        if (kind < 4) await breathe();
        if (kind !== 1) client.send(message.subarray(tearAt));
        if (index % 8 === 0) await breathe();
      }
      client.socket.end();
      await Promise.race([ended, sleep(SOCKET_LIMIT_MS)]);
      client.socket.destroy();
    }
  }

  async https(count: number): Promise<void> {
    for (let left = count; left > 0; left -= HTTPS_AT_ONCE) {
      if (this.#session === undefined || this.#session.destroyed || this.#session.closed) {
        this.#session = await connectHttp2(this.#node.httpsPort, this.#node.certificate);
        this.connections['https'] = (this.connections['https'] ?? 0) + 1;
      }
      const session = this.#session;
      await Promise.all(Array.from({ length: Math.min(left, HTTPS_AT_ONCE) }, () => this.#request(session)));
    }
  }

  close(): void {
    this.#socket.close();
    this.#session?.destroy();
  }

  async #request(session: ClientHttp2Session): Promise<void> {
    const message = this.#next('https');
    const kind = this.#random() % 8;
    const dns = message.toString('base64url');
    const question =
      kind < 3
        ? { path: `/dns-query?dns=${dns}` }
        : kind < 4
          ? { path: `/dns-query?${encodeURI(message.toString('latin1').replaceAll(/[^ -~]/g, '='))}` }
          : {
              path: '/dns-query',
              method: 'POST',
              headers: { 'content-type': 'application/dns-message' },
              body: message,
            };
    // Some are given up on their way.
    if (kind === 7) {
      openStream(session, question)
        .on('error', () => undefined)
        .close();
      return;
    }
    const answer = await Promise.race([askHttp2(session, question).catch(() => undefined), sleep(SOCKET_LIMIT_MS)]);
    this.#count(`https ${answer?.status ?? 'no status'}`);
  }

  #connect(way: 'tcp' | 'tls'): Promise<TcpClient> {
    if (way === 'tcp') return connectTcp(this.#node.port);
    return connectTls(this.#node.tlsPort, { ca: this.#node.certificate });
  }

  #next(way: Way): Buffer {
    mutate(this.#packet, this.#corpus, this.#random);
    const message = Buffer.from(this.#packet.bytes.slice(0, this.#packet.length));
    this.sent[way]++;
    this.last.push(`${way} ${message.toString('hex')}`);
    if (this.last.length > MAX_LAST) this.last.shift();
    return message;
  }

  #count(what: string): void {
    this.answers[what] = (this.answers[what] ?? 0) + 1;
  }
}

/** @throws when one of the four ways has no good answer. */
async function assertAnswers(node: LiveNode): Promise<void> {
  const query = encodeQuery({ id: 77, name: 'mail.example.com.' });
  const judge = (way: Way, answer: Uint8Array | undefined) => {
    const isGood = answer !== undefined && decodeAnswer(answer).answers.length === 1;
    if (!isGood) throw new Error(`over ${way} it does not answer well any more`);
  };
  // A datagram may be lost in a full buffer; three in a row are not.
  const ask = () => askUdp(node.port, query);
  judge('udp', (await ask()) ?? (await ask()) ?? (await ask()));
  for (const way of ['tcp', 'tls'] as const) {
    const client =
      way === 'tcp' ? await connectTcp(node.port) : await connectTls(node.tlsPort, { ca: node.certificate });
    client.send(withLength(query));
    const [answer] = await client.receive(1);
    judge(way, answer);
    client.close();
  }
  const session = await connectHttp2(node.httpsPort, node.certificate);
  const answer = await askHttp2(session, { path: `/dns-query?dns=${Buffer.from(query).toString('base64url')}` });
  session.close();
  judge('https', answer.status === 200 ? answer.body : undefined);
}

function readRss(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
