// DNS over TCP (RFC 7766): messages behind a two-byte length, any number per connection, pieces of any size, answered in
// order. Everything that a peer could hold on to has a limit and a deadline.

import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { answerQuery, TCP } from '../answer/answer-query.ts';
import { countDropped, countDuration, DROPPED_OVERLOAD } from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { setClientAddress } from './client-address.ts';
import { bindError, CLOSE_LIMIT_MS, type Listener, waitUntilQuiet } from './listener.ts';
import { readClock } from './read-clock.ts';
import { LENGTH_BYTES, TcpInbox } from './tcp-inbox.ts';

const MAX_MESSAGE_BYTES = 65535;
/** Answers that a peer has not taken yet, before we stop reading what else it asks. */
const MAX_BACKLOG_BYTES = 256 * 1024;

/** Answered for one connection before everything else (UDP, other connections) has its turn. */
export const MAX_MESSAGES_PER_TURN = 16;

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
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
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
  const inbox = new TcpInbox();
  let nextTurn: NodeJS.Immediate | undefined;
  let hasEnded = false;
  let deadline = setTimeout(() => socket.destroy(), options.idleTimeoutMs);
  const setDeadline = (ms: number) => {
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), ms);
  };
  const answerWaiting = () => {
    nextTurn = undefined;
    // What is answered in one turn leaves in one piece: a system call costs more than an answer.
    socket.cork();
    const answered = answerMessages(socket, inbox, desk, scratch);
    socket.uncork();
    if (answered > 0) onMessage();
    // A peer that asks and does not listen gets no further until it does, and not for long.
    const isDeaf = socket.writableLength > MAX_BACKLOG_BYTES;
    const isMore = answered === MAX_MESSAGES_PER_TURN && !isDeaf;
    if (isMore) nextTurn = setImmediate(answerWaiting);
    if (isMore || isDeaf) socket.pause();
    else if (hasEnded) socket.end();
    else if (socket.isPaused()) socket.resume();
    if (isDeaf) setDeadline(options.messageTimeoutMs);
    else if (answered > 0 || inbox.length === 0) {
      setDeadline(inbox.length > 0 ? options.messageTimeoutMs : options.idleTimeoutMs);
    }
  };
  socket.on('data', (chunk) => {
    if (inbox.length === 0) setDeadline(options.messageTimeoutMs);
    inbox.append(chunk);
    if (nextTurn === undefined) answerWaiting();
  });
  socket.on('drain', () => {
    if (nextTurn === undefined) answerWaiting();
  });
  // It asks no more, and still wants its answers.
  socket.on('end', () => {
    hasEnded = true;
    if (nextTurn === undefined) answerWaiting();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(deadline);
    clearImmediate(nextTurn);
  });
}

/** Answers whole messages, until their turn ends or the peer's backlog is full; returns how many. */
function answerMessages(socket: Socket, inbox: TcpInbox, desk: Desk, scratch: Uint8Array): number {
  setClientAddress(desk.client, socket.remoteAddress ?? '');
  readClock(desk);
  for (let count = 0; count < MAX_MESSAGES_PER_TURN; count++) {
    if (!socket.writable || socket.writableLength > MAX_BACKLOG_BYTES) return count;
    const message = inbox.take();
    if (message === undefined) return count;
    const begun = performance.now();
    const answered = answerQuery(desk, message, 0, message.length, scratch, LENGTH_BYTES, MAX_MESSAGE_BYTES, TCP);
    if (answered === 0) {
      // What deserves no answer over UDP is no DNS client over TCP.
      socket.destroy();
      return count;
    }
    scratch[0] = answered >>> 8;
    scratch[1] = answered;
    socket.write(Buffer.from(scratch.subarray(0, LENGTH_BYTES + answered)));
    countDuration(desk.counters, (performance.now() - begun) / 1000, 1);
  }
  return MAX_MESSAGES_PER_TURN;
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
