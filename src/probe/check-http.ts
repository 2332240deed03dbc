// The http and https checks: one request on a fresh connection to the pinned address, with the Host header and the TLS
// server name of the monitor. The first response is judged as it is: redirects are answers, not roads. Of the body no more
// is read than it takes to find what is expected in it, and nothing of it goes anywhere else.

import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import type { HttpCheck } from '../model/monitor.ts';
import { type CheckOptions, MAX_ANSWER_BYTES, observe, type Witness } from './observe.ts';

/** All response headers together, in bytes. */
export const MAX_HEADER_BYTES = 16_384;

/** Succeeds when the status is expected and so is the body, where the monitor asks for one. Never throws; see observe.ts. */
export function checkHttp(target: Target, options: CheckOptions): Promise<Observation> {
  return observe(options, (witness) => {
    if (target.check.type !== 'http' && target.check.type !== 'https') throw new Error('not an HTTP check');
    const { check } = target;
    const request = sendRequest(target, check, options.address);
    request.on('error', witness.failWith);
    request.on('close', () => witness.fail('connection closed without a response'));
    request.on('upgrade', () => witness.fail('status 101'));
    request.on('response', (response) => judgeResponse(response, check, witness));
    request.on('socket', (socket) => {
      const waiting = () => witness.enter('waiting for the response');
      const handshake = () => witness.enter('shaking hands over TLS');
      socket.once('connect', check.type === 'https' ? handshake : waiting);
      socket.once('secureConnect', waiting);
    });
    witness.enter('connecting');
    request.end();
    return () => request.destroy();
  });
}

function sendRequest(target: Target, check: HttpCheck, address: string): ClientRequest {
  const { serverName, port } = target;
  const options = {
    host: address,
    port,
    method: check.method,
    path: check.path,
    headers: { host: formatHost(serverName, port, check.type), 'user-agent': 'azimuth-probe', accept: '*/*' },
    // A connection that was left open proves nothing about whether a new one can be made.
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    setDefaultHeaders: true,
  } as const;
  if (check.type === 'http') return requestHttp(options);
  return requestHttps({
    ...options,
    // RFC 6066 section 3: literal addresses are no server names.
    servername: isIP(serverName) === 0 ? serverName : '',
    rejectUnauthorized: check.verifyCertificate,
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
  });
}

/** RFC 9110 section 7.2: the port is left out where it is the scheme's own. */
function formatHost(serverName: string, port: number, type: HttpCheck['type']): string {
  const host = isIP(serverName) === 6 ? `[${serverName}]` : serverName;
  return port === (type === 'https' ? 443 : 80) ? host : `${host}:${port}`;
}

function judgeResponse(response: IncomingMessage, { expect }: HttpCheck, witness: Witness): void {
  const status = response.statusCode ?? 0;
  const seen = `status ${status}`;
  const isExpected = expect.status.some(({ low, high }) => status >= low && status <= high);
  if (isExpected && expect.body !== undefined) findInBody(response, Buffer.from(expect.body), seen, witness);
  else witness.conclude({ ok: isExpected, reason: seen });
}

function findInBody(response: IncomingMessage, wanted: Buffer, seen: string, witness: Witness): void {
  let received = Buffer.alloc(0);
  const missing = () => witness.fail(`${seen}, but the body lacks what is expected`);
  witness.enter('reading the body');
  response.on('error', witness.failWith);
  response.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]).subarray(0, MAX_ANSWER_BYTES);
    if (received.includes(wanted)) witness.succeed(`${seen}, and the body as expected`);
    else if (received.length === MAX_ANSWER_BYTES) missing();
  });
  // An empty text is in every body, also in one without bytes.
  response.on('end', () => (received.includes(wanted) ? witness.succeed(seen) : missing()));
}
