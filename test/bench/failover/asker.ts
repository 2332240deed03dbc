// Asks many names of every node over UDP, as cheaply as Node can: questions made beforehand, one connected socket per node,
// answers told apart by their last octet. The index of the name is the ID of the message, so an answer finds its question.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import packet from 'dns-packet';
import type { DnsServer } from '../../support/dns-ask.ts';
import { machineMs } from './machine-time.ts';
import { FALLBACK_ADDRESS, PRIMARY_ADDRESS } from './stage-document.ts';

export type AskerOptions = {
  readonly nodes: readonly DnsServer[];
  /** Below 65,536 of them. */
  readonly names: readonly string[];
  /** Between two questions for a name that is watched closely, and for any other. */
  readonly closeMs: number;
  readonly farMs: number;
  /** `isRight`: the fallback's address. */
  readonly onAnswer: (name: number, node: number, isRight: boolean, atMs: number) => void;
};

export type AskerCounts = {
  readonly sent: number;
  readonly received: number;
  /** Neither of the two addresses: an error code, an empty answer. */
  readonly strange: number;
};

export type Asker = {
  /** Names that are watched closely. */
  readonly close: Set<number>;
  readonly counts: AskerCounts;
  /** Asks no more, waits a moment for what is under way, and closes its sockets. */
  stop(): Promise<AskerCounts>;
};

const HEADER_BYTES = 12;
const RCODE_MASK = 0x0f;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const LAST_ANSWERS_MS = 300;

const PRIMARY_OCTET = lastOctet(PRIMARY_ADDRESS);
const FALLBACK_OCTET = lastOctet(FALLBACK_ADDRESS);

export async function startAsker(options: AskerOptions): Promise<Asker> {
  const queries = options.names.map((name, index) =>
    packet.encode({ id: index, type: 'query', questions: [{ name, type: 'A' }] }),
  );
  const counts = { sent: 0, received: 0, strange: 0 };
  const close = new Set<number>();
  const receive = (node: number) => (message: Buffer) => {
    counts.received++;
    const octet = readOctet(message);
    if (octet === PRIMARY_OCTET || octet === FALLBACK_OCTET) {
      options.onAnswer(message.readUInt16BE(0), node, octet === FALLBACK_OCTET, machineMs());
    } else counts.strange++;
  };
  const sockets = await Promise.all(options.nodes.map((server, node) => connect(server, receive(node))));
  const ask = (name: number) => {
    const query = queries[name];
    if (query === undefined) return;
    for (const socket of sockets) socket.send(query);
    counts.sent += sockets.length;
  };

  const closely = setInterval(() => close.forEach(ask), options.closeMs);
  // All of them once in `farMs`, a few at a time.
  let next = 0;
  const everyMs = Math.max(1, Math.floor(options.farMs / queries.length));
  const perTick = Math.ceil((queries.length * everyMs) / options.farMs);
  const far = setInterval(() => {
    for (let count = 0; count < perTick; count++) ask(next++ % queries.length);
  }, everyMs);

  return {
    close,
    counts,
    async stop() {
      clearInterval(closely);
      clearInterval(far);
      await new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS));
      for (const socket of sockets) socket.close();
      return counts;
    },
  };
}

async function connect({ host, port }: DnsServer, receive: (message: Buffer) => void): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  socket.on('message', receive);
  // A node that is not there, or not any more: its questions stay without an answer, and are counted so.
  socket.on('error', () => undefined);
  const connected = once(socket, 'connect');
  socket.connect(port, host);
  await connected;
  return socket;
}

/** The last octet of the one address in an answer; -1 for anything else. */
function readOctet(message: Buffer): number {
  if (message.length <= HEADER_BYTES) return -1;
  const isAnswer = (message.readUInt8(3) & RCODE_MASK) === 0 && message.readUInt16BE(6) === 1;
  return isAnswer ? message.readUInt8(message.length - 1) : -1;
}

function lastOctet(address: string): number {
  return Number(address.split('.').at(-1));
}
