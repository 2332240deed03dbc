// Many backends in one process, each with a listener whose behaviour is switched by messages from the parent. Started by
// backends.ts; ends with its parent.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type BackendOrder, type BackendReply, type Behaviour, LOSS_SHARE } from './behaviours.ts';
import { machineMs } from './machine-time.ts';

/**
 * Above what tests take, below what the kernel gives outgoing connections (32768 and on): a port that is closed must not
 * become the source of somebody's connection, or even of a connection to itself.
 */
const FIRST_PORT = 30_100;
const LAST_PORT = 32_700;
const BACKLOG = 64;

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n';
const ERROR = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

type Backend = {
  readonly port: number;
  readonly sockets: Set<Socket>;
  server: Server;
  behaviour: Behaviour;
  slowMs: number;
};

const backends: Backend[] = [];

process.on('disconnect', () => process.exit());
process.on('message', (text) => {
  const order: BackendOrder = JSON.parse(String(text));
  void (order.kind === 'open' ? open(order.count) : set(order));
});

async function open(count: number): Promise<void> {
  for (let port = FIRST_PORT; backends.length < count; port++) {
    if (port > LAST_PORT) throw new Error(`there are no ${count} free ports from ${FIRST_PORT} to ${LAST_PORT}`);
    const backend: Backend = { port, sockets: new Set(), server: createServer(), behaviour: 'healthy', slowMs: 0 };
    if (await listen(backend)) backends.push(backend);
  }
  reply({ kind: 'opened', ports: backends.map(({ port }) => port) });
}

/** The moment of a fault is taken before it begins, so that no figure is shorter than the truth. */
async function set({ index, behaviour, order, slowMs }: Extract<BackendOrder, { kind: 'set' }>): Promise<void> {
  const backend = backends[index];
  if (backend === undefined) throw new Error(`there is no backend ${index}`);
  const atMs = machineMs();
  backend.behaviour = behaviour;
  backend.slowMs = slowMs;
  if (behaviour === 'refused') {
    backend.server.close();
    for (const socket of backend.sockets) socket.resetAndDestroy();
  } else if (!backend.server.listening && !(await listen(backend))) {
    throw new Error(`port ${backend.port} has been taken by somebody else`);
  }
  reply({ kind: 'done', order, atMs });
}

/** False where somebody else has the port. */
async function listen(backend: Backend): Promise<boolean> {
  backend.server = createServer((socket) => serve(backend, socket));
  const listening = once(backend.server, 'listening');
  backend.server.listen({ port: backend.port, host: '127.0.0.1', backlog: BACKLOG });
  return listening.then(
    () => true,
    () => false,
  );
}

function serve(backend: Backend, socket: Socket): void {
  backend.sockets.add(socket);
  socket.on('close', () => backend.sockets.delete(socket));
  // Checks that time out let go without a goodbye.
  socket.on('error', () => socket.destroy());
  switch (backend.behaviour) {
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'agent-up':
      socket.end('up 100%\n');
      return;
    case 'agent-down':
      socket.end('down\n');
      return;
    default:
      socket.once('data', () => answer(backend, socket));
  }
}

/** As the backend is by then: one that falls silent leaves the requests without an answer that it had taken already. */
function answer(backend: Backend, socket: Socket): void {
  if (backend.behaviour === 'silent') return;
  if (backend.behaviour === 'lossy' && Math.random() < LOSS_SHARE) return;
  if (backend.behaviour === 'slow') setTimeout(() => socket.end(OK), backend.slowMs);
  else socket.end(backend.behaviour === 'errors' ? ERROR : OK);
}

function reply(message: BackendReply): void {
  process.send?.(JSON.stringify(message));
}
