// One connection of DNS over HTTPS, behind its handshake: HTTP/2 (RFC 9113), or HTTP/1.1 for those who speak nothing newer.
// Node speaks both; here stand the limits on what a peer may hold on to.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { constants, performServerHandshake, type ServerHttp2Stream, type ServerOptions } from 'node:http2';
import type { Readable, Stream } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { HTTPS } from '../answer/answer-query.ts';
import { CONNECTION_TIMED_OUT, countConnection } from '../answer/counters.ts';
import type { Client, Desk } from '../answer/desk.ts';
import { pathOfTarget } from '../model/request-target.ts';
import { createHttpServer } from '../native/http.ts';
import { MAX_MESSAGE_BYTES } from './answer-message.ts';
import { ConnectionDeadline } from './connection-deadline.ts';
import { type HttpReply, replyTo, replyWith } from './https-reply.ts';
import { type HttpRefusal, type HttpRequest, readRequest, TOO_LARGE, TOO_MUCH } from './https-request.ts';
import type { StreamLimits } from './stream-connection.ts';
import type { Accepted, Served } from './stream-listener.ts';

/** Room for a GET of some 12,000 bytes of message: longer ones are for POST. */
const MAX_HEADER_BYTES = 16 * 1024;
/** The least that RFC 9113 section 6.5.2 recommends. */
const MAX_CONCURRENT_STREAMS = 100;

/**
 * Of bodies that have come and answers that have not been taken, on one connection: a hundred streams could each hold on to
 * the longest message there is.
 */
const MAX_HELD_BYTES = 256 * 1024;

/**
 * A peer may not make us hold much (memory in megabytes), and who takes back what it has asked, over and over, is let go
 * (CVE-2023-44487, "rapid reset").
 */
const HTTP2_OPTIONS: ServerOptions = {
  settings: {
    maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
    maxHeaderListSize: MAX_HEADER_BYTES,
    enablePush: false,
  },
  maxHeaderListPairs: 64,
  maxSendHeaderBlockLength: MAX_HEADER_BYTES,
  maxSessionMemory: 1,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxSettings: 32,
  streamResetBurst: 200,
  streamResetRate: 50,
};

export type HttpsOptions = { readonly path: string; readonly limits: StreamLimits };

/** What requests of a connection need, of either version. */
type Connection = {
  readonly options: HttpsOptions;
  readonly desk: Desk;
  readonly client: Client;
  readonly deadline: ConnectionDeadline;
  readonly onMessages: () => void;
  /** Requests that are not answered yet. */
  open: number;
  /** What they hold on to. */
  heldBytes: number;
};

/** What one request holds on to, until it is over. */
type Held = { bytes: number };

/** Serves connections by what their handshake agreed on. */
export function createHttpsServer(
  options: HttpsOptions,
  desk: Desk,
): (socket: TLSSocket, accepted: Accepted) => Served {
  const connections = new WeakMap<object, Connection>();
  const server = createHttp1Server(connections);
  return (socket, { client, onMessages }) => {
    const { firstByteTimeoutMs } = options.limits;
    const expire = () => {
      countConnection(desk.counters, HTTPS, CONNECTION_TIMED_OUT);
      socket.destroy();
    };
    const deadline = new ConnectionDeadline(firstByteTimeoutMs, expire);
    const connection: Connection = { options, desk, client, deadline, onMessages, open: 0, heldBytes: 0 };
    // Who ends a connection of HTTP waits for no more answers, as over DNS's own streams.
    socket.allowHalfOpen = false;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => deadline.clear());
    const isPending = () => connection.open > 0 || socket.writableLength > 0;
    if (socket.alpnProtocol === 'h2') return { isPending, end: serveHttp2(socket, connection) };
    connections.set(socket, connection);
    // It never listens: connections are handed to it.
    server.emit('connection', socket);
    return { isPending, end: () => void socket.end() };
  };
}

