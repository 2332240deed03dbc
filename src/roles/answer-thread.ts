// An answer thread: its own sockets, its own desk, and nothing else. It takes snapshots from the control thread by
// reference and answers from them; the control thread may be busy for seconds without a single late answer.

import { parentPort } from 'node:worker_threads';
import type { Conduct } from '../answer/conduct.ts';
import type { Counters } from '../answer/counters.ts';
import { adoptSnapshot, createDesk, type Desk } from '../answer/desk.ts';
import { createTsigDesk } from '../answer/tsig-desk.ts';
import { signWithKey } from '../keys/sign.ts';
import { computeHmac, readSteadyClock, readWallClock } from '../replication/hmac.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { State } from '../snapshot/state.ts';
import { coalesceHints } from '../store/coalesce-hints.ts';
import type { Hint } from '../store/hint-store.ts';
import { advanceJournal, type JournalStep } from '../transfer/journal.ts';
import type { Certificate } from '../transport/certificate.ts';
import type { Listener } from '../transport/listener.ts';
import type { TsigKey } from '../wire/tsig.ts';
import { type BoundAddress, type ListenerOptions, openListeners } from './open-listeners.ts';
import { watchSharedGarbage } from './shared-garbage.ts';

export type AnswerThreadData = ListenerOptions & {
  readonly conduct: Conduct;
  /** Which of the answer threads it is, from 0: where in the state it counts. */
  readonly thread: number;
  /** 32 random bits. */
  readonly seed: number;
};

export type ToAnswerThread =
  /** Comes first. */
  | { readonly kind: 'begin'; readonly data: AnswerThreadData }
  | {
      readonly kind: 'serve';
      readonly swap: number;
      /** What counts is that of the first such message. */
      readonly listen: readonly BoundAddress[];
      readonly snapshot: Snapshot;
      readonly state: State;
      readonly counters: Counters;
      /** Of shared memory that the snapshot before did not have. */
      readonly newBytes: number;
    }
  /** From now on signatures are verified with these. */
  | { readonly kind: 'keys'; readonly keys: readonly TsigKey[] }
  /** The snapshot that is served has become what it is by this step. */
  | { readonly kind: 'journal'; readonly step: JournalStep }
  /** Comes before the first `serve` where there is TLS. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'close' };

export type FromAnswerThread =
  | { readonly kind: 'listening'; readonly addresses: readonly BoundAddress[] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'serving'; readonly swap: number }
  /** A primary says that a zone has changed; of each zone at most one in HINT_INTERVAL_MS. */
  | { readonly kind: 'hint'; readonly hint: Hint }
  | { readonly kind: 'closed' };

function run(port: NonNullable<typeof parentPort>, data: AnswerThreadData): void {
  const send = (message: FromAnswerThread) => port.postMessage(message);
  let desk: Desk | undefined;
  let listeners: Promise<Listener[]> | undefined;
  let tsig = createTsigDesk([], computeHmac, readWallClock, readSteadyClock);
  let certificate: Certificate | undefined;
  const hints = coalesceHints((hint) => send({ kind: 'hint', hint }));
  const garbage = watchSharedGarbage();
  port.on('message', (message: Exclude<ToAnswerThread, { kind: 'begin' }>) => {
    if (message.kind === 'close') {
      hints.close();
      void closeAll(listeners).then(() => {
        send({ kind: 'closed' });
        port.close();
      });
      return;
    }
    if (message.kind === 'keys') {
      tsig = createTsigDesk(message.keys, computeHmac, readWallClock, readSteadyClock);
      if (desk !== undefined) desk.tsig = tsig;
      return;
    }
    if (message.kind === 'journal') {
      if (desk !== undefined) advanceJournal(desk.journal, message.step);
      return;
    }
    if (message.kind === 'certificate') {
      certificate = message.certificate;
      void renewCertificate(listeners, message.certificate);
      return;
    }
    const { listen, snapshot, state, counters, newBytes, swap } = message;
    if (desk === undefined) {
      desk = createDesk(snapshot, state, data.seed, data.thread, data.conduct, signWithKey);
      desk.tsig = tsig;
      desk.notifyHints = hints;
      adoptSnapshot(desk, snapshot, state, counters);
      // Nothing is listened on before there is something to answer with.
      listeners = openListeners(data, listen, certificate, desk);
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

async function renewCertificate(listeners: Promise<Listener[]> | undefined, certificate: Certificate): Promise<void> {
  try {
    for (const listener of (await listeners) ?? []) listener.setCertificate?.(certificate);
  } catch {
    // It never listened: that has been said already.
  }
}

async function closeAll(listeners: Promise<Listener[]> | undefined): Promise<void> {
  try {
    await Promise.all(((await listeners) ?? []).map((listener) => listener.close()));
  } catch {
    // It never listened: that has been said already.
  }
}

if (parentPort !== null) {
  const port = parentPort;
  port.once('message', ({ data }: Extract<ToAnswerThread, { kind: 'begin' }>) => run(port, data));
}
