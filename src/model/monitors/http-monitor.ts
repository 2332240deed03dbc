// Monitors of type http and https: one request, judged by the status, the headers and the body of its response.

import { type Static, Type } from 'typebox';
import { MAX_CHECK_TEXT_LENGTH } from '../limits.ts';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import {
  checkExpectedText,
  type ExpectedText,
  expectedTextSchema,
  hostSchema,
  MONITOR_FIELDS,
  portSchema,
} from './monitor-fields.ts';
import { parseTlsOptions, type TlsOptions, TlsOptionsSchema, VerifyCertificateSchema } from './tls-options.ts';

export type StatusRange = { readonly low: number; readonly high: number };

export type RequestHeader = { readonly name: string; readonly value: string };

/** Without a value the header must be there, whatever it says; a text must be the whole value. */
export type ExpectedHeader = { readonly name: string; readonly value?: ExpectedText };

export type HttpCheck = {
  readonly type: 'http' | 'https';
  readonly port: number;
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  /** Host header and, for https, the server name asked for; the endpoint's address when not given. */
  readonly host?: string;
  /** Sent beside our own. */
  readonly headers?: readonly RequestHeader[];
  /** https: whether the certificate must be valid for `host`. */
  readonly verifyCertificate: boolean;
  /** https alone; defaultTls when not given. */
  readonly tls?: TlsOptions;
  readonly expect: {
    readonly status: readonly StatusRange[];
    readonly headers?: readonly ExpectedHeader[];
    readonly body?: ExpectedText;
  };
};

const MAX_HEADERS = 32;

/** RFC 9110 section 5.6.2. */
const headerNameSchema = Type.String({
  title: 'the name of a header',
  examples: ['x-ready'],
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z\\-]{1,64}$",
});

const RequestHeaderSchema = Type.Object(
  {
    name: headerNameSchema,
    value: Type.String({
      title: 'the value of a header: printable ASCII',
      examples: ['yes'],
      pattern: '^[\\u0020-\\u007e]*$',
      maxLength: MAX_CHECK_TEXT_LENGTH,
    }),
  },
  { additionalProperties: false },
);

const ExpectedHeaderSchema = Type.Object(
  { name: headerNameSchema, value: Type.Optional(expectedTextSchema({})) },
  { additionalProperties: false },
);

