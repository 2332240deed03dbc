// An answer thread: its own sockets, its own desk, and nothing else. It takes snapshots from the control thread by
// reference and answers from them; the control thread may be busy for seconds without a single late answer.

import { parentPort, workerData } from 'node:worker_threads';
import type { Counters } from '../answer/counters.ts';
import { adoptSnapshot, createDesk, type Desk } from '../answer/desk.ts';
import { signWithKey } from '../keys/sign.ts';
import type { ListenAddress } from '../model/listen-address.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import type { Listener, UdpTransport } from '../transport/listener.ts';
import { listenTcp, type TcpOptions } from '../transport/tcp.ts';
import { createUdpListener } from '../transport/udp.ts';
import { watchSharedGarbage } from './shared-garbage.ts';

export type AnswerThreadData = {
  readonly transport: UdpTransport;
  /** Whether other threads listen on the same addresses. */
  readonly isShared: boolean;
  readonly tcp: Pick<TcpOptions, 'maxConnections' | 'idleTimeoutMs' | 'messageTimeoutMs'>;
  /** Which of the answer threads it is, from 0: where in the state it counts. */
  readonly thread: number;
  /** 32 random bits. */
  readonly seed: number;
};

export type ToAnswerThread =
  | {
      readonly kind: 'serve';
      readonly swap: number;
      /** What counts is that of the first such message. */
      readonly listen: readonly ListenAddress[];
      readonly snapshot: Snapshot;
      readonly state: State;
      readonly counters: Counters;
      /** Of shared memory that the snapshot before did not have. */
      readonly newBytes: number;
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

async function listenAll(data: AnswerThreadData, addresses: readonly ListenAddress[], desk: Desk): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const address of addresses) listeners.push(...(await listenBoth(data, address, desk)));
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
}

/** UDP and TCP on the same port. */
async function listenBoth(data: AnswerThreadData, { host, port }: ListenAddress, desk: Desk): Promise<Listener[]> {
  const listenUdp = createUdpListener(data.transport);
  const reusePort = data.isShared;
  for (let tries = 1; ; tries++) {
    const udp = await listenUdp({ host, port, reusePort }, desk);
    try {
      return [udp, await listenTcp({ ...data.tcp, host, port: udp.port, reusePort }, desk)];
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
    const { listen, snapshot, state, counters, newBytes, swap } = message;
    if (desk === undefined) {
      desk = createDesk(snapshot, state, data.seed, data.thread, signWithKey);
      adoptSnapshot(desk, snapshot, state, counters);
      // Nothing is listened on before there is something to answer with.
      listeners = listenAll(data, listen, desk);
      listeners.then(
        (open) =>
          send({ kind: 'listening', addresses: open.map(({ protocol, host, port }) => ({ protocol, host, port })) }),
        (error: Error) => send({ kind: 'failed', message: error.message }),
      );
    } else {
      adoptSnapshot(desk, snapshot, state, counters);
      garbage.note(newBytes);
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
