// Hostile packets over real sockets, to a real answer thread: it goes on answering, does not fail, and does not grow.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, describe, it } from 'node:test';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { AnswerThreads } from '../../src/roles/answer-threads.ts';
import { CounterTotals } from '../../src/roles/counter-totals.ts';
import { chooseTransport } from '../../src/transport/udp.ts';
import { OPEN_CONDUCT } from '../support/conduct.ts';
import { askUdp, connectTcp, decodeAnswer, encodeQuery, type TcpClient, withLength } from '../support/dns-client.ts';
import { dnsSettings } from '../support/dns-settings.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { readCorpus } from './corpus.ts';
import { createPacket, createRandom, mutate } from './mutators.ts';

const UDP_PACKETS = 25_000;
const TCP_PACKETS = 25_000;
const SEED = Number(process.env.AZIMUTH_FUZZ_SEED ?? 20_260_602);
const MOST_SENT = 20 * TCP_PACKETS;
const MAX_GROWTH_BYTES = 150 * 1024 * 1024;

describe('a listener under hostile packets', () => {
  const faults: string[] = [];
  const stream = { write: (line: string) => void faults.push(line) };
  const totals = new CounterTotals();
  const threads = new AnswerThreads(
    {
      // All of them come from one address here: what makes room is the longest idle of all.
      ...dnsSettings({ tcp: { maxConnectionsPerPrefix: 1000 } }),
      transport: chooseTransport('auto').transport,
      conduct: OPEN_CONDUCT,
      threads: 2,
    },
    { logger: pino({ level: 'error' }, stream), totals },
  );
  const corpus = readCorpus();
  let port = 0;
  before(async () => {
    await threads.serve(RFC_FIXTURE.serving);
    port = threads.addresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
  });
  after(() => threads.close());

  const dropped = () => totals.read('dropped').reduce((sum, { value }) => sum + value, 0);
  const requests = () => totals.read('requests').reduce((sum, { value }) => sum + value, 0);

  async function assertAnswers(): Promise<void> {
    const query = encodeQuery({ id: 77, name: 'mail.example.com.' });
    // A datagram may be lost in a full buffer; three in a row are not.
    const answer = (await askUdp(port, query)) ?? (await askUdp(port, query)) ?? (await askUdp(port, query));
    assert.equal(answer && decodeAnswer(answer).answers.length, 1);
    const client = await connectTcp(port);
    client.send(withLength(query));
    const [overTcp] = await client.receive(1);
    assert.equal(overTcp && decodeAnswer(overTcp).answers.length, 1);
    client.close();
    assert.deepEqual(faults, []);
  }

  it('answers before', assertAnswers);

  it(`goes on after ${UDP_PACKETS} of them over UDP`, { timeout: 60_000 }, async (t) => {
    const random = createRandom(SEED);
    const mutant = createPacket();
    const socket = createSocket('udp4');
    let answers = 0;
    socket.on('message', (message) => {
      answers++;
      decodeAnswer(message);
    });
    const before = process.memoryUsage().rss;
    const handledBefore = dropped() + requests();
    for (let sent = 0; sent < UDP_PACKETS; sent++) {
      mutate(mutant, corpus, random);
      socket.send(mutant.bytes.slice(0, mutant.length), port, '127.0.0.1');
      // So that the listener keeps up, and every packet counts.
      if (sent % 64 === 0) await breathe();
      if (sent % 1024 === 0) await sleep(20);
    }
    await sleep(200);
    socket.close();
    const handled = dropped() + requests() - handledBefore;
    t.diagnostic(`${handled} of ${UDP_PACKETS} were received, ${answers} answered`);
    assert.ok(handled > 0.9 * UDP_PACKETS, `${handled} were received`);
    assert.ok(answers > 0.5 * UDP_PACKETS);
    assert.ok(process.memoryUsage().rss - before < MAX_GROWTH_BYTES);
    await assertAnswers();
  });

  it(`goes on after ${TCP_PACKETS} of them over TCP`, { timeout: 60_000 }, async (t) => {
    const random = createRandom(SEED + 1);
    const mutant = createPacket();
    const before = process.memoryUsage().rss;
    const handledBefore = dropped() + requests();
    let connections = 0;
    let client: TcpClient | undefined;
    // Whatever follows a message that ends its connection is lost: more are sent, until enough have been taken.
    const isEnough = () => dropped() + requests() - handledBefore >= TCP_PACKETS;
    for (let sent = 0; sent < MOST_SENT && (sent % 256 !== 0 || !isEnough()); sent++) {
      if (client === undefined || client.socket.destroyed || !client.socket.writable) {
        client = await connectTcp(port);
        connections++;
      }
      mutate(mutant, corpus, random);
      const message = withLength(mutant.bytes.subarray(0, mutant.length));
      // Most behind their true length; some behind a wrong one, some torn apart, some left unfinished.
      const kind = random() % 64;
      if (kind === 0) message[random() & 1] = random();
      const tearAt = kind < 8 ? random() % message.length : message.length;
      client.send(message.subarray(0, tearAt));
      if (kind < 8) await breathe();
      if (kind === 1) client.close();
      else client.send(message.subarray(tearAt));
      if (sent % 4 === 0) await breathe();
    }
    client?.close();
    await sleep(200);
    const handled = dropped() + requests() - handledBefore;
    t.diagnostic(`${connections} connections, ${handled} messages were handled`);
    assert.ok(connections > 100 && handled >= TCP_PACKETS);
    assert.ok(process.memoryUsage().rss - before < MAX_GROWTH_BYTES);
    await assertAnswers();
  });

  it('goes on under more connections than it takes, all of them silent or half said', { timeout: 30_000 }, async () => {
    const clients: TcpClient[] = [];
    for (let count = 0; count < 400; count++) {
      const client = await connectTcp(port);
      clients.push(client);
      if (count & 1) client.send(Uint8Array.of(0, 40, 1, 2, 3));
    }
    await assertAnswers();
    for (const client of clients) client.close();
    await assertAnswers();
  });
});
