// The parent's side of backend-program.ts.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BackendOrder, BackendReply, Behaviour } from './behaviours.ts';

export type Backends = {
  readonly pid: number;
  readonly ports: readonly number[];
  /** Switches one; resolves with the moment at which it began to, in machineMs. */
  set(index: number, behaviour: Behaviour, slowMs?: number): Promise<number>;
  close(): Promise<void>;
};

const PROGRAM = fileURLToPath(new URL('backend-program.ts', import.meta.url));

/** @throws when there are not so many free ports. */
export async function startBackends(count: number): Promise<Backends> {
  const child = fork(PROGRAM, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, (atMs: number) => void>();
  let order = 0;
  const send = (message: BackendOrder) => child.send(JSON.stringify(message));
  const opened = new Promise<readonly number[]>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the backends ended with ${code}`)));
    child.on('message', (text) => {
      const reply: BackendReply = JSON.parse(String(text));
      if (reply.kind === 'opened') return resolve(reply.ports);
      waiting.get(reply.order)?.(reply.atMs);
      waiting.delete(reply.order);
    });
  });
  send({ kind: 'open', count });
  const ports = await opened;
  return {
    pid: child.pid ?? 0,
    ports,
    set: (index, behaviour, slowMs = 0) =>
      new Promise((resolve) => {
        order++;
        waiting.set(order, resolve);
        send({ kind: 'set', index, behaviour, order, slowMs });
      }),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
