// The grpc check: one call of grpc.health.v1.Health/Check on a fresh HTTP/2 connection, in the clear (with prior knowledge,
// RFC 9113 section 3.3) or over TLS. The frames that a server may send for ever (pings, settings, headers, continuations) have
// limits in nghttp2, in Node, and in what one connection may read (open-connection.ts).

import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { isIP, type Socket } from 'node:net';
import type { Target } from '../health/target.ts';
import type { GrpcCheck } from '../model/monitors/grpc-monitor.ts';
import { encodeHealthRequest, nameGrpcStatus, readHealthResponse } from './grpc-health.ts';
import { type CheckKind, MAX_ANSWER_BYTES, observe, type Witness } from './observe.ts';
import { openConnection } from './open-connection.ts';
import type { TlsContexts } from './tls-contexts.ts';

/** Header fields of one response, trailers apart. */
const MAX_HEADER_PAIRS = 64;
/** What Node may hold for one session, in megabytes: the least that it takes. */
const MAX_SESSION_MEGABYTES = 1;

/** Succeeds when the server says SERVING. Never throws; see observe.ts. */
export function createGrpcCheck(contexts: TlsContexts): CheckKind {
  return (target, options) =>
    observe(options, (witness) => {
      const { check, port, serverName } = target;
      if (check.type !== 'grpc') throw new Error('not a gRPC check');
      const { tls, verifyCertificate } = check;
      const demand = tls && {
        options: tls,
        serverName: tls.serverName ?? serverName,
        verifyCertificate,
        protocols: ['h2'],
      };
      let session: ClientHttp2Session | undefined;
      const end = openConnection({ address: options.address, port }, demand, { contexts, witness }, (socket) => {
        if (demand !== undefined && Reflect.get(socket, 'alpnProtocol') !== 'h2') {
          return witness.fail('the server does not speak HTTP/2 over TLS');
        }
        witness.enter('waiting for the response');
        session = openSession(socket, target, demand !== undefined, witness);
        judgeCall(call(session, target, check), witness);
      });
      return () => {
        session?.destroy();
        end();
      };
    });
}

function openSession(socket: Socket, target: Target, isSecure: boolean, witness: Witness): ClientHttp2Session {
  const session = connect(`${isSecure ? 'https' : 'http'}://${formatAuthority(target)}`, {
    createConnection: () => socket,
    maxHeaderListPairs: MAX_HEADER_PAIRS,
    maxSessionMemory: MAX_SESSION_MEGABYTES,
    maxReservedRemoteStreams: 0,
    maxSettings: 16,
    settings: { enablePush: false, initialWindowSize: 65_535, maxHeaderListSize: 16_384 },
  });
  session.on('error', witness.failWith);
  session.on('close', () => witness.fail('connection closed without an answer'));
  return session;
}

function formatAuthority({ serverName, port }: Target): string {
  return `${isIP(serverName) === 6 ? `[${serverName}]` : serverName}:${port}`;
}

function call(session: ClientHttp2Session, target: Target, { service }: GrpcCheck): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': formatAuthority(target),
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'azimuth-probe',
  });
  stream.end(encodeHealthRequest(service));
  return stream;
}

function judgeCall(stream: ClientHttp2Stream, witness: Witness): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let status: string | undefined;
  const noteStatus = (headers: IncomingHttpHeaders) => {
    const text = headers['grpc-status'];
    if (typeof text === 'string') status = nameGrpcStatus(text) ?? 'no code that is known';
    if (status !== undefined && status !== 'OK') witness.fail(`gRPC status ${status}`);
  };
  stream.on('error', witness.failWith);
  stream.on('response', (headers) => {
    const httpStatus = headers[':status'];
    if (httpStatus !== 200) return witness.fail(`status ${httpStatus}`);
    if (!/^application\/grpc\b/.test(headers['content-type'] ?? '')) return witness.fail('not a gRPC response');
    noteStatus(headers);
  });
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) witness.fail('the gRPC message is too large');
  });
  stream.on('trailers', noteStatus);
  stream.on('end', () => {
    if (status !== 'OK') return witness.fail('the response has no gRPC status');
    const serving = readHealthResponse(Buffer.concat(chunks));
    if (serving === undefined) return witness.fail('the gRPC message is no health response');
    witness.conclude({ ok: serving === 'SERVING', reason: serving });
  });
}
