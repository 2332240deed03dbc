// Loads a DNS server over UDP for some seconds, in a process of its own, and prints what came back as JSON. A fixed number of
// queries is always on its way: with each answer the next one goes out. `node test/bench/load-generator.ts HOST PORT FILE
// SECONDS`; the file is as queries.ts writes it.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitQueries } from './queries.ts';

export type LoadResult = {
  readonly answered: number;
  readonly lost: number;
  /** Answers whose rcode was not NOERROR, or that held no record. */
  readonly wrong: number;
  readonly seconds: number;
};

const SOCKETS = 4;
const OUTSTANDING_PER_SOCKET = 50;
/** When nothing at all came back for so long, what was on its way counts as lost, and is sent anew. */
const STALL_MS = 200;

async function generate(host: string, port: number, file: string, seconds: number): Promise<LoadResult> {
  const queries = splitQueries(readFileSync(file));
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(host, port)));
  const counts = { answered: 0, lost: 0, wrong: 0 };
  const waiting = new Map<Socket, number>();
  let next = 0;
  let isOver = false;
  const send = (socket: Socket): void => {
    const query = queries[next++ % queries.length];
    if (query === undefined || isOver) return;
    waiting.set(socket, (waiting.get(socket) ?? 0) + 1);
    socket.send(query);
  };
  for (const socket of sockets) {
    socket.on('message', (message) => {
      counts.answered++;
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      // RCODE in the low bits of the fourth byte, ANCOUNT in the seventh and eighth (RFC 1035 section 4.1.1).
      if (((message[3] ?? 0) & 15) !== 0 || (message[7] ?? 0) === 0) counts.wrong++;
      send(socket);
    });
    for (let count = 0; count < OUTSTANDING_PER_SOCKET; count++) send(socket);
  }
  const began = performance.now();
  let before = -1;
  while (performance.now() - began < seconds * 1000) {
    await sleep(Math.min(STALL_MS, seconds * 1000));
    if (counts.answered === before) {
      for (const socket of sockets) {
        const lost = waiting.get(socket) ?? 0;
        counts.lost += lost;
        waiting.set(socket, 0);
        for (let count = 0; count < lost; count++) send(socket);
      }
    }
    before = counts.answered;
  }
  isOver = true;
  const elapsedSeconds = (performance.now() - began) / 1000;
  for (const socket of sockets) socket.close();
  return { ...counts, seconds: elapsedSeconds };
}

async function openSocket(host: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.connect(port, host);
  await once(socket, 'connect');
  return socket;
}

const [host = '', port = '', file = '', seconds = ''] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await generate(host, Number(port), file, Number(seconds)))}\n`);
