// Monitors of type tls: a handshake and the certificate, whatever is spoken afterwards.

import { type Static, Type } from 'typebox';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import { MONITOR_FIELDS, portSchema } from './monitor-fields.ts';
import { parseTlsOptions, type TlsOptions, TlsOptionsSchema, VerifyCertificateSchema } from './tls-options.ts';

export type TlsCheck = {
  readonly type: 'tls';
  readonly port: number;
  readonly verifyCertificate: boolean;
  readonly tls: TlsOptions;
};

export const TlsMonitorSchema = Type.Object(
  {
    ...MONITOR_FIELDS,
    type: Type.Enum(['tls'], { description: 'Healthy: a TLS handshake with a good certificate.' }),
    port: Type.Optional(portSchema('443 when not given.')),
    verifyCertificate: Type.Optional(VerifyCertificateSchema),
    tls: Type.Optional(TlsOptionsSchema),
  },
  { additionalProperties: false, description: 'A check by TLS handshake.' },
);

/** Undefined when a problem was reported. */
export function parseTlsCheck(
  { type, port = 443, verifyCertificate = true, tls: document = {} }: Static<typeof TlsMonitorSchema>,
  path: string,
  context: ParseContext,
): TlsCheck | undefined {
  const tls = parseTlsOptions(document, verifyCertificate, joinPointer(path, 'tls'), context);
  return tls && { type, port, verifyCertificate, tls };
}
