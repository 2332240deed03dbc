// Monitors of type grpc: the health protocol of gRPC (grpc.health.v1.Health/Check), in the clear or over TLS.

import { type Static, Type } from 'typebox';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import { hostSchema, MONITOR_FIELDS, portSchema } from './monitor-fields.ts';
import { parseTlsOptions, type TlsOptions, TlsOptionsSchema, VerifyCertificateSchema } from './tls-options.ts';

export type GrpcCheck = {
  readonly type: 'grpc';
  readonly port: number;
  /** The service that is asked about; empty: the server as a whole. */
  readonly service: string;
  /** The authority that is asked for; the endpoint's address when not given. */
  readonly host?: string;
  readonly verifyCertificate: boolean;
  /** Absent: in the clear. */
  readonly tls?: TlsOptions;
};

export const GrpcMonitorSchema = Type.Object(
  {
    ...MONITOR_FIELDS,
    type: Type.Enum(['grpc'], { description: 'Healthy: the health service of gRPC says SERVING.' }),
    port: portSchema('The port to connect to.'),
    service: Type.Optional(
      Type.String({
        title: 'the name of a gRPC service',
        examples: ['shop.v1.Orders'],
        pattern: '^[\\u0021-\\u007e]*$',
        maxLength: 255,
        default: '',
        description: 'The service that is asked about; empty: the server as a whole.',
      }),
    ),
    host: Type.Optional(hostSchema("Authority and TLS server name; the endpoint's address when not given.")),
    verifyCertificate: Type.Optional(VerifyCertificateSchema),
    tls: Type.Optional({
      ...TlsOptionsSchema,
      description: 'Over TLS, with these options ({} for none); in the clear when not given.',
    }),
  },
  { additionalProperties: false, description: 'A check by the health protocol of gRPC.' },
);

/** Undefined when a problem was reported. */
export function parseGrpcCheck(
  { type, port, service = '', host, verifyCertificate, tls: document }: Static<typeof GrpcMonitorSchema>,
  path: string,
  context: ParseContext,
): GrpcCheck | undefined {
  const verify = verifyCertificate ?? true;
  if (document === undefined) {
    if (verifyCertificate !== undefined) {
      const message = 'without the key "tls" the check goes in the clear, where there is no certificate: add tls: {}.';
      context.report(joinPointer(path, 'verifyCertificate'), message, [`${path}/tls`]);
      return undefined;
    }
    return { type, port, service, ...(host !== undefined && { host }), verifyCertificate: verify };
  }
  const tls = parseTlsOptions(document, verify, joinPointer(path, 'tls'), context);
  return tls && { type, port, service, ...(host !== undefined && { host }), verifyCertificate: verify, tls };
}
