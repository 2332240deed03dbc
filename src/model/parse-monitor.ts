// Monitors: document to model, with every default filled in.

import { formatDuration } from './duration.ts';
import { MAX_INTERVAL_MS, MAX_TIMEOUT_MS, MIN_INTERVAL_MS, MIN_TIMEOUT_MS } from './limits.ts';
import type { Check, Monitor, MonitorDocument, MonitorTiming } from './monitor.ts';
import { parseAgentCheck } from './monitors/agent-monitor.ts';
import { parseDnsCheck } from './monitors/dns-monitor.ts';
import { parseGrpcCheck } from './monitors/grpc-monitor.ts';
import { parseHttpCheck } from './monitors/http-monitor.ts';
import { parseTcpCheck } from './monitors/tcp-monitor.ts';
import { parseTlsCheck } from './monitors/tls-monitor.ts';
import type { ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import { parseQuorum } from './quorum.ts';
import { type DurationDocument, readDurationMs } from './scalar.ts';

/** Undefined when a problem was reported. */
export function parseMonitor(document: MonitorDocument, path: string, context: ParseContext): Monitor | undefined {
  const timing = parseTiming(document, path, context);
  const check = parseCheck(document, path, context);
  return timing && check && { ...timing, check };
}

function parseTiming(document: MonitorDocument, path: string, context: ParseContext): MonitorTiming | undefined {
  const { id, fall = 3, rise = 2 } = document;
  const intervalPath = joinPointer(path, 'interval');
  const timeoutPath = joinPointer(path, 'timeout');
  const intervalBounds = { leastMs: MIN_INTERVAL_MS, mostMs: MAX_INTERVAL_MS };
  const timeoutBounds = { leastMs: MIN_TIMEOUT_MS, mostMs: MAX_TIMEOUT_MS };
  const intervalMs = parseBoundedMs(document.interval ?? '5s', intervalBounds, intervalPath, context);
  const defaultTimeoutMs = Math.min(DEFAULT_TIMEOUT_MS, intervalMs ?? DEFAULT_TIMEOUT_MS);
  const timeoutMs = parseBoundedMs(document.timeout ?? defaultTimeoutMs / 1000, timeoutBounds, timeoutPath, context);
  const quorum = parseQuorum(document.quorum ?? 'majority', joinPointer(path, 'quorum'), context);
  if (intervalMs === undefined || timeoutMs === undefined) return undefined;
  if (timeoutMs > intervalMs) {
    const message = `the timeout (${formatDuration(timeoutMs)}) must be at most the interval (${formatDuration(intervalMs)}): shorten it, or check less often.`;
    context.report(timeoutPath, message, [intervalPath]);
    return undefined;
  }
  return { id, intervalMs, timeoutMs, fall, rise, quorum };
}

/** Unless the interval is shorter. */
const DEFAULT_TIMEOUT_MS = 2_000;

function parseBoundedMs(
  document: DurationDocument,
  { leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number },
  path: string,
  context: ParseContext,
): number | undefined {
  const durationMs = readDurationMs(document);
  if (durationMs !== undefined && durationMs >= leastMs && durationMs <= mostMs) return durationMs;
  const range = `from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  context.report(path, `must be a duration ${range}, such as "5s" or "200ms", not ${JSON.stringify(document)}.`);
  return undefined;
}

function parseCheck(document: MonitorDocument, path: string, context: ParseContext): Check | undefined {
  switch (document.type) {
    case 'http':
    case 'https':
      return parseHttpCheck(document, path, context);
    case 'tcp':
      return parseTcpCheck(document, path, context);
    case 'tls':
      return parseTlsCheck(document, path, context);
    case 'dns':
      return parseDnsCheck(document, path, context);
    case 'grpc':
      return parseGrpcCheck(document, path, context);
    case 'icmp':
      return { type: 'icmp' };
    case 'agent':
      return parseAgentCheck(document);
  }
}
