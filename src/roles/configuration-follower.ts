// Follows the configuration: starts from this node's own disk, then takes every newer revision from the store. A revision
// is fetched, verified, offered, and only when it was accepted kept on disk. Never goes backwards; an emptied store, a
// damaged revision and a refused one leave what is served as it is. What is wrong is said once, and once when it is over.

import type { Logger } from 'pino';
import type { Clock, Timer } from '../model/clock.ts';
import { formatProblem } from '../model/problem.ts';
import { compareRevisionIds, formatRevisionId, type Revision, type RevisionId } from '../model/revision.ts';
import { systemClock } from '../native/system-clock.ts';
import type { ConfigurationStore, Subscription } from '../store/configuration-store.ts';
import { fetchRevision } from '../store/fetch-revision.ts';
import type { RevisionDisk } from '../store/persisted-revision.ts';
import { describeCause, describeFailure, nameStoreFault } from '../store/store-error.ts';

/** What came of a revision that was offered. */
export type Acceptance =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reasons: readonly string[] };

export type FollowerDependencies = {
  readonly store: Pick<ConfigurationStore, 'readManifest' | 'readObjects' | 'followHead'>;
  readonly disk: RevisionDisk;
  readonly logger: Logger;
  /** Must itself check at the swap that what it serves then is still older. */
  readonly offer: (revision: Revision) => Promise<Acceptance>;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

/** A revision that is newer than what is in force, and why it is not. */
export type RefusedRevision = { readonly id: RevisionId; readonly reasons: readonly string[] };

/** How the store looks from here. */
export type StoreCondition = 'connecting' | 'ok' | 'empty' | 'unavailable';

const RETRY_MS = 250;

export class ConfigurationFollower {
  readonly #dependencies: FollowerDependencies;
  #current: Revision | undefined;
  #wanted: RevisionId | undefined;
  #refused: RefusedRevision | undefined;
  #behind: RevisionId | undefined;
  #working = false;
  #retry: Timer | undefined;
  #subscription: Subscription | undefined;
  #stopped = false;
  #persisting: Promise<void> = Promise.resolve();
  /** What was said last about a revision that cannot be taken. */
  #fault: string | undefined;
  condition: StoreCondition = 'connecting';
  /** What is wrong with a store that is unavailable. */
  storeFault = '';

  constructor(dependencies: FollowerDependencies) {
    this.#dependencies = dependencies;
  }

  /** The revision that was accepted last. */
  get current(): Revision | undefined {
    return this.#current;
  }

  /** The newest revision, where it was refused. */
  get refused(): RefusedRevision | undefined {
    return this.#refused;
  }

  /** What the store holds, where that is older than the current one. */
  get behind(): RevisionId | undefined {
    return this.#behind;
  }

  /** Offers what is on disk, then follows the store. Needs no store to be there. */
  async start(): Promise<void> {
    await this.#offerPersisted();
    if (this.#stopped) return;
    const { store } = this.#dependencies;
    this.#subscription = store.followHead(
      (head) => this.#noteHead(head),
      (error) => this.#noteError(error),
    );
  }

  /** Offers nothing from now on. Resolves when nothing is being written to disk any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#subscription?.close();
    await this.#persisting;
  }

  async #offerPersisted(): Promise<void> {
    const { disk, logger } = this.#dependencies;
    const read = await disk.read();
    if (read.status === 'damaged') {
      logger.error({ problems: read.problems }, 'the configuration on disk cannot be used: waiting for the store');
    }
    if (read.status !== 'read' || this.#stopped) return;
    const result = await this.#offer(read.value);
    if (result.accepted) this.#current = read.value;
    else logger.error({ reasons: result.reasons }, 'the configuration on disk is refused: waiting for the store');
  }

  /** Whatever goes wrong with what is on disk, there may be something better in the store. */
  async #offer(revision: Revision): Promise<Acceptance> {
    try {
      return await this.#dependencies.offer(revision);
    } catch (error) {
      return { accepted: false, reasons: [describeCause(error)] };
    }
  }

  #noteHead(head: RevisionId | undefined): void {
    const { logger } = this.#dependencies;
    const before = this.condition;
    this.condition = head === undefined ? 'empty' : 'ok';
    this.#behind = undefined;
    if (before === 'unavailable') logger.info('the store answers again');
    if (head === undefined) {
      if (before !== 'empty' && this.#current !== undefined) {
        logger.error('the store has lost the configuration: what is served stays in force until it is there again');
      }
      return;
    }
    if (this.#current !== undefined && compareRevisionIds(head, this.#current.manifest.id) < 0) {
      const ids = { store: formatRevisionId(head), served: formatRevisionId(this.#current.manifest.id) };
      logger.error(ids, 'the store holds an older configuration than the one that is served: it is not gone back to');
      this.#behind = head;
      return;
    }
    this.#wanted = head;
    void this.#advance();
  }

  #noteError(error: Error): void {
    this.condition = 'unavailable';
    this.storeFault = nameStoreFault(error);
    this.#dependencies.logger.warn(describeFailure(error), `${this.storeFault}: the configuration stays as it is`);
  }

  /** Works towards the newest wanted revision, one at a time; whatever arrives meanwhile is seen in the next turn. */
  async #advance(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    this.#retry?.cancel();
    try {
      while (!this.#stopped && this.#isAhead(this.#wanted)) await this.#take(this.#wanted);
      this.#fault = undefined;
    } catch (error) {
      if (this.#stopped) return;
      const fault = describeCause(error);
      if (fault !== this.#fault) {
        this.#dependencies.logger.warn(
          describeFailure(error),
          'a newer configuration could not be taken: trying again',
        );
      }
      this.#fault = fault;
      const { clock = systemClock } = this.#dependencies;
      this.#retry = clock.schedule(RETRY_MS, () => void this.#advance());
    } finally {
      this.#working = false;
    }
  }

  #isAhead(wanted: RevisionId | undefined): wanted is RevisionId {
    if (wanted === undefined) return false;
    const { manifest } = this.#current ?? {};
    if (manifest !== undefined && compareRevisionIds(wanted, manifest.id) <= 0) return false;
    return this.#refused === undefined || compareRevisionIds(wanted, this.#refused.id) !== 0;
  }

  async #take(wanted: RevisionId): Promise<void> {
    const { store, logger } = this.#dependencies;
    const revision = formatRevisionId(wanted);
    const fetched = await fetchRevision(store, wanted, this.#current?.objects ?? new Map());
    if (!fetched.ok) throw new Error(fetched.problems.map(formatProblem).join('; '));
    if (this.#stopped) return;
    const result = await this.#offer(fetched.value);
    if (this.#stopped) return;
    if (!result.accepted) {
      this.#refused = { id: wanted, reasons: result.reasons };
      logger.error(
        { revision, reasons: result.reasons },
        'this configuration is refused: the one before stays in force',
      );
      return;
    }
    this.#current = fetched.value;
    this.#refused = undefined;
    logger.info({ revision }, 'configuration in force');
    this.#persisting = this.#persist(fetched.value);
    await this.#persisting;
  }

  /** A full disk does not stop a revision: it only would not survive a restart without the store. */
  async #persist(revision: Revision): Promise<void> {
    try {
      await this.#dependencies.disk.write(revision);
    } catch (error) {
      this.#dependencies.logger.error(describeFailure(error), 'the configuration could not be kept on disk');
    }
  }
}
