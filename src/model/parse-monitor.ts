// Monitors: document to model, with every default filled in.

import type { Static } from 'typebox';
import { formatDuration } from './duration.ts';
import { MAX_INTERVAL_MS, MAX_TIMEOUT_MS, MIN_INTERVAL_MS, MIN_TIMEOUT_MS } from './limits.ts';
import type {
  Check,
  DnsCheck,
  DnsMonitorSchema,
  HttpCheck,
  HttpMonitorSchema,
  Monitor,
  MonitorDocument,
  MonitorTiming,
  StatusRange,
} from './monitor.ts';
import { parseOwner } from './name.ts';
import type { ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import { parseQuorum } from './quorum.ts';
import { type DurationDocument, readDurationMs } from './scalar.ts';

type HttpDocument = Static<typeof HttpMonitorSchema>;
type DnsDocument = Static<typeof DnsMonitorSchema>;

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
    case 'tcp': {
      const { type, port, send, expect } = document;
      return { type, port, ...(send !== undefined && { send }), ...(expect !== undefined && { expect }) };
    }
    case 'dns':
      return parseDnsCheck(document, path, context);
    case 'icmp':
      return { type: 'icmp' };
  }
}

function parseHttpCheck(document: HttpDocument, path: string, context: ParseContext): HttpCheck | undefined {
  const { type, port = type === 'https' ? 443 : 80, method = 'GET', host, verifyCertificate = true } = document;
  const expectPath = joinPointer(path, 'expect');
  const { body } = document.expect ?? {};
  if (method === 'HEAD' && body !== undefined) {
    context.report(joinPointer(expectPath, 'body'), 'a response to HEAD has no body: use the method GET.', [
      `${path}/method`,
    ]);
  }
  const statuses = document.expect?.status ?? ['200-299'];
  const ranges = statuses.map((status, index) => {
    const range = parseStatus(status);
    if (range !== undefined) return range;
    const at = joinPointer(joinPointer(expectPath, 'status'), index);
    context.report(
      at,
      `must be a status from 100 to 599, or a range such as "200-299", not ${JSON.stringify(status)}.`,
    );
    return undefined;
  });
  const status = ranges.filter((range) => range !== undefined);
  if (status.length < ranges.length) return undefined;
  const expect = { status, ...(body !== undefined && { body }) };
  return {
    type,
    port,
    method,
    path: document.path ?? '/',
    ...(host !== undefined && { host }),
    verifyCertificate,
    expect,
  };
}

function parseStatus(document: string | number): StatusRange | undefined {
  const match = /^(\d{3})(?:-(\d{3}))?$/.exec(String(document));
  if (match === null) return undefined;
  const low = Number(match[1]);
  const high = Number(match[2] ?? match[1]);
  return low >= 100 && low <= high && high <= 599 ? { low, high } : undefined;
}

function parseDnsCheck(document: DnsDocument, path: string, context: ParseContext): DnsCheck | undefined {
  const { type, port = 53, protocol = 'udp', query, expect = {} } = document;
  const name = query.name === '.' ? { ok: true as const, name: '.' } : parseOwner(query.name);
  if (!name.ok) {
    context.report(joinPointer(joinPointer(path, 'query'), 'name'), `the name "${query.name}" ${name.fault}.`);
    return undefined;
  }
  const { rcode = 'NOERROR', data } = expect;
  return {
    type,
    port,
    protocol,
    query: { name: name.name, type: (query.type ?? 'A').toUpperCase() },
    expect: { rcode: rcode.toUpperCase(), ...(data !== undefined && { data }) },
  };
}
