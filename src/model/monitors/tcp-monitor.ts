// Monitors of type tcp: a connection, and the bytes that come back over it.

import { type Static, Type } from 'typebox';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import {
  checkExpectedText,
  type ExpectedText,
  expectedTextSchema,
  MONITOR_FIELDS,
  portSchema,
  sentTextSchema,
} from './monitor-fields.ts';

export type TcpCheck = {
  readonly type: 'tcp';
  readonly port: number;
  /** Sent after connecting. */
  readonly send?: string;
  /** Must appear in the first bytes that come back, or match them. */
  readonly expect?: ExpectedText;
};

export const TcpMonitorSchema = Type.Object(
  {
    ...MONITOR_FIELDS,
    type: Type.Enum(['tcp'], { description: 'Healthy: a connection, and the expected bytes if there are any.' }),
    port: portSchema('The port to connect to.'),
    send: Type.Optional(sentTextSchema('Sent after connecting.')),
    expect: Type.Optional(
      expectedTextSchema({ description: 'Must appear in the first 5,120 bytes that come back, or match them.' }),
    ),
  },
  { additionalProperties: false, description: 'A check by TCP connection.' },
);

/** Undefined when a problem was reported. */
export function parseTcpCheck(
  { type, port, send, expect }: Static<typeof TcpMonitorSchema>,
  path: string,
  context: ParseContext,
): TcpCheck | undefined {
  if (!checkExpectedText(expect, joinPointer(path, 'expect'), context)) return undefined;
  return { type, port, ...(send !== undefined && { send }), ...(expect !== undefined && { expect }) };
}
