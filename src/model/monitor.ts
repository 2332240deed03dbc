// A monitor: what is checked, how often, and what counts as healthy. Each kind has a file in monitors/: what it is in the
// model, how it is written, and how one is read.

import { type Static, Type } from 'typebox';
import { type AgentCheck, AgentMonitorSchema } from './monitors/agent-monitor.ts';
import { type DnsCheck, DnsMonitorSchema } from './monitors/dns-monitor.ts';
import { type GrpcCheck, GrpcMonitorSchema } from './monitors/grpc-monitor.ts';
import { type HttpCheck, HttpMonitorSchema } from './monitors/http-monitor.ts';
import { type IcmpCheck, IcmpMonitorSchema } from './monitors/icmp-monitor.ts';
import { type TcpCheck, TcpMonitorSchema } from './monitors/tcp-monitor.ts';
import { type TlsCheck, TlsMonitorSchema } from './monitors/tls-monitor.ts';
import type { Quorum } from './quorum.ts';

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

export type Check = HttpCheck | TcpCheck | TlsCheck | DnsCheck | GrpcCheck | IcmpCheck | AgentCheck;
export type Monitor = MonitorTiming & { readonly check: Check };

export const MonitorSchema = Type.Union(
  [
    HttpMonitorSchema,
    TcpMonitorSchema,
    TlsMonitorSchema,
    DnsMonitorSchema,
    GrpcMonitorSchema,
    IcmpMonitorSchema,
    AgentMonitorSchema,
  ],
  {
    title: 'a monitor of type http, https, tcp, tls, dns, grpc, icmp or agent',
    description: 'What is checked, how often, and what counts as healthy.',
  },
);
export type MonitorDocument = Static<typeof MonitorSchema>;
