// The composition root: opens the store, starts the roles that a process has, in the order in which they need each other,
// and stops them in the reverse one. `azimuth up` is all roles in one process; `dns`, `probe` and `api` are one each.

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { readRegionTable } from '../databases/region-table.ts';
import { findRegionLocation } from '../geo/region-locations.ts';
import type { Configuration } from '../model/configuration.ts';
import type { ListenAddress } from '../model/listen-address.ts';
import type { Settings } from '../model/settings.ts';
import { openRevisionDisk } from '../store/persisted-revision.ts';
import { describeCause } from '../store/store-error.ts';
import { createMetrics, type Metrics } from '../telemetry/create-metrics.ts';
import { startTelemetryServer } from '../telemetry/telemetry-server.ts';
import { type ChosenTransport, chooseTransport } from '../transport/udp.ts';
import { AnswerThreads } from './answer-threads.ts';
import type { ApiRole, InitialConfiguration } from './api-role.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { claimDirectory } from './claim-directory.ts';
import { conductOf } from './conduct.ts';
import { ConfigurationFollower } from './configuration-follower.ts';
import { Control, type ControlDependencies, type ControlOptions } from './control.ts';
import { keepCookieSecrets } from './cookie-keeper.ts';
import { CounterTotals } from './counter-totals.ts';
import type { DemoRole } from './demo-role.ts';
import { createHintPublisher } from './hint-publisher.ts';
import { openKeySecret } from './key-secret.ts';
import { addAdmissionMetrics, addAnswerMetrics, addCertificateMetrics, addControlMetrics } from './node-metrics.ts';
import type { BoundAddress } from './open-listeners.ts';
import { openStore, type Store } from './open-store.ts';
import type { ProbeRole } from './probe-role.ts';
import { openPulledHealth } from './pulled-health.ts';
import { type LocationResolver, openRevisionReader } from './read-revision.ts';
import { readinessOf, readinessOfWorker } from './readiness.ts';
import { type Replication, startReplication } from './replication.ts';
import { addStoreMetrics, logStoreServers } from './store-servers.ts';
import { countThreads, ThreadStarter } from './thread-starter.ts';

export type Role = 'dns' | 'probe' | 'api';

export type NodeOptions = {
  readonly settings: Settings;
  readonly roles: ReadonlySet<Role>;
  readonly version: string;
  /** What an empty store gets as its first revision. */
  readonly initial?: InitialConfiguration;
  /** With threads that were begun already, for a node that is to be there soon. */
  readonly starter?: ThreadStarter;
};

export type RunningNode = {
  /** Undefined without the dns or api role. */
  readonly control: Control | undefined;
  /** With the dns role: resolves when the first configuration is answered from, rejects when no address can be bound. */
  readonly listening: Promise<void>;
  readonly dnsAddresses: readonly BoundAddress[];
  /** With the dns role. */
  readonly answering: { readonly threads: number; readonly transport: ChosenTransport } | undefined;
  readonly api: ApiRole | undefined;
  readonly telemetry: ListenAddress | undefined;
  /** Answers what was received, then closes everything. */
  close(): Promise<void>;
};

/** How long a node that has started waits for its first configuration before it says that it is still waiting. */
const WAITING_NOTICE_MS = 5000;

/** Rejects, with everything closed again, when something that was asked for cannot be had (an address, the store's file). */
export async function runNode(options: NodeOptions, logger: Logger): Promise<RunningNode> {
  const closers: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll(closers);
    return closing;
  };
  try {
    return await startNode(options, logger, closers, close);
  } catch (error) {
    // What could not start is what must be told, whatever then happens at closing.
    await close().catch((err) => logger.error({ err }, 'closing failed'));
    throw error;
  }
}

/** In the reverse of the order in which they were opened; one that fails keeps none of the others open. */
async function closeAll(closers: readonly (() => Promise<void> | void)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const closer of closers.toReversed()) {
    try {
      await closer();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map(describeCause).join('; '));
}

