// Monitors of type icmp: an echo request and its reply.

import { Type } from 'typebox';
import { MONITOR_FIELDS } from './monitor-fields.ts';

/** Whether the host answers an echo request; whoever must know whether it serves asks in another way. */
export type IcmpCheck = { readonly type: 'icmp' };

export const IcmpMonitorSchema = Type.Object(
  { ...MONITOR_FIELDS, type: Type.Enum(['icmp'], { description: 'Healthy: a reply to an echo request (ping).' }) },
  { additionalProperties: false, description: 'A check by ICMP echo: that a host is there, not that it serves.' },
);
