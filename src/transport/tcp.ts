// DNS over TCP (RFC 7766): messages behind a two-byte length, any number per connection, pieces of any size, answered in
// order. Everything that a peer could hold on to has a limit and a deadline.

import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { answerQuery, TCP } from '../answer/answer-query.ts';
import { countDropped, countDuration, DROPPED_OVERLOAD } from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { setClientAddress } from './client-address.ts';
import { bindError, CLOSE_LIMIT_MS, type Listener, waitUntilQuiet } from './listener.ts';

const LENGTH_BYTES = 2;
const MAX_MESSAGE_BYTES = 65535;
/** Answers that a peer has not taken yet, before we stop reading what else it asks. */
const MAX_BACKLOG_BYTES = 256 * 1024;

export type TcpOptions = {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly maxConnections: number;
  /** Without a whole message for so long, a connection is closed. */
  readonly idleTimeoutMs: number;
  /** A message that has begun, and answers that wait to be taken, must be through by then. */
  readonly messageTimeoutMs: number;
};

/** Rejects with advice when the address cannot be bound. */
export async function listenTcp(options: TcpOptions, desk: Desk): Promise<Listener> {
  /** In the order of their last message: the first is the longest idle. */
  const connections = new Set<Socket>();
  let received = 0;
  const scratch = new Uint8Array(LENGTH_BYTES + MAX_MESSAGE_BYTES);
  const server = createServer({ noDelay: true }, (socket) => {
    if (connections.size >= options.maxConnections) evictLongestIdle(connections, desk);
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, options, desk, scratch, () => {
      received++;
      connections.delete(socket);
      connections.add(socket);
    });
  });
  const { host, port, reusePort } = options;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(bindError('tcp', host, port, cause));
    server.once('error', fail);
    server.listen({ host, port, reusePort, ipv6Only: isIPv6(host), exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  // Such as too many open files: the connection is lost, the server is not.
  server.on('error', () => countDropped(desk.counters, DROPPED_OVERLOAD, 1));
  return {
    protocol: 'tcp',
    host,
    port: boundPort(server),
    close: () => closeServer(server, connections, () => received),
  };
}

function serveConnection(
  socket: Socket,
  options: TcpOptions,
  desk: Desk,
  scratch: Uint8Array,
  onMessage: () => void,
): void {
  let waiting: Buffer = Buffer.alloc(0);
  let deadline = setTimeout(() => socket.destroy(), options.idleTimeoutMs);
  const setDeadline = (ms: number) => {
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), ms);
  };
  const answerWaiting = () => {
    const before = waiting.length;
    waiting = answerMessages(socket, waiting, desk, scratch);
    if (waiting.length < before) onMessage();
    if (socket.writableLength > MAX_BACKLOG_BYTES) {
      // The peer asks and does not listen: it gets no further until it does, and not for long.
      socket.pause();
      setDeadline(options.messageTimeoutMs);
    } else if (waiting.length < before || waiting.length === 0) {
      setDeadline(waiting.length > 0 ? options.messageTimeoutMs : options.idleTimeoutMs);
    }
  };
  socket.on('data', (chunk) => {
    const begins = waiting.length === 0;
    waiting = begins ? chunk : Buffer.concat([waiting, chunk]);
    if (begins) setDeadline(options.messageTimeoutMs);
    answerWaiting();
  });
  socket.on('drain', () => {
    answerWaiting();
    if (socket.writableLength <= MAX_BACKLOG_BYTES) socket.resume();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(deadline));
}

/** Answers the whole messages at the front of `waiting`, until the peer's backlog is full; returns what is left. */
function answerMessages(socket: Socket, waiting: Buffer, desk: Desk, scratch: Uint8Array): Buffer {
  let at = 0;
  setClientAddress(desk.client, socket.remoteAddress ?? '');
  while (waiting.length - at >= LENGTH_BYTES && socket.writableLength <= MAX_BACKLOG_BYTES) {
    const length = waiting.readUInt16BE(at);
    const start = at + LENGTH_BYTES;
    if (waiting.length - start < length) break;
    at = start + length;
    const begun = performance.now();
    const answered = answerQuery(desk, waiting, start, length, scratch, LENGTH_BYTES, MAX_MESSAGE_BYTES, TCP);
    if (answered === 0) {
      // What deserves no answer over UDP is no DNS client over TCP.
      socket.destroy();
      return Buffer.alloc(0);
    }
    scratch[0] = answered >>> 8;
    scratch[1] = answered;
    socket.write(Buffer.from(scratch.subarray(0, LENGTH_BYTES + answered)));
    countDuration(desk.counters, (performance.now() - begun) / 1000, 1);
  }
  return waiting.subarray(at);
}

function evictLongestIdle(connections: Set<Socket>, desk: Desk): void {
  const [longest] = connections;
  if (longest === undefined) return;
  countDropped(desk.counters, DROPPED_OVERLOAD, 1);
  connections.delete(longest);
  longest.destroy();
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Takes no more connections, answers what has been sent on those that are open, then ends them. */
async function closeServer(
  server: Server,
  connections: ReadonlySet<Socket>,
  countReceived: () => number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await waitUntilQuiet(countReceived, () => [...connections].some((socket) => socket.writableLength > 0));
  for (const socket of connections) socket.end();
  const limit = setTimeout(() => {
    for (const socket of connections) socket.destroy();
  }, CLOSE_LIMIT_MS);
  await closed;
  clearTimeout(limit);
}
