// A monitor: what is checked, how often, and what counts as healthy.

import { type Static, Type } from 'typebox';
import { MAX_CHECK_TEXT_LENGTH, MAX_FALL_RISE } from './limits.ts';
import { type Quorum, QuorumSchema } from './quorum.ts';
import { durationSchema, IdSchema, nameSchema } from './scalar.ts';

export type MonitorTiming = {
  readonly id: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Straight failures before a worker votes down. */
  readonly fall: number;
  /** Straight successes before a worker votes up. */
  readonly rise: number;
  readonly quorum: Quorum;
};

export type StatusRange = { readonly low: number; readonly high: number };

export type HttpCheck = {
  readonly type: 'http' | 'https';
  readonly port: number;
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  /** Host header and, for https, the server name asked for; the endpoint's address when not given. */
  readonly host?: string;
  /** https: whether the certificate must be valid for `host`. */
  readonly verifyCertificate: boolean;
  readonly expect: { readonly status: readonly StatusRange[]; readonly body?: string };
};

export type TcpCheck = {
  readonly type: 'tcp';
  readonly port: number;
  /** Sent after connecting. */
  readonly send?: string;
  /** Must appear in the first bytes that come back. */
  readonly expect?: string;
};

export type DnsCheck = {
  readonly type: 'dns';
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly query: { readonly name: string; readonly type: string };
  readonly expect: { readonly rcode: string; readonly data?: string };
};

/** Whether the host answers an echo request; whoever must know whether it serves asks in another way. */
export type IcmpCheck = { readonly type: 'icmp' };

export type Check = HttpCheck | TcpCheck | DnsCheck | IcmpCheck;
export type Monitor = MonitorTiming & { readonly check: Check };

const TIMING = {
  id: IdSchema,
  interval: Type.Optional(
    durationSchema({
      default: '5s',
      description: 'From one check of an endpoint to the next, per worker; 100ms to 1h.',
    }),
  ),
  timeout: Type.Optional(
    durationSchema({
      default: '2s',
      description: 'A check without an answer by then has failed; at most the interval.',
    }),
  ),
  fall: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_FALL_RISE,
      default: 3,
      description: 'Straight failures before a worker votes down.',
    }),
  ),
  rise: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_FALL_RISE,
      default: 2,
      description: 'Straight successes before a worker votes up.',
    }),
  ),
  quorum: Type.Optional(QuorumSchema),
};

function portSchema(description: string) {
  return Type.Integer({ minimum: 1, maximum: 65_535, description });
}

/** One line that goes into a request as it stands: visible ASCII without spaces. */
const REQUEST_TEXT = '^[\\u0021-\\u007e]+$';

export const HttpMonitorSchema = Type.Object(
  {
    ...TIMING,
    type: Type.Enum(['http', 'https'], { description: 'Healthy: an HTTP response with an expected status and body.' }),
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
    host: Type.Optional(
      Type.String({
        title: 'a host name',
        examples: ['www.example.com'],
        pattern: REQUEST_TEXT,
        maxLength: 255,
        description: "Host header and TLS server name; the endpoint's address when not given.",
      }),
    ),
    verifyCertificate: Type.Optional(
      Type.Boolean({ default: true, description: 'https: whether the certificate must be valid for the host.' }),
    ),
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
          body: Type.Optional(
            Type.String({ minLength: 1, maxLength: MAX_CHECK_TEXT_LENGTH, description: 'Must appear in the body.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, description: 'A check by HTTP or HTTPS.' },
);

export const TcpMonitorSchema = Type.Object(
  {
    ...TIMING,
    type: Type.Enum(['tcp'], { description: 'Healthy: a connection, and the expected bytes if there are any.' }),
    port: portSchema('The port to connect to.'),
    send: Type.Optional(
      Type.String({ minLength: 1, maxLength: MAX_CHECK_TEXT_LENGTH, description: 'Sent after connecting.' }),
    ),
    expect: Type.Optional(
      Type.String({ minLength: 1, maxLength: MAX_CHECK_TEXT_LENGTH, description: 'Must appear in what comes back.' }),
    ),
  },
  { additionalProperties: false, description: 'A check by TCP connection.' },
);

export const DnsMonitorSchema = Type.Object(
  {
    ...TIMING,
    type: Type.Enum(['dns'], { description: 'Healthy: a response with the expected code and data.' }),
    port: Type.Optional(portSchema('53 when not given.')),
    protocol: Type.Optional(Type.Enum(['udp', 'tcp'], { default: 'udp' })),
    query: Type.Object(
      {
        name: nameSchema({ examples: ['example.com'] }),
        type: Type.Optional(
          Type.String({
            title: 'a DNS record type',
            examples: ['A'],
            pattern: '^[A-Za-z][A-Za-z0-9-]{0,15}$',
            default: 'A',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    expect: Type.Optional(
      Type.Object(
        {
          rcode: Type.Optional(
            Type.String({
              title: 'a DNS response code',
              examples: ['NOERROR'],
              pattern: '^[A-Za-z]{1,16}$',
              default: 'NOERROR',
            }),
          ),
          data: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: MAX_CHECK_TEXT_LENGTH,
              description: 'One of the answers must be this.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, description: 'A check by DNS query.' },
);

export const IcmpMonitorSchema = Type.Object(
  { ...TIMING, type: Type.Enum(['icmp'], { description: 'Healthy: a reply to an echo request (ping).' }) },
  { additionalProperties: false, description: 'A check by ICMP echo: that a host is there, not that it serves.' },
);

export const MonitorSchema = Type.Union([HttpMonitorSchema, TcpMonitorSchema, DnsMonitorSchema, IcmpMonitorSchema], {
  title: 'a monitor of type http, https, tcp, dns or icmp',
  description: 'What is checked, how often, and what counts as healthy.',
});
export type MonitorDocument = Static<typeof MonitorSchema>;
