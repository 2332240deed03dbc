// The control side of a node: what is to be served, kept up to date. Brings together the configuration (followed), the map
// of clients (from the GeoIP database), health and load, compiles snapshots and hands them on whole. Whatever becomes slow
// or goes away here, what has been handed on goes on being answered.

import { join } from 'node:path';
import type { Logger } from 'pino';
import { type FoundPlaceMap, findPlaceMap, openPlaceMap } from '../databases/open-place-map.ts';
import { describeDatabaseFiles, watchDatabases } from '../databases/watch-databases.ts';
import type { ZoneKeys } from '../dnssec/zone-keys.ts';
import type { PlaceMap } from '../geo/place-map.ts';
import { imageBytes, shapeOf } from '../geo/place-map-image.ts';
import type { KeySecret } from '../keys/seal-key.ts';
import type { Configuration } from '../model/configuration.ts';
import { formatProblem } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import { createSignatureCounts } from '../snapshot/sign-zone.ts';
import { createState } from '../snapshot/state.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import { openRevisionDisk } from '../store/persisted-revision.ts';
import type { StoreServer } from '../store/store-server.ts';
import { Compiler } from './compiler.ts';
import { type Acceptance, ConfigurationFollower } from './configuration-follower.ts';
import { HealthView } from './health-view.ts';
import { LoadView } from './load-view.ts';
import { type KeyReader, openKeyReader } from './read-keys.ts';
import {
  type LocationResolver,
  openRevisionReader,
  type RevisionReader,
  type StatedConfiguration,
} from './read-revision.ts';
import { refuseOlder } from './refuse-older.ts';
import { applyHealth, applyLoads, carryHandedOut, fadeHandedOut, type Serving } from './serving.ts';
import { watchSharedGarbage } from './shared-garbage.ts';
import { SignatureWatch } from './signature-watch.ts';
import type { ThreadStarter } from './thread-starter.ts';
import { readVerdicts, VerdictKeeper } from './verdict-keeper.ts';

export type ControlOptions = {
  readonly stateDirectory: string;
  readonly heartbeatMs: number;
  /** How many count on the state at once. */
  readonly answerThreads: number;
  /** What keys are encrypted with; undefined: no zone can be signed here. */
  readonly keySecret?: KeySecret | undefined;
  /** Whether the map of clients stays in memory, so that it can be said where a client is. */
  readonly isExplaining: boolean;
  readonly geo: { readonly directory: string; readonly bundled: boolean; readonly reloadIntervalMs: number };
};
export type ControlDependencies = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly servers?: readonly StoreServer[];
  readonly resolveLocation: LocationResolver;
  readonly logger: Logger;
  /** Default: the compile thread is started when it is needed. */
  readonly starter?: ThreadStarter;
};

type SignedConfiguration = StatedConfiguration & { readonly keys: ReadonlyMap<string, ZoneKeys> };

type ServingListener = (serving: Serving) => void | Promise<void>;
type ConfigurationListener = (configuration: Configuration) => void;

const LOAD_TICK_MS = 1000;

export class Control {
  readonly health: HealthView;
  readonly load: LoadView;
  readonly follower: ConfigurationFollower;
  /** Of zones, by where they came from, since the start. */
  readonly signatures = createSignatureCounts();
  readonly #options: ControlOptions;
  readonly #dependencies: ControlDependencies;
  readonly #keeper: VerdictKeeper;
  readonly #compiler: Compiler;
  readonly #garbage = watchSharedGarbage();
  readonly #servingListeners: ServingListener[] = [];
  readonly #configurationListeners: ConfigurationListener[] = [];
  #serving: Serving | undefined;
  /** What `#serving` was compiled from. */
  #stated: SignedConfiguration | undefined;
  readonly #readRevision: RevisionReader;
  readonly #readKeys: KeyReader;
  readonly #signatures: SignatureWatch;
  #isHandedOn = false;
  /** By which the verdicts that were given to be kept are told apart. */
  #keptTurns = 0;
  /** Ends with the swap that was begun last: revisions and databases come one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #opening: Promise<FoundPlaceMap> | undefined;
  /** The geo directory as it was before that. */
  #files = '';
  #database: FoundPlaceMap | undefined;
  #watch: { close(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #stopping = new AbortController();

