// How `azimuth demo` reaches the backends of a running process: a small HTTP server on a socket in its state directory,
// which only the user who runs it can open.

import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createHttpServer, requestHttp } from '../native/http.ts';
import type { DemoBackends } from './backends.ts';

export type DemoCommand = 'fail' | 'heal' | 'list';
export type DemoStatus = { readonly region: string; readonly port: number; readonly healthy: boolean };
export type DemoReply = { readonly ok: boolean; readonly message: string; readonly backends: readonly DemoStatus[] };

const SOCKET_NAME = 'demo.sock';
/** The system's limit for the path of a socket (sun_path), its end mark taken off. */
const MAX_PATH_BYTES = 103;
const TIMEOUT_MS = 5000;

/** Listens for commands until closed. Throws when the state directory's path is too long for a socket. */
export async function serveDemoControl(directory: string, backends: DemoBackends): Promise<{ close(): Promise<void> }> {
  const path = socketPath(directory);
  rmSync(path, { force: true });
  const server = createHttpServer((incoming, response) => {
    const [, command = '', region = ''] = (incoming.url ?? '').split('/');
    // Ids of regions have nothing in them that a URL would escape.
    run(backends, command, region).then(
      (reply) => response.end(JSON.stringify(reply)),
      (error: Error) => response.end(JSON.stringify({ ok: false, message: error.message, backends: [] })),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function run(backends: DemoBackends, command: string, region: string): Promise<DemoReply> {
  const found = backends.list().some((backend) => backend.region === region);
  const reply = (ok: boolean, message: string): DemoReply => ({
    ok,
    message,
    backends: backends.list().map((backend) => ({
      region: backend.region,
      port: backend.listen.port,
      healthy: backend.isHealthy(),
    })),
  });
  if (command === 'list') return reply(true, '');
  const regions = backends.list().map((backend) => backend.region);
  if (!found) {
    const others = regions.length === 0 ? 'nor in any other region' : `there is one in ${regions.join(', ')}`;
    return reply(false, `there is no demonstration backend in ${region}: ${others}`);
  }
  if (command === 'fail') {
    await backends.fail(region);
    return reply(true, `the backend of ${region} refuses connections now`);
  }
  if (command === 'heal') {
    await backends.heal(region);
    return reply(true, `the backend of ${region} answers again`);
  }
  return reply(false, `there is no command ${command}`);
}

/** Sends a command to the process whose state is in `directory`. Rejects when there is none. */
export async function sendDemoCommand(directory: string, command: DemoCommand, region = ''): Promise<DemoReply> {
  const socket = socketPath(directory);
  return new Promise((resolve, reject) => {
    const path = `/${command}/${encodeURIComponent(region)}`;
    const outgoing = requestHttp({ socketPath: socket, path, method: 'POST', timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text)));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    outgoing.on('error', (cause) => {
      reject(
        new Error(
          `no demonstration answers at ${socket}: it runs with npm start and the configuration that Azimuth comes with`,
          { cause },
        ),
      );
    });
    outgoing.end();
  });
}

function socketPath(directory: string): string {
  const path = join(directory, SOCKET_NAME);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(
      `${path} is too long for a socket (${MAX_PATH_BYTES} bytes at most): choose a shorter stateDirectory`,
    );
  }
  return path;
}
