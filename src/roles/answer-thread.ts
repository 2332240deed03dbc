// An answer thread: its own sockets, its own desk, and nothing else. It takes snapshots from the control thread by
// reference and answers from them; the control thread may be busy for seconds without a single late answer.

import { parentPort, workerData } from 'node:worker_threads';
import type { Counters } from '../answer/counters.ts';
import { adoptSnapshot, createDesk, type Desk } from '../answer/desk.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import type { Listener } from '../transport/listener.ts';
import { listenTcp, type TcpOptions } from '../transport/tcp.ts';
import { listenUdp } from '../transport/udp-dgram.ts';
import { watchSharedGarbage } from './shared-garbage.ts';

export type AnswerThreadData = {
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  readonly tcp: Pick<TcpOptions, 'maxConnections' | 'idleTimeoutMs' | 'messageTimeoutMs'>;
  /** 32 random bits. */
  readonly seed: number;
};

export type ToAnswerThread =
  | {
      readonly kind: 'serve';
      readonly swap: number;
      readonly snapshot: Snapshot;
      readonly state: State;
      readonly counters: Counters;
    }
  | { readonly kind: 'close' };

export type BoundAddress = { readonly protocol: 'udp' | 'tcp'; readonly host: string; readonly port: number };

export type FromAnswerThread =
  | { readonly kind: 'listening'; readonly addresses: readonly BoundAddress[] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'serving'; readonly swap: number }
  | { readonly kind: 'closed' };

/** Where port 0 was asked for, so many others are tried until one is free for UDP and TCP alike. */
const MAX_PORT_TRIES = 20;

async function listen(data: AnswerThreadData, desk: Desk): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const { host, port } of data.listen) listeners.push(...(await listenBoth(data, host, port, desk)));
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
}

/** UDP and TCP on the same port. */
async function listenBoth(data: AnswerThreadData, host: string, port: number, desk: Desk): Promise<Listener[]> {
  for (let tries = 1; ; tries++) {
    const udp = await listenUdp({ host, port, reusePort: false }, desk);
    try {
      return [udp, await listenTcp({ ...data.tcp, host, port: udp.port, reusePort: false }, desk)];
    } catch (error) {
      await udp.close();
      if (port !== 0 || tries === MAX_PORT_TRIES) throw error;
    }
  }
}

function run(port: NonNullable<typeof parentPort>, data: AnswerThreadData): void {
  const send = (message: FromAnswerThread) => port.postMessage(message);
  let desk: Desk | undefined;
  let listeners: Promise<Listener[]> | undefined;
  const garbage = watchSharedGarbage();
  port.on('message', (message: ToAnswerThread) => {
    if (message.kind === 'close') {
      void closeAll(listeners).then(() => {
        send({ kind: 'closed' });
        port.close();
      });
      return;
    }
    const { snapshot, state, counters, swap } = message;
    if (desk === undefined) {
      desk = createDesk(snapshot, state, data.seed);
      adoptSnapshot(desk, snapshot, state, counters);
      // Nothing is listened on before there is something to answer with.
      listeners = listen(data, desk);
      listeners.then(
        (open) =>
          send({ kind: 'listening', addresses: open.map(({ protocol, host, port }) => ({ protocol, host, port })) }),
        (error: Error) => send({ kind: 'failed', message: error.message }),
      );
    } else {
      adoptSnapshot(desk, snapshot, state, counters);
      garbage.note(snapshot);
    }
    send({ kind: 'serving', swap });
  });
}

async function closeAll(listeners: Promise<Listener[]> | undefined): Promise<void> {
  try {
    await Promise.all(((await listeners) ?? []).map((listener) => listener.close()));
  } catch {
    // It never listened: that has been said already.
  }
}

if (parentPort !== null) run(parentPort, workerData);