/** Returns how to end the connection. */
function serveHttp2(socket: TLSSocket, connection: Connection): () => void {
  const session = performServerHandshake(socket, HTTP2_OPTIONS);
  // What is wrong with a session ends it, and concerns no other.
  session.on('error', () => socket.destroy());
  session.on('stream', (stream: ServerHttp2Stream, headers) => {
    const { messageTimeoutMs } = connection.options.limits;
    const cancel = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), messageTimeoutMs);
    const held = beginRequest(connection, stream, cancel);
    stream.on('error', () => stream.destroy());
    const request = {
      method: headers[':method'],
      target: headers[':path'],
      contentType: headers['content-type'],
      contentLength: headers['content-length'],
    };
    answerRequest(connection, request, stream, held, ({ status, headers, body }) => {
      if (stream.destroyed || stream.closed) return;
      stream.respond({ ':status': status, ...headers });
      stream.end(body);
    });
  });
  return () => session.close();
}

function createHttp1Server(connections: WeakMap<object, Connection>): Server {
  const options = { maxHeaderSize: MAX_HEADER_BYTES, keepAlive: false, requireHostHeader: true };
  const server = createHttpServer(options, (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    const { headers, method, url = '' } = request;
    const asked = {
      method,
      target: pathOfTarget(url),
      contentType: headers['content-type'],
      contentLength: headers['content-length'],
    };
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const cancel = setTimeout(() => request.socket.destroy(), connection.options.limits.messageTimeoutMs);
    const held = beginRequest(connection, response, cancel);
    answerRequest(connection, asked, request, held, ({ status, headers, body }) => {
      // Nobody is to send on what nobody reads.
      const isUnread = hasBody && status !== 200;
      response.writeHead(status, isUnread ? { ...headers, connection: 'close' } : headers);
      response.end(body);
    });
  });
  // The deadline of the connection is ours.
  server.keepAliveTimeout = 0;
  return server;
}

/** Whoever answers says on `exchange` when the request is over. */
function beginRequest(connection: Connection, exchange: Stream, deadline: NodeJS.Timeout): Held {
  const held: Held = { bytes: 0 };
  connection.open++;
  exchange.on('close', () => {
    clearTimeout(deadline);
    connection.open--;
    connection.heldBytes -= held.bytes;
  });
  return held;
}

function hold(connection: Connection, held: Held, bytes: number): void {
  held.bytes += bytes;
  connection.heldBytes += bytes;
}

/** `reply` is called once, unless the request is taken back before it is whole. */
function answerRequest(
  connection: Connection,
  request: HttpRequest,
  body: Readable,
  held: Held,
  reply: (reply: HttpReply) => void,
): void {
  const { options, desk, client, deadline, onMessages } = connection;
  const { idleTimeoutMs } = options.limits;
  const answer = (message: Uint8Array) => {
    const answered = replyTo(message, client, desk);
    hold(connection, held, answered.body.length);
    reply(answered);
    deadline.set(idleTimeoutMs);
    onMessages();
  };
  const read = connection.heldBytes < MAX_HELD_BYTES ? readRequest(request, options.path) : TOO_MUCH;
  if (read.kind === 'message') answer(read.message);
  else if (read.kind === 'refused') reply(replyWith(read));
  else {
    // Its body has a deadline of its own, which is the stream's.
    deadline.set(idleTimeoutMs);
    readBody(connection, body, held, answer, (refusal) => reply(replyWith(refusal)));
    return;
  }
  // A body that nobody wants is not to wait for a reader.
  body.resume();
}

/** Collected in one piece of memory: chunks of single bytes would each hold on to a hundred. */
function readBody(
  connection: Connection,
  body: Readable,
  held: Held,
  onWhole: (message: Uint8Array) => void,
  onRefused: (refusal: HttpRefusal) => void,
): void {
  let bytes = Buffer.alloc(0);
  let length = 0;
  let isRefused = false;
  const refuse = (refusal: HttpRefusal) => {
    isRefused = true;
    bytes = Buffer.alloc(0);
    hold(connection, held, -held.bytes);
    onRefused(refusal);
  };
  body.on('data', (chunk: Buffer) => {
    if (isRefused) return;
    const end = length + chunk.length;
    hold(connection, held, chunk.length);
    if (end > MAX_MESSAGE_BYTES) return refuse(TOO_LARGE);
    if (connection.heldBytes > MAX_HELD_BYTES) return refuse(TOO_MUCH);
    if (end > bytes.length) bytes = Buffer.concat([bytes.subarray(0, length)], 2 * end);
    bytes.set(chunk, length);
    length = end;
  });
  body.on('end', () => {
    if (!isRefused) onWhole(bytes.subarray(0, length));
  });
}
