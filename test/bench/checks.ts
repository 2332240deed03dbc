// The part `checks`: how many checks one core of a worker makes: over loopback, against a server in a process of its own, through the same
// function that the worker calls. `perCore` counts the CPU time of this process alone, as a machine with the server
// elsewhere would. Prints JSON; `node test/bench/checks.ts [seconds]`.

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describeTarget, planChecks, type Target } from '../../src/health/target.ts';
import type { Check } from '../../src/model/monitor.ts';
import { defaultTls } from '../../src/model/monitors/tls-options.ts';
import { createRunCheck, type RunCheck } from '../../src/probe/run-check.ts';
import { portOf } from '../support/checked-servers.ts';
import { makeSelfSigned } from '../support/make-certificate.ts';
import { cluster, endpoint, TIMING } from '../unit/health/fixtures.ts';
import type { BenchContext } from './bench-context.ts';
import type { PartResult } from './report/report.ts';
import { runBenchFile } from './run-program.ts';

const CONCURRENCY = 64;
const WARM_UP_MS = 500;
const QR_BIT = 0x80;
const DEFAULT_SECONDS = 3;
const KINDS = ['tcp', 'http', 'pattern', 'agent', 'https', 'tls', 'grpc', 'dns', 'icmp'] as const;
type Kind = (typeof KINDS)[number];
/** Budgets of the design: checks per second and core. The others have none. */
const BUDGETS: Partial<Record<Kind, number>> = { tcp: 2_000, http: 1_000 };

type Figures = {
  readonly checks: number;
  readonly failures: number;
  readonly perSecond: number;
  readonly perCore: number;
  readonly microsecondsEach: number;
  readonly budgetPerCore?: number;
};

type CheckFigures = Partial<Record<Kind, Figures>>;

/** In a process of its own, whose CPU time is that of the checks alone. */
export async function benchChecks({ say }: Pick<BenchContext, 'say'>): Promise<PartResult> {
  say(`${KINDS.join(', ')} checks, ${DEFAULT_SECONDS} s each`);
  const figures: CheckFigures = JSON.parse(await runBenchFile('checks.ts', [String(DEFAULT_SECONDS)]));
  const rows = Object.entries(figures).map(([kind, { perCore, microsecondsEach, failures, budgetPerCore }]) => [
    kind,
    ...[perCore, microsecondsEach, failures, budgetPerCore].map((value) => value?.toLocaleString('en') ?? ''),
  ]);
  const columns = ['kind', 'checks a second and core', 'CPU each in µs', 'failed', 'budget a second and core'];
  const notes = [
    `${CONCURRENCY} under way at a time, over loopback; the CPU time of the server is not counted, that of the kernel on its way there is.`,
  ];
  return { figures, tables: [{ title: 'Checks that one worker makes', columns, rows }], notes };
}

/** Measures each kind for so many seconds. */
async function measureChecks(seconds: number): Promise<CheckFigures> {
  const { server, ports } = await startServer();
  try {
    const figures: CheckFigures = {};
    for (const kind of KINDS) figures[kind] = await measure(kind, composeCheck(kind, ports), seconds);
    return figures;
  } finally {
    server.kill();
  }
}

function composeCheck(kind: Kind, ports: Ports): Check {
  const status = [{ low: 200, high: 299 }];
  const http = { method: 'GET', path: '/healthz', verifyCertificate: false, expect: { status, body: 'ok' } } as const;
  switch (kind) {
    case 'tcp':
      return { type: 'tcp', port: ports.http };
    case 'http':
      return { type: 'http', port: ports.http, ...http };
    case 'pattern':
      return { type: 'http', port: ports.http, ...http, expect: { status, body: { matches: '^(?:ok|up)\\s*$' } } };
    case 'agent':
      return { type: 'agent', port: ports.agent };
    case 'https':
      return { type: 'https', port: ports.https, ...http };
    case 'tls':
      return { type: 'tls', port: ports.https, verifyCertificate: false, tls: defaultTls(false) };
    case 'grpc':
      return { type: 'grpc', port: ports.grpc, service: '', verifyCertificate: true };
    case 'dns': {
      const query = { name: 'www.example.com', type: 'A' };
      return { type: 'dns', port: ports.dns, protocol: 'udp', query, expect: { rcode: 'NOERROR' } };
    }
    case 'icmp':
      return { type: 'icmp' };
  }
}

async function measure(kind: Kind, check: Check, seconds: number): Promise<Figures> {
  const run = createRunCheck({ allowNetworks: ['127.0.0.0/8'] });
  const target = describeTarget(
    cluster('c', []),
    endpoint('a', '127.0.0.1'),
    planChecks({ ...TIMING, timeoutMs: 2000, check }),
  );
  await runFor(WARM_UP_MS, run, target);
  const before = process.cpuUsage();
  const startedAtMs = performance.now();
  const { checks, failures } = await runFor(seconds * 1000, run, target);
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const budgetPerCore = BUDGETS[kind];
  return {
    checks,
    failures,
    perSecond: Math.round(checks / elapsedSeconds),
    perCore: Math.round(checks / ((user + system) / 1e6)),
    microsecondsEach: Math.round((user + system) / checks),
    ...(budgetPerCore !== undefined && { budgetPerCore }),
  };
}

/** Keeps CONCURRENCY checks under way for so long. */
async function runFor(ms: number, run: RunCheck, target: Target): Promise<{ checks: number; failures: number }> {
  const untilMs = performance.now() + ms;
  const { signal } = new AbortController();
  let checks = 0;
  let failures = 0;
  const lane = async () => {
    while (performance.now() < untilMs) {
      const { ok } = await run(target, signal);
      checks++;
      if (!ok) failures++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return { checks, failures };
}

type Ports = Readonly<Record<'http' | 'https' | 'agent' | 'grpc' | 'dns', number>>;

async function startServer(): Promise<{ readonly server: ChildProcess; readonly ports: Ports }> {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(server.stdout, 'data');
  const ports: Ports = JSON.parse(String(line));
  return { server, ports };
}

async function serve(): Promise<void> {
  const { certificate, key } = makeSelfSigned(['localhost']);
  const answer: RequestListener = (_, response) => void response.end('ok\n');
  const grpc = createHttp2Server();
  grpc.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from('00000000020801', 'hex'));
  });
  const ports: Ports = {
    http: await listen(createHttpServer(answer)),
    https: await listen(createHttpsServer({ cert: certificate, key }, answer)),
    agent: await listen(createServer((socket) => void socket.on('error', () => undefined).end('up 100%\n'))),
    grpc: await listen(grpc),
    dns: await listenDns(),
  };
  process.stdout.write(`${JSON.stringify(ports)}\n`);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

/** Answers every query with itself: as a response (QR, RFC 1035 section 4.1.1) without an error. */
async function listenDns(): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    query.writeUInt8(query.readUInt8(2) | QR_BIT, 2);
    socket.send(query, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'serve') await serve();
  else
    process.stdout.write(
      `${JSON.stringify(await measureChecks(Number(process.argv[2] ?? DEFAULT_SECONDS)), null, 2)}\n`,
    );
}