  constructor(options: ControlOptions, dependencies: ControlDependencies) {
    const { configuration, health, logger, starter } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#keeper = new VerdictKeeper(options.stateDirectory, logger);
    this.#compiler = new Compiler({
      stateDirectory: options.stateDirectory,
      ...(starter && { spawn: () => starter.take('compile') }),
      onWarning: (message) => logger.warn(message),
      reopenMap: () => this.#reopenMap(),
    });
    this.#readRevision = openRevisionReader(dependencies.resolveLocation);
    this.#readKeys = openKeyReader(options.keySecret);
    this.#signatures = new SignatureWatch(() => this.#signAnew(), logger);
    this.health = new HealthView(options, { health, logger, onChange: () => this.#healthChanged() });
    this.load = new LoadView({ health, logger, onReports: (subjects) => this.#applyLoads(new Set(subjects)) });
    const disk = openRevisionDisk(options.stateDirectory);
    const offer = (revision: Revision) => this.#offer(revision);
    this.follower = new ConfigurationFollower({ store: configuration, disk, logger, offer });
  }

  get serving(): Serving | undefined {
    return this.#serving;
  }

  /** True once whoever answers has taken the first snapshot, and listens. */
  get isHandedOn(): boolean {
    return this.#isHandedOn;
  }

  /** Of the store. */
  get servers(): readonly StoreServer[] {
    return this.#dependencies.servers ?? [];
  }

  get database(): FoundPlaceMap | undefined {
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
    this.#compiler.open();
    if (this.#opening !== undefined) return;
    this.#files = describeDatabaseFiles(this.#options.geo.directory);
    this.#opening = (this.#options.isExplaining ? openPlaceMap : findPlaceMap)(this.#mapOptions());
  }

  /** Resolves when the map of clients is there and what was on disk, if anything, is served. */
  async start(): Promise<void> {
    const { stateDirectory, isExplaining } = this.#options;
    const { logger } = this.#dependencies;
    this.open();
    const [opened, verdicts] = await Promise.all([this.#opening, readVerdicts(stateDirectory, logger)]);
    if (opened === undefined || this.#stopping.signal.aborted) return;
    for (const warning of opened.warnings) logger.warn(warning);
    this.#database = this.#setPlaceMap(opened);
    this.health.restoreVerdicts(verdicts);
    this.health.start();
    this.load.start();
    await this.follower.start();
    if (this.#stopping.signal.aborted) return;
    this.#watch = watchDatabases(
      { ...this.#mapOptions(), fingerprint: opened.fingerprint, files: this.#files, isMapRead: isExplaining },
      (changed) => void this.#databaseChanged(changed),
      (message) => logger.error(message),
    );
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (this.#serving !== undefined) fadeHandedOut(this.#serving, (now - before) / 1000);
      before = now;
      this.#applyLoads(new Set());
      this.#applyStaleness();
    }, LOAD_TICK_MS);
  }

  /** Whoever takes the snapshots must still take them, or have closed, until this resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    this.#signatures.stop();
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
      const keys = this.#readKeys(revision, stated.value.configuration.zones);
      if (!keys.ok) return { accepted: false, reasons: keys.problems.map(formatProblem) };
      const before = this.#serving?.configuration;
      const reasons = await this.#serve(revision, { ...stated.value, keys: keys.value }, this.#database);
      if (reasons.length > 0) return { accepted: false, reasons };
      const { configuration } = stated.value;
      if (configuration !== before) for (const listener of this.#configurationListeners) listener(configuration);
      return { accepted: true };
    });
  }

  /** Compiles for the map of clients that the compiler was given, tries, and swaps; returns what is against it. */
  async #serve(
    revision: Revision,
    stated: SignedConfiguration,
    database: FoundPlaceMap | undefined,
  ): Promise<readonly string[]> {
    const { configuration, keys } = stated;
    const outcome = await this.#compiler.compile(stated, revision.objects, revision.manifest.id.number, keys);
    if (!outcome.ok) return outcome.reasons;
    const { compiled, newBytes, signatures } = outcome;
    this.signatures.made += signatures.made;
    this.signatures.kept += signatures.kept;
    this.signatures.listed += signatures.listed;
    const { snapshot, rankings } = compiled;
    const older = refuseOlder(revision.manifest.id, this.#serving?.revision.manifest.id);
    if (older !== undefined) return [older];
    const next: Serving = {
      revision,
      configuration,
      snapshot,
      rankings,
      state: createState(snapshot, this.#options.answerThreads),
      newBytes,
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
    this.#garbage.note(newBytes);
    this.#signatures.watch(snapshot);
    return [];
  }

  /** The same configuration once more, with new signatures where these are due. Rejects when that cannot be done. */
  async #signAnew(): Promise<void> {
    const reasons = await this.#inTurn(async () => {
      if (this.#serving === undefined || this.#stated === undefined || this.#stopping.signal.aborted) return [];
      return this.#serve(this.#serving.revision, this.#stated, this.#database);
    });
    if (reasons.length > 0) throw new Error(reasons.join(' '));
  }

  async #databaseChanged(opened: FoundPlaceMap): Promise<void> {
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
  async #changeDatabase(opened: FoundPlaceMap): Promise<readonly string[]> {
    const [serving, stated, before] = [this.#serving, this.#stated, this.#database];
    const database = this.#setPlaceMap(opened);
    if (serving === undefined || stated === undefined) {
      this.#database = database;
      return [];
    }
    const reasons = await this.#serve(serving.revision, stated, database);
    if (reasons.length > 0 && before !== undefined) this.#setPlaceMap(before);
    return reasons;
  }

  /** What is to be remembered of it here. */
  #setPlaceMap(found: FoundPlaceMap): FoundPlaceMap {
    const { placeMap, fingerprint } = found;
    const cacheDirectory = join(this.#options.stateDirectory, 'cache');
    this.#compiler.setPlaceMap(placeMap, fingerprint === '' ? undefined : { fingerprint, cacheDirectory });
    if (placeMap !== undefined) this.#garbage.note(imageBytes(shapeOf(placeMap)));
    return this.#options.isExplaining || fingerprint === '' ? found : { ...found, placeMap: undefined };
  }

  #mapOptions() {
    const { geo, stateDirectory } = this.#options;
    const onProgress = (message: string): void => this.#dependencies.logger.info(message);
    return { ...geo, stateDirectory, onProgress, signal: this.#stopping.signal };
  }

  /** The map that was in the cache is gone. One of other content will be noticed as any new database is. */
  async #reopenMap(): Promise<PlaceMap | undefined> {
    const { placeMap, fingerprint } = await openPlaceMap({
      ...this.#mapOptions(),
      isYielding: this.#serving !== undefined,
    });
    return fingerprint === this.#database?.fingerprint ? placeMap : undefined;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #healthChanged(): void {
    const { judgement, verdicts, turnCount } = this.health;
    if (this.#serving === undefined || judgement === undefined) return;
    applyHealth(this.#serving, judgement, verdicts);
    this.#applyStaleness();
    if (this.#keptTurns !== turnCount) this.#keeper.keep(verdicts);
    this.#keptTurns = turnCount;
  }

  #applyStaleness(): void {
    if (this.#serving !== undefined) this.#serving.state.staleness[0] = this.health.isStale ? 1 : 0;
  }

  #applyLoads(renewed: ReadonlySet<string>): void {
    if (this.#serving !== undefined) applyLoads(this.#serving, this.load.freshReports(), renewed);
  }
}
