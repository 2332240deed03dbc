// A client of DNS over HTTPS for tests, with Node's own HTTP/2 and HTTP/1.1.

import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { request as requestHttp1 } from 'node:https';

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};

/** What to ask: `path` and `method` (default GET) of a request, and its body. */
export type HttpQuestion = {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
};

export async function connectHttp2(port: number, ca: string): Promise<ClientHttp2Session> {
  const session = connect(`https://localhost:${port}`, {
    ca,
    lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  session.on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

/** Opens a stream, and leaves it to the caller to write a body and to end it. */
export function openStream(
  session: ClientHttp2Session,
  { path, method = 'GET', headers = {} }: HttpQuestion,
): ClientHttp2Stream {
  const sent: OutgoingHttpHeaders = { ':path': path, ':method': method, ...headers };
  return session.request(sent, { endStream: method === 'GET' });
}

/** Rejects when the stream is reset before it is answered. */
export async function askHttp2(session: ClientHttp2Session, question: HttpQuestion): Promise<HttpAnswer> {
  const stream = openStream(session, question);
  if (question.method !== undefined) stream.end(question.body);
  return readAnswer(stream);
}

export async function readAnswer(stream: ClientHttp2Stream): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
    stream.on('close', () => reject(new Error(`the stream was closed with ${stream.rstCode}`)));
  });
  ended.catch(() => undefined);
  const [headers] = await Promise.race([once(stream, 'response'), ended.then(() => [])]);
  if (headers === undefined) throw new Error(`the stream was closed with ${stream.rstCode} and no answer`);
  await ended;
  return { status: headers[':status'], headers, body: Buffer.concat(chunks) };
}

export function askHttp1(
  port: number,
  ca: string,
  { path, method = 'GET', headers, body }: HttpQuestion,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      ca,
      path,
      method,
      headers: { ...headers },
      host: '127.0.0.1',
      servername: 'localhost',
      agent: false,
    } as const;
    const request = requestHttp1(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
