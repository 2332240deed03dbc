// One check from end to end: resolve and allow, then ask by the target's kind, all within the monitor's timeout.

import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import type { Check } from '../model/monitor.ts';
import { type LoadedNative, loadNative } from '../native/load-native.ts';
import { checkAgent } from './check-agent.ts';
import { checkDns } from './check-dns.ts';
import { createGrpcCheck } from './check-grpc.ts';
import { createHttpCheck } from './check-http.ts';
import { createIcmpCheck } from './check-icmp.ts';
import { checkTcp } from './check-tcp.ts';
import { createTlsCheck } from './check-tls.ts';
import { EchoSockets } from './echo-sockets.ts';
import type { CheckKind } from './observe.ts';
import { type ResolveName, resolveTarget } from './resolve-target.ts';
import { TlsContexts, type TlsFiles } from './tls-contexts.ts';

/** Settles within the target's timeout (give or take the event loop), with an observation whatever happens. */
export type RunCheck = (target: Target, signal: AbortSignal) => Promise<Observation>;

export type RunCheckOptions = {
  /** Prefixes that may be checked although they have a special purpose; see health/target-policy.ts. */
  readonly allowNetworks: readonly string[];
  /** Absent: the system's resolvers. */
  readonly resolveName?: ResolveName;
  /** Absent: public authorities alone, and no client certificate. */
  readonly tlsFiles?: TlsFiles;
  /** How the batch socket is loaded, through which ICMP goes. Absent: the one that set-up has built. */
  readonly loadSocket?: () => LoadedNative;
};

export function createRunCheck(options: RunCheckOptions): RunCheck {
  const { allowNetworks, resolveName, loadSocket = loadNative } = options;
  const contexts = new TlsContexts(options.tlsFiles ?? { clientCertificates: '', authorities: '' });
  const checkHttp = createHttpCheck(contexts);
  const checks: Readonly<Record<Check['type'], CheckKind>> = {
    http: checkHttp,
    https: checkHttp,
    tcp: checkTcp,
    tls: createTlsCheck(contexts),
    dns: checkDns,
    grpc: createGrpcCheck(contexts),
    icmp: createIcmpCheck(new EchoSockets(loadSocket)),
    agent: checkAgent,
  };
  return async (target, signal) => {
    const startedAtMs = performance.now();
    const elapsedMs = () => performance.now() - startedAtMs;
    const { timeoutMs } = target.timing;
    const resolution = await resolveTarget(target.address, allowNetworks, timeoutMs, resolveName);
    if (resolution.status !== 'resolved') {
      const { reason } = resolution;
      return { ok: false, reason, durationMs: elapsedMs(), inconclusive: resolution.status === 'refused' };
    }
    const remainingMs = Math.max(1, Math.round(timeoutMs - elapsedMs()));
    const pinned = { address: resolution.address, timeoutMs: remainingMs, signal };
    const observation = await checks[target.check.type](target, pinned);
    return { ...observation, durationMs: elapsedMs() };
  };
}
