// The control side of a node: what is to be served, kept up to date. Brings together the configuration (followed), the map
// of clients (from the GeoIP database), health and load, compiles snapshots and hands them on whole. Whatever becomes slow
// or goes away here, what has been handed on goes on being answered.

import { join } from 'node:path';
import type { Logger } from 'pino';
import { type OpenedPlaceMap, openPlaceMap } from '../databases/open-place-map.ts';
import { watchDatabases } from '../databases/watch-databases.ts';
import type { Configuration } from '../model/configuration.ts';
import { formatProblem } from '../model/problem.ts';
import { compareRevisionIds, formatRevisionId, type Revision } from '../model/revision.ts';
import { createState } from '../snapshot/state.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import { Compiler } from './compiler.ts';
import { type Acceptance, ConfigurationFollower } from './configuration-follower.ts';
import { HealthView } from './health-view.ts';
import { LoadView } from './load-view.ts';
import {
  type LocationResolver,
  openRevisionReader,
  type RevisionReader,
  type StatedConfiguration,
} from './read-revision.ts';
import { applyHealth, applyLoads, carryHandedOut, fadeHandedOut, type Serving } from './serving.ts';
import { watchSharedGarbage } from './shared-garbage.ts';
import { readVerdicts, VerdictKeeper } from './verdict-keeper.ts';

export type ControlOptions = {
  readonly stateDirectory: string;
  readonly heartbeatMs: number;
  /** How many count on the state at once. */
  readonly answerThreads: number;
  readonly geo: { readonly directory: string; readonly bundled: boolean; readonly reloadIntervalMs: number };
};
export type ControlDependencies = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly resolveLocation: LocationResolver;
  readonly logger: Logger;
};

type ServingListener = (serving: Serving) => void | Promise<void>;
type ConfigurationListener = (configuration: Configuration) => void;

const LOAD_TICK_MS = 1000;

export class Control {
  readonly health: HealthView;
  readonly load: LoadView;
  readonly follower: ConfigurationFollower;
  readonly #options: ControlOptions;
  readonly #dependencies: ControlDependencies;
  readonly #keeper: VerdictKeeper;
  readonly #compiler = new Compiler();
  readonly #garbage = watchSharedGarbage();
  readonly #servingListeners: ServingListener[] = [];
  readonly #configurationListeners: ConfigurationListener[] = [];
  #serving: Serving | undefined;
  /** What `#serving` was compiled from. */
  #stated: StatedConfiguration | undefined;
  readonly #readRevision: RevisionReader;
  #isHandedOn = false;
  /** Ends with the swap that was begun last: revisions and databases come one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #opening: Promise<OpenedPlaceMap> | undefined;
  #database: OpenedPlaceMap | undefined;
  #watch: { close(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: ControlOptions, dependencies: ControlDependencies) {
    const { configuration, health, logger } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#keeper = new VerdictKeeper(options.stateDirectory, logger);
    this.#readRevision = openRevisionReader(dependencies.resolveLocation);
    this.health = new HealthView(options, { health, logger, onChange: () => this.#healthChanged() });
    this.load = new LoadView({ health, logger, onReports: (subjects) => this.#applyLoads(new Set(subjects)) });
    this.follower = new ConfigurationFollower(
      { directory: options.stateDirectory },
      { store: configuration, logger, offer: (revision) => this.#offer(revision) },
    );
  }

  get serving(): Serving | undefined {
    return this.#serving;
  }

  /** True once whoever answers has taken the first snapshot, and listens. */
  get isHandedOn(): boolean {
    return this.#isHandedOn;
  }

  get database(): OpenedPlaceMap | undefined {
    return this.#database;
  }

  /** Called with every snapshot that is to be served; a promise holds up the swap until whoever answers has taken it. */
  onServing(listener: ServingListener): void {
    this.#servingListeners.push(listener);
  }

  /** Called with every configuration that came into force. */
  onConfiguration(listener: ConfigurationListener): void {
    this.#configurationListeners.push(listener);
  }

  /** Begins with what takes longest, the map of clients; `start` waits for it. */
  open(): void {
    const { geo, stateDirectory } = this.#options;
    const onProgress = (message: string) => this.#dependencies.logger.info(message);
    this.#compiler.open();
    this.#opening ??= openPlaceMap({ ...geo, stateDirectory, onProgress });
  }

