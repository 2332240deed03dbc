// The answer threads as the control thread sees them: all serve the same snapshot on the same addresses, between which the
// kernel spreads the queries. Their counters live in shared memory and are summed up across threads and snapshots.

import { type Counters, createCounters, PROTOCOLS } from '../answer/counters.ts';
import type { ListenAddress } from '../model/listen-address.ts';
import type { JournalStep } from '../transfer/journal.ts';
import type { Certificate } from '../transport/certificate.ts';
import { checkAddresses } from '../transport/check-addresses.ts';
import type { TsigKey } from '../wire/tsig.ts';
import { AnswerThreadKeeper, type KeeperDependencies, type KeeperOptions } from './answer-thread-keeper.ts';
import type { CounterTotals } from './counter-totals.ts';
import type { BoundAddress } from './open-listeners.ts';
import type { Serving } from './serving.ts';

export type AnswerThreadsOptions = Omit<KeeperOptions, 'thread' | 'isShared'> & {
  /** UDP and TCP on each; TLS and HTTPS have their own. */
  readonly listen: readonly ListenAddress[];
  readonly threads: number;
};
export type AnswerThreadsDependencies = KeeperDependencies & { readonly totals: CounterTotals };

export class AnswerThreads {
  readonly #options: AnswerThreadsOptions;
  readonly #totals: CounterTotals;
  readonly #keepers: readonly AnswerThreadKeeper[];
  #opened: Promise<void> | undefined;
  #counters: readonly Counters[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: AnswerThreadsOptions, { totals, ...dependencies }: AnswerThreadsDependencies) {
    const { threads, transport, tcp, tls, https, proxyProtocol, conduct } = options;
    const shared = { transport, tcp, tls, https, proxyProtocol, conduct, isShared: threads > 1 };
    this.#options = options;
    this.#totals = totals;
    this.#keepers = Array.from(
      { length: threads },
      (_, thread) => new AnswerThreadKeeper({ ...shared, thread }, dependencies),
    );
  }

  /** Where they listen; empty before the first snapshot. */
  get addresses(): readonly BoundAddress[] {
    return this.#keepers[0]?.addresses ?? [];
  }

  /** By protocol, of all threads. */
  readOpenConnections(): [string, number][] {
    return PROTOCOLS.flatMap((protocol, index): [string, number][] => {
      if (protocol === 'udp') return [];
      return [[protocol, this.#keepers.reduce((sum, { openConnections }) => sum + (openConnections[index] ?? 0), 0)]];
    });
  }

  /** Starts the threads, which then wait for their first snapshot. Rejects with advice when an address cannot be had. */
  open(): Promise<void> {
    if (this.#closing !== undefined) return Promise.resolve();
    this.#opened ??= this.#open();
    return this.#opened;
  }

  #open(): Promise<void> {
    for (const keeper of this.#keepers) keeper.open();
    return checkAddresses(
      askedAddresses(this.#options).flatMap((address) =>
        address.protocol === 'udp' ? [address, { ...address, protocol: 'tcp' }] : [address],
      ),
    );
  }

  /**
   * Serves a snapshot from now on, one call at a time. Resolves when every thread answers from it, or when closing has begun;
   * the first time, rejects when nothing can be bound.
   */
  async serve(serving: Serving): Promise<void> {
    await this.open();
    if (this.#closing !== undefined) return;
    const previous = this.#counters;
    this.#counters = this.#keepers.map(() => createCounters(serving.snapshot));
    for (const counters of this.#counters) this.#totals.follow(serving.snapshot, counters);
    if (previous.length === 0) await this.#serveFirst(serving);
    else await Promise.all(this.#keepers.map((keeper, thread) => this.#serveWith(keeper, thread, serving)));
    // Nobody counts there any more.
    for (const counters of previous) this.#totals.absorb(counters);
  }

  /** One thread listens first: where a port was left to the kernel's choice, the others need to know which it is. */
  async #serveFirst(serving: Serving): Promise<void> {
    for (const [thread, keeper] of this.#keepers.entries()) await this.#serveWith(keeper, thread, serving);
  }

  async #serveWith(keeper: AnswerThreadKeeper, thread: number, serving: Serving): Promise<void> {
    const counters = this.#counters[thread];
    const bound = this.addresses.filter(({ protocol }) => protocol !== 'tcp');
    if (counters !== undefined) {
      await keeper.serve({ serving, counters }, bound.length > 0 ? bound : askedAddresses(this.#options));
    }
  }

  /** Signatures are verified with these from now on. */
  setKeys(keys: readonly TsigKey[]): void {
    for (const keeper of this.#keepers) keeper.setKeys(keys);
  }

  /** How the snapshot that is served became what it is, for incremental transfers. */
  advanceJournal(step: JournalStep): void {
    for (const keeper of this.#keepers) keeper.advanceJournal(step);
  }

  /** What TLS shows from now on; must be there before the first snapshot. */
  setCertificate(certificate: Certificate): void {
    for (const keeper of this.#keepers) keeper.setCertificate(certificate);
  }

  /** Answers what has been received, then closes. A second call waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#opened?.catch(() => undefined);
    await Promise.all(this.#keepers.map((keeper) => keeper.close()));
  }
}

/** TCP is where UDP is. */
function askedAddresses({ listen, tls, https }: AnswerThreadsOptions): BoundAddress[] {
  return [
    ...listen.map((address) => ({ ...address, protocol: 'udp' as const })),
    ...tls.listen.map((address) => ({ ...address, protocol: 'tls' as const })),
    ...https.listen.map((address) => ({ ...address, protocol: 'https' as const })),
  ];
}
