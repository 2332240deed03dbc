// Demonstration backends: a small real HTTP server per region, for the monitors to check and for people to break. Failing
// one closes its socket, so that connections are refused as they are by a machine whose service died; healing it listens
// again on the same port.

import type { Server, ServerResponse } from 'node:http';
import type { ListenAddress } from '../model/listen-address.ts';
import { createHttpServer } from '../native/http.ts';

export type DemoBackendOptions = { readonly region: string; readonly listen: ListenAddress };

export type DemoBackend = {
  readonly region: string;
  /** The port is the one in use, also where 0 was asked for. */
  readonly listen: ListenAddress;
  isHealthy(): boolean;
  /** Refuses connections, and breaks those that are open. Nothing, when it does already. */
  fail(): Promise<void>;
  /** Listens again. Nothing, when it does already. Throws when somebody else took the port meanwhile. */
  heal(): Promise<void>;
  close(): Promise<void>;
};

export type DemoBackends = {
  list(): readonly DemoBackend[];
  /** Closes those that are elsewhere, and starts what is missing. Rejects, with none left listening, when a port is taken. */
  arrange(places: readonly { readonly region: string; readonly port: number }[]): Promise<void>;
  /** False when there is no backend of that region. */
  fail(region: string): Promise<boolean>;
  heal(region: string): Promise<boolean>;
  close(): Promise<void>;
};

export const DEMO_HOST = '127.0.0.1';

/** At first there is none. */
export function openDemoBackends(): DemoBackends {
  let backends: DemoBackend[] = [];
  const close = async () => {
    const closing = backends;
    backends = [];
    await Promise.all(closing.map((backend) => backend.close()));
  };
  const find = (region: string) => backends.find((backend) => backend.region === region);
  return {
    list: () => backends,
    async arrange(places) {
      const isWanted = ({ region, listen }: DemoBackend) =>
        places.some((place) => place.region === region && place.port === listen.port);
      const leaving = backends.filter((backend) => !isWanted(backend));
      backends = backends.filter(isWanted);
      await Promise.all(leaving.map((backend) => backend.close()));
      try {
        for (const { region, port } of places) {
          if (find(region) === undefined) {
            backends.push(await startDemoBackend({ region, listen: { host: DEMO_HOST, port } }));
          }
        }
      } catch (error) {
        await close();
        throw error;
      }
    },
    async fail(region) {
      const backend = find(region);
      await backend?.fail();
      return backend !== undefined;
    },
    async heal(region) {
      const backend = find(region);
      await backend?.heal();
      return backend !== undefined;
    },
    close,
  };
}

/** One backend. Throws when it cannot listen, saying where and what to do. */
export async function startDemoBackend({ region, listen: wanted }: DemoBackendOptions): Promise<DemoBackend> {
  let server: Server | undefined = await listenAt(region, wanted);
  const listen = { host: wanted.host, port: boundPort(server) };
  // One change at a time, in the order in which they were asked for.
  let changes: Promise<void> = Promise.resolve();
  const enqueue = (change: () => Promise<void>) => {
    const result = changes.then(change);
    changes = result.catch(() => undefined);
    return result;
  };
  const stop = async () => {
    const stopping = server;
    server = undefined;
    if (stopping !== undefined) await closeNow(stopping);
  };
  return {
    region,
    listen,
    isHealthy: () => server !== undefined,
    fail: () => enqueue(stop),
    heal: () =>
      enqueue(async () => {
        server ??= await listenAt(region, listen);
      }),
    close: () => enqueue(stop),
  };
}

function listenAt(region: string, { host, port }: ListenAddress): Promise<Server> {
  const server = createHttpServer((request, response) => answer(region, request.url ?? '/', response));
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(describeListenError(error, region, host, port)));
    server.listen({ host, port }, () => resolve(server));
  });
}

function answer(region: string, url: string, response: ServerResponse): void {
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  if (url === '/healthz') response.end('ok\n');
  else if (url === '/') response.end(`This is the demonstration backend of ${region}.\n`);
  else response.writeHead(404).end('Only / and /healthz are here.\n');
}

const OTHER_PORTS =
  'name other ports: --listen of "azimuth demo serve", demo.configuration of "npm start" (a copy of config/example.yaml)';

function describeListenError(cause: Error, region: string, host: string, port: number): Error {
  const isTaken = 'code' in cause && cause.code === 'EADDRINUSE';
  const what = `the demonstration backend of ${region} cannot listen on ${host}:${port}`;
  const advice = isTaken ? `the port is taken: stop what listens there, or ${OTHER_PORTS}` : cause.message;
  return new Error(`${what}: ${advice}`, { cause });
}

function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening TCP server has a port');
  return address.port;
}

function closeNow(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
