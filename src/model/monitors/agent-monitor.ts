// Monitors of type agent: the line that an agent beside the server says of it, as HAProxy's agent-check reads it
// (HAProxy configuration manual, section 5.2).

import { type Static, Type } from 'typebox';
import { MONITOR_FIELDS, portSchema, sentTextSchema } from './monitor-fields.ts';

export type AgentCheck = {
  readonly type: 'agent';
  readonly port: number;
  /** Sent after connecting. */
  readonly send?: string;
};

export const AgentMonitorSchema = Type.Object(
  {
    ...MONITOR_FIELDS,
    type: Type.Enum(['agent'], { description: 'Healthy: an agent’s line that says so, as for HAProxy’s agent-check.' }),
    port: portSchema('The port of the agent.'),
    send: Type.Optional(sentTextSchema('Sent after connecting; agents that expect a line need "\\n" at its end.')),
  },
  {
    additionalProperties: false,
    description: 'A check by asking an agent, which also says what share of its weight the endpoint takes.',
  },
);

export function parseAgentCheck({ type, port, send }: Static<typeof AgentMonitorSchema>): AgentCheck {
  return { type, port, ...(send !== undefined && { send }) };
}