  /** Resolves when the map of clients is there and what was on disk, if anything, is served. */
  async start(): Promise<void> {
    const { geo, stateDirectory } = this.#options;
    const { logger } = this.#dependencies;
    this.open();
    const [opened, verdicts] = await Promise.all([this.#opening, readVerdicts(stateDirectory, logger)]);
    if (opened === undefined || this.#stopped) return;
    for (const warning of opened.warnings) logger.warn(warning);
    this.#database = opened;
    this.#setPlaceMap(opened);
    this.health.restoreVerdicts(verdicts);
    this.health.start();
    this.load.start();
    await this.follower.start();
    if (this.#stopped) return;
    this.#watch = watchDatabases(
      { ...geo, stateDirectory, fingerprint: opened.fingerprint },
      (changed) => void this.#databaseChanged(changed),
      (message) => logger.error(message),
    );
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (this.#serving !== undefined) fadeHandedOut(this.#serving, (now - before) / 1000);
      before = now;
      this.#applyLoads(new Set());
    }, LOAD_TICK_MS);
  }

  /** Whoever takes the snapshots must still take them, or have closed, until this resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#watch?.close();
    this.load.stop();
    this.health.stop();
    await Promise.all([this.follower.stop(), this.#compiler.close()]);
    await this.#turn;
    await this.#keeper.flush(this.health.verdicts);
  }

  /** A revision is served only if all of it is right: it parses, compiles, and answers its own canaries. */
  #offer(revision: Revision): Promise<Acceptance> {
    return this.#inTurn(async () => {
      const stated = this.#readRevision(revision);
      if (!stated.ok) return { accepted: false, reasons: stated.problems.map(formatProblem) };
      const before = this.#serving?.configuration;
      const reasons = await this.#serve(revision, stated.value, this.#database);
      if (reasons.length > 0) return { accepted: false, reasons };
      const { configuration } = stated.value;
      if (configuration !== before) for (const listener of this.#configurationListeners) listener(configuration);
      return { accepted: true };
    });
  }

  /** Compiles for the map of clients that the compiler was given, tries, and swaps; returns what is against it. */
  async #serve(
    revision: Revision,
    stated: StatedConfiguration,
    database: OpenedPlaceMap | undefined,
  ): Promise<readonly string[]> {
    const { configuration } = stated;
    const outcome = await this.#compiler.compile(stated, revision.objects, revision.manifest.id.number);
    if (!outcome.ok) return outcome.reasons;
    const { snapshot, rankings } = outcome.compiled;
    // Checked here, not only when the work began: a newer one may have come in between.
    const served = this.#serving?.revision.manifest.id;
    if (served !== undefined && compareRevisionIds(revision.manifest.id, served) < 0) {
      return [`${formatRevisionId(served)} is served already`];
    }
    const next: Serving = {
      revision,
      configuration,
      snapshot,
      rankings,
      state: createState(snapshot, this.#options.answerThreads),
    };
    const before = this.#serving;
    if (before !== undefined) carryHandedOut(before, next);
    this.#serving = next;
    this.#stated = stated;
    this.#database = database;
    // Where only records changed, everybody is as healthy as before; yet the state is a new one.
    if (before?.configuration === configuration) this.#healthChanged();
    else this.health.setConfiguration(configuration);
    this.#applyLoads(new Set());
    for (const listener of this.#servingListeners) await listener(next);
    this.#isHandedOn = true;
    this.#garbage.note(snapshot);
    return [];
  }

  async #databaseChanged(opened: OpenedPlaceMap): Promise<void> {
    const { logger } = this.#dependencies;
    const name = opened.database?.name;
    try {
      const reasons = await this.#inTurn(() => this.#changeDatabase(opened));
      if (reasons.length === 0) logger.info({ database: name }, 'GeoIP database in force');
      else logger.error({ database: name, reasons }, 'nothing compiles with this GeoIP database: the one before stays');
    } catch (error) {
      logger.error({ err: error, database: name }, 'this GeoIP database could not be taken');
    }
  }

  /** The map of clients changes together with the snapshot that was compiled for it, or not at all. */
  async #changeDatabase(opened: OpenedPlaceMap): Promise<readonly string[]> {
    const [serving, stated, before] = [this.#serving, this.#stated, this.#database];
    this.#setPlaceMap(opened);
    if (serving === undefined || stated === undefined) {
      this.#database = opened;
      return [];
    }
    const reasons = await this.#serve(serving.revision, stated, opened);
    if (reasons.length > 0 && before !== undefined) this.#setPlaceMap(before);
    return reasons;
  }

  #setPlaceMap({ placeMap, fingerprint }: OpenedPlaceMap): void {
    const cacheDirectory = join(this.#options.stateDirectory, 'cache');
    this.#compiler.setPlaceMap(placeMap, fingerprint === '' ? undefined : { fingerprint, cacheDirectory });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #healthChanged(): void {
    const { judgement, verdicts } = this.health;
    if (this.#serving === undefined || judgement === undefined) return;
    applyHealth(this.#serving, judgement, verdicts);
    this.#keeper.keep(verdicts);
  }

  #applyLoads(renewed: ReadonlySet<string>): void {
    if (this.#serving !== undefined) applyLoads(this.#serving, this.load.freshReports(), renewed);
  }
}