export const HttpMonitorSchema = Type.Object(
  {
    ...MONITOR_FIELDS,
    type: Type.Enum(['http', 'https'], {
      description: 'Healthy: an HTTP response with an expected status, headers and body.',
    }),
    port: Type.Optional(portSchema('80 for http, 443 for https when not given.')),
    method: Type.Optional(Type.Enum(['GET', 'HEAD'], { default: 'GET' })),
    path: Type.Optional(
      Type.String({
        title: 'a path that begins with / and has no spaces',
        examples: ['/healthz'],
        pattern: '^/[\\u0021-\\u007e]*$',
        maxLength: MAX_CHECK_TEXT_LENGTH,
        default: '/',
      }),
    ),
    host: Type.Optional(hostSchema("Host header and TLS server name; the endpoint's address when not given.")),
    headers: Type.Optional(
      Type.Array(RequestHeaderSchema, {
        maxItems: MAX_HEADERS,
        description: 'Sent beside our own. Whoever may read the configuration can read them: no place for secrets.',
      }),
    ),
    verifyCertificate: Type.Optional(VerifyCertificateSchema),
    tls: Type.Optional(TlsOptionsSchema),
    expect: Type.Optional(
      Type.Object(
        {
          status: Type.Optional(
            Type.Array(
              Type.Union([Type.String({ maxLength: 16 }), Type.Integer({ minimum: 100, maximum: 599 })], {
                title: 'a status from 100 to 599, or a range of them',
                examples: ['200-299', 204],
              }),
              { minItems: 1, maxItems: 32, default: ['200-299'], description: 'Statuses that count as healthy.' },
            ),
          ),
          headers: Type.Optional(
            Type.Array(ExpectedHeaderSchema, {
              maxItems: MAX_HEADERS,
              description: 'Headers that must be there: with this value, with one that matches, or with any.',
            }),
          ),
          body: Type.Optional(
            expectedTextSchema({ description: 'Must appear in the first 5,120 bytes of the body, or match them.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, description: 'A check by HTTP or HTTPS.' },
);
type HttpDocument = Static<typeof HttpMonitorSchema>;

/** Undefined when a problem was reported. */
export function parseHttpCheck(document: HttpDocument, path: string, context: ParseContext): HttpCheck | undefined {
  const { type, port = type === 'https' ? 443 : 80, method = 'GET', host, headers = [], expect = {} } = document;
  const { verifyCertificate = true } = document;
  const expectPath = joinPointer(path, 'expect');
  const isTlsGood = type === 'https' || document.tls === undefined;
  if (!isTlsGood)
    context.report(joinPointer(path, 'tls'), 'http goes without TLS: use the type https.', [`${path}/type`]);
  const tls = document.tls && parseTlsOptions(document.tls, verifyCertificate, joinPointer(path, 'tls'), context);
  const isBodyGood = checkBody(expect.body, method, path, context);
  const areHeadersGood = checkHeaders(document, path, context);
  const status = parseStatuses(expect.status ?? ['200-299'], joinPointer(expectPath, 'status'), context);
  const isTlsRead = document.tls === undefined || tls !== undefined;
  if (status === undefined || !isTlsGood || !isTlsRead || !isBodyGood || !areHeadersGood) return undefined;
  return {
    type,
    port,
    method,
    path: document.path ?? '/',
    ...(host !== undefined && { host }),
    ...(headers.length > 0 && { headers }),
    verifyCertificate,
    ...(tls !== undefined && { tls }),
    expect: {
      status,
      ...(expect.headers !== undefined && { headers: expect.headers.map(foldName) }),
      ...(expect.body !== undefined && { body: expect.body }),
    },
  };
}

function foldName<Header extends { readonly name: string }>(header: Header): Header {
  return { ...header, name: header.name.toLowerCase() };
}

function checkBody(body: ExpectedText | undefined, method: string, path: string, context: ParseContext): boolean {
  const at = joinPointer(joinPointer(path, 'expect'), 'body');
  const isThere = method !== 'HEAD' || body === undefined;
  if (!isThere) context.report(at, 'a response to HEAD has no body: use the method GET.', [`${path}/method`]);
  return checkExpectedText(body, at, context) && isThere;
}

/** Those that say how the message is framed, and those that have a key of their own. */
const OWN_HEADERS: ReadonlyMap<string, string> = new Map([
  ['host', 'say it with the key "host".'],
  ...[
    'connection',
    'content-length',
    'expect',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ].map((name) => [name, 'it belongs to the connection, which is the check’s own.'] as const),
]);

function checkHeaders({ headers = [], expect = {} }: HttpDocument, path: string, context: ParseContext): boolean {
  const wrong = headers.filter(({ name }, index) => {
    const reason = OWN_HEADERS.get(name.toLowerCase());
    const at = joinPointer(joinPointer(joinPointer(path, 'headers'), index), 'name');
    if (reason !== undefined) context.report(at, `the header ${name} cannot be sent: ${reason}`);
    return reason !== undefined;
  });
  const at = joinPointer(joinPointer(path, 'expect'), 'headers');
  const faulty = (expect.headers ?? []).filter(
    ({ value }, index) => !checkExpectedText(value, joinPointer(joinPointer(at, index), 'value'), context),
  );
  return wrong.length + faulty.length === 0;
}

function parseStatuses(
  statuses: readonly (string | number)[],
  path: string,
  context: ParseContext,
): readonly StatusRange[] | undefined {
  const ranges = statuses.map((status, index) => {
    const range = parseStatus(status);
    if (range === undefined) {
      const expected = 'a status from 100 to 599, or a range such as "200-299"';
      context.report(joinPointer(path, index), `must be ${expected}, not ${JSON.stringify(status)}.`);
    }
    return range;
  });
  const good = ranges.filter((range) => range !== undefined);
  return good.length < ranges.length ? undefined : good;
}

function parseStatus(document: string | number): StatusRange | undefined {
  const match = /^(\d{3})(?:-(\d{3}))?$/.exec(String(document));
  if (match === null) return undefined;
  const low = Number(match[1]);
  const high = Number(match[2] ?? match[1]);
  return low >= 100 && low <= high && high <= 599 ? { low, high } : undefined;
}