async function startNode(
  { settings, roles, version, initial, starter = new ThreadStarter() }: NodeOptions,
  logger: Logger,
  closers: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<RunningNode> {
  const metrics = createMetrics();
  const store = openStore(settings, `azimuth-${[...roles].join('-')}-${randomUUID().slice(0, 8)}`);
  closers.push(() => store.close());
  logStoreServers(store.servers, logger);
  if (roles.size === 1 && settings.store.driver === 'embedded') {
    logger.warn('the store is the embedded one, which no other process sees: name a Redis in store (AZIMUTH_STORE)');
  }
  addStoreMetrics(metrics, store.servers);
  if (settings.store.driver !== 'embedded') closers.push(claimStateDirectory(settings, logger));
  const resolveLocation = createLocationResolver();
  const configurationListeners: ((configuration: Configuration) => void)[] = [];

  // Before the worker that checks its backends, and so closed after it: no endpoint is called down because we end.
  const demo = roles.size > 1 ? await openDemoRole(settings, resolveLocation, logger) : undefined;
  closers.push(() => demo?.close());

  let probe: ProbeRole | undefined;
  if (roles.has('probe')) {
    const { openProbeRole } = await import('./probe-role.ts');
    probe = await openProbeRole(settings, { health: store.health, logger, metrics });
    const { close: closeProbe } = probe;
    closers.push(() => closeProbe());
    configurationListeners.push(probe.setConfiguration);
  }

  let control: Control | undefined;
  const answerThreads = countThreads(settings.dns.threads);
  let transport: ChosenTransport | undefined;
  let threads: AnswerThreads | undefined;
  let replication: Replication | undefined;
  let api: ApiRole | undefined;
  let follower: ConfigurationFollower;
  let listening: Promise<void> = Promise.resolve();
  if (roles.has('dns') || roles.has('api')) {
    // Before anything large is made: the addon that reads UDP also sees to it that memory is given back.
    if (roles.has('dns')) transport = chooseTransport(settings.dns.transport);
    if (transport?.transport === 'dgram') {
      const { reason } = transport;
      logger.info({ reason }, "UDP is read with Node's own socket, which costs more of the processor");
    }
    const options = {
      answerThreads,
      isExplaining: roles.has('api'),
      keySecret: await openKeySecret(settings, store.configuration),
    };
    const pulled = openPulledHealth(settings, store.health, metrics, logger);
    closers.push(() => pulled.close());
    const parts = { resolveLocation, logger, starter };
    control = createControl(settings, options, { ...store, health: pulled.health }, parts);
    control.open();
    closers.push(async () => {
      // Answering ends last of all that clients see; what it answers from may stop changing before.
      await threads?.close();
      await control?.stop();
    });
    follower = control.follower;
    addControlMetrics(metrics, control);
    for (const listener of configurationListeners) control.onConfiguration(listener);
    if (demo !== undefined) control.onConfiguration((configuration) => demo.setConfiguration(configuration));
    if (transport !== undefined) {
      const totals = new CounterTotals();
      addAnswerMetrics(metrics, totals, () => threads?.readOpenConnections() ?? []);
      const cookies = keepCookieSecrets(settings.dns.cookies, logger);
      closers.push(() => cookies.close());
      const conduct = conductOf(settings.dns, cookies.secrets);
      threads = new AnswerThreads(
        { ...settings.dns, conduct, transport: transport.transport, threads: answerThreads },
        {
          ...{ logger, totals, spawn: () => starter.take('answer') },
          onHint: createHintPublisher(store.hints, logger),
        },
      );
      const copies = startReplication(settings.dns.tsig.keyFile, { logger, metrics, threads });
      replication = copies;
      closers.push(() => copies.close());
      serveCertificate(settings, threads, metrics, logger, closers);
      await threads.open();
    }
    if (roles.has('api')) {
      // Half of all code is the API's: a node that only answers starts without it.
      const { startApiRole } = await import('./api-role.ts');
      api = await startApiRole({ settings, version, initial }, { store, control, resolveLocation, metrics, logger });
      closers.push(() => api?.close());
    }
    if (threads !== undefined) listening = serveWith(threads, control, replication);
    // Whoever runs the node looks at it, but not before everything else has started.
    listening.catch(() => undefined);
  } else {
    follower = createPlainFollower(settings, store, resolveLocation, configurationListeners, logger);
    closers.push(() => follower.stop());
  }

  // Where one process checks and judges, both refuse the same messages: they are counted once.
  const admission = control?.health.admission ?? probe?.admission;
  if (admission !== undefined) addAdmissionMetrics(metrics, admission);

  let telemetry: ListenAddress | undefined;
  if (!roles.has('api')) {
    const isReady = () => (control === undefined ? readinessOfWorker(follower) : readinessOf(control));
    const server = await startTelemetryServer({ listen: settings.telemetry.listen, metrics, isReady });
    telemetry = server.address;
    closers.push(() => server.close());
  }
  await (control ?? follower).start();
  if (threads !== undefined) closers.push(noticeWaiting(follower, logger));
  return {
    control,
    listening,
    answering: transport && { threads: answerThreads, transport },
    get dnsAddresses() {
      return threads?.addresses ?? [];
    },
    api,
    telemetry,
    close,
  };
}

/** The embedded store refuses to share its own file; elsewhere it is said. Returns how to end the claim. */
function claimStateDirectory({ stateDirectory }: Settings, logger: Logger): () => void {
  const claim = claimDirectory(stateDirectory);
  const advice = 'another process uses this state directory: give each its own (AZIMUTH_STATE_DIRECTORY)';
  if (claim.isShared) logger.warn({ stateDirectory }, advice);
  return claim.release;
}

/** Loaded only where it is wanted. */
async function openDemoRole(
  { demo, stateDirectory }: Settings,
  resolveLocation: LocationResolver,
  logger: Logger,
): Promise<DemoRole | undefined> {
  if (!demo.enabled) return undefined;
  const loaded = await import('./demo-role.ts');
  return new loaded.DemoRole({ stateDirectory, configurationFile: demo.configuration, resolveLocation }, logger);
}

/** @throws Error with advice where TLS is asked for and its certificate cannot be served. */
function serveCertificate(
  { dns: { tls, https } }: Settings,
  threads: AnswerThreads,
  metrics: Metrics,
  logger: Logger,
  closers: (() => void)[],
): void {
  if (tls.listen.length + https.listen.length === 0) return;
  const watch = new CertificateWatch(tls, logger, (certificate) => threads.setCertificate(certificate));
  closers.push(() => watch.close());
  threads.setCertificate(watch.certificate);
  addCertificateMetrics(metrics, watch);
}

function createControl(
  settings: Settings,
  options: Pick<ControlOptions, 'answerThreads' | 'isExplaining' | 'keySecret'>,
  store: Store,
  parts: Pick<ControlDependencies, 'resolveLocation' | 'logger' | 'starter'>,
): Control {
  const { stateDirectory, geo, probe } = settings;
  return new Control(
    { stateDirectory, geo, heartbeatMs: probe.heartbeatMs, ...options },
    { configuration: store.configuration, health: store.health, servers: store.servers, ...parts },
  );
}

/** Hands every snapshot to the answer threads. Resolves when the first is answered from; rejects when nothing can be bound. */
function serveWith(threads: AnswerThreads, control: Control, replication: Replication | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    control.onServing(async (serving) => {
      try {
        await threads.serve(serving);
        replication?.note(serving);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Everything else has started by now: what is missing is a configuration. Returns how to end the wait. */
function noticeWaiting(follower: ConfigurationFollower, logger: Logger): () => void {
  const timer = setTimeout(() => {
    if (follower.current !== undefined) return;
    logger.warn('no configuration yet, neither on disk nor in the store: listening begins with the first one');
  }, WAITING_NOTICE_MS);
  return () => clearTimeout(timer);
}

/** A worker needs the configuration, and nothing of what answering needs. */
function createPlainFollower(
  settings: Settings,
  store: Store,
  resolveLocation: LocationResolver,
  listeners: readonly ((configuration: Configuration) => void)[],
  logger: Logger,
): ConfigurationFollower {
  const readRevision = openRevisionReader(resolveLocation);
  return new ConfigurationFollower({
    store: store.configuration,
    disk: openRevisionDisk(settings.stateDirectory),
    logger,
    offer: async (revision) => {
      const stated = readRevision(revision);
      if (!stated.ok) {
        return { accepted: false, reasons: stated.problems.map(({ path, message }) => `${path}: ${message}`) };
      }
      for (const listener of listeners) listener(stated.value.configuration);
      return { accepted: true };
    },
  });
}

function createLocationResolver(): LocationResolver {
  const table = readRegionTable();
  return (reference) => {
    const found = findRegionLocation(table, reference);
    return found.ok ? { latitude: found.value.latitude, longitude: found.value.longitude } : undefined;
  };
}
