// The http and https checks: one request on a fresh connection to the pinned address, with the Host header and the TLS
// server name of the monitor. The first response is judged as it is: redirects are answers, not roads. Of the body no more
// is read than it takes to find what is expected in it, as it comes (nothing is ever decompressed), and nothing of it goes
// anywhere else.

import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Target } from '../health/target.ts';
import type { ExpectedHeader, HttpCheck } from '../model/monitors/http-monitor.ts';
import type { ExpectedText } from '../model/monitors/monitor-fields.ts';
import { defaultTls } from '../model/monitors/tls-options.ts';
import { requestHttp } from '../native/http.ts';
import { type CheckKind, observe, type Witness } from './observe.ts';
import { openConnection, type TlsDemand } from './open-connection.ts';
import { createTextFinder, isExpectedText } from './text-finder.ts';
import type { TlsContexts } from './tls-contexts.ts';

/** All response headers together, in bytes. */
export const MAX_HEADER_BYTES = 16_384;
/** Responses of status 1xx before the one that counts. */
export const MAX_INTERIM_RESPONSES = 32;

/** Succeeds when status, headers and body are as the monitor expects. Never throws; see observe.ts. */
export function createHttpCheck(contexts: TlsContexts): CheckKind {
  return (target, options) =>
    observe(options, (witness) => {
      const { check, port } = target;
      if (check.type !== 'http' && check.type !== 'https') throw new Error('not an HTTP check');
      const demand = check.type === 'https' ? demandTls(target, check) : undefined;
      return openConnection({ address: options.address, port }, demand, { contexts, witness }, (socket) => {
        witness.enter('waiting for the response');
        ask(target, check, socket, witness);
      });
    });
}

function demandTls(
  { serverName }: Target,
  { verifyCertificate, tls = defaultTls(verifyCertificate) }: HttpCheck,
): TlsDemand {
  return { options: tls, serverName: tls.serverName ?? serverName, verifyCertificate };
}

function ask(target: Target, check: HttpCheck, socket: Socket, witness: Witness): void {
  const request = composeRequest(target, check, socket);
  let interim = 0;
  request.on('error', witness.failWith);
  request.on('close', () => witness.fail('connection closed without a response'));
  request.on('upgrade', () => witness.fail('status 101'));
  request.on('information', () => {
    if (++interim > MAX_INTERIM_RESPONSES) witness.fail('too many interim responses');
  });
  request.on('response', (response) => judgeResponse(response, check, witness));
  request.end();
}

function composeRequest({ serverName, port }: Target, check: HttpCheck, socket: Socket): ClientRequest {
  const given = (check.headers ?? []).map(({ name, value }): [string, string] => [name.toLowerCase(), value]);
  return requestHttp({
    method: check.method,
    path: check.path,
    headers: {
      'user-agent': 'azimuth-probe',
      accept: '*/*',
      ...Object.fromEntries(given),
      host: formatHost(serverName, port, check.type),
    },
    // A connection that was left open proves nothing about whether a new one can be made.
    createConnection: () => socket,
    maxHeaderSize: MAX_HEADER_BYTES,
    setDefaultHeaders: true,
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
  if (!expect.status.some(({ low, high }) => status >= low && status <= high)) return witness.fail(seen);
  const wrong = expect.headers?.find((header) => !isExpectedHeader(response, header));
  if (wrong !== undefined) return witness.fail(`${seen}, but the header ${wrong.name} is not as expected`);
  if (expect.body === undefined) return witness.succeed(seen);
  findInBody(response, expect.body, seen, witness);
}

/** Where a header stands several times, one of them is enough. */
function isExpectedHeader({ headersDistinct }: IncomingMessage, { name, value }: ExpectedHeader): boolean {
  const values = headersDistinct[name] ?? [];
  return values.some((text) => value === undefined || isExpectedText(text, value));
}

function findInBody(response: IncomingMessage, expected: ExpectedText, seen: string, witness: Witness): void {
  const finder = createTextFinder(expected);
  const conclude = (finding: 'found' | 'missing' | 'more') => {
    if (finding === 'found') witness.succeed(`${seen}, and the body as expected`);
    else if (finding === 'missing') witness.fail(`${seen}, but the body lacks what is expected`);
  };
  witness.enter('reading the body');
  response.on('error', witness.failWith);
  response.on('data', (chunk: Buffer) => conclude(finder.push(chunk)));
  response.on('end', () => conclude(finder.finish()));
}
