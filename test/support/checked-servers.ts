// Servers to be checked, and one check of one, held to its time.

import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { describeTarget, planChecks, type Target } from '../../src/health/target.ts';
import type { Observation } from '../../src/health/vote.ts';
import type { Check } from '../../src/model/monitor.ts';
import { createRunCheck, type RunCheck } from '../../src/probe/run-check.ts';
import { cluster, endpoint, TIMING } from '../unit/health/fixtures.ts';

export const TIMEOUT_MS = 400;
/** What the event loop of a busy test machine may add. */
export const GRACE_MS = 400;

export const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export function targetOf(check: Check, address = '127.0.0.1', timeoutMs = TIMEOUT_MS): Target {
  return describeTarget(cluster('c', []), endpoint('a', address), planChecks({ ...TIMING, timeoutMs, check }));
}

export type RunOptions = {
  readonly address?: string;
  readonly timeoutMs?: number;
  readonly allowNetworks?: readonly string[];
  readonly run?: RunCheck;
};

/** Runs a check, and holds it to its time. */
export async function runCheck(check: Check, options: RunOptions = {}): Promise<Observation> {
  const {
    address,
    timeoutMs = TIMEOUT_MS,
    allowNetworks = LOOPBACK,
    run = createRunCheck({ allowNetworks }),
  } = options;
  const startedAtMs = performance.now();
  const observation = await run(targetOf(check, address, timeoutMs), new AbortController().signal);
  const tookMs = performance.now() - startedAtMs;
  assert.ok(tookMs <= timeoutMs + GRACE_MS, `took ${tookMs} ms`);
  return observation;
}

/** A TCP server that does what `serve` says with each connection; its port. */
export async function listenTcp(
  context: TestContext,
  serve: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<number> {
  return listen(context, createServer(), 'connection', serve, host);
}

/** The same over TLS. Handshakes that fail are the business of whoever checks. */
export async function listenTls(
  context: TestContext,
  options: TlsOptions,
  serve: (socket: TLSSocket) => void = () => undefined,
): Promise<number> {
  const server = createTlsServer(options);
  server.on('tlsClientError', () => undefined);
  return listen(context, server, 'secureConnection', serve, '127.0.0.1');
}

async function listen<Connection extends Socket>(
  context: TestContext,
  server: Server,
  event: string,
  serve: (socket: Connection) => void,
  host: string,
): Promise<number> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Connection) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server);
}

export function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** A port of this machine that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
