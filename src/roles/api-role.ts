// The api role: the REST API over the one writer of the configuration and this node's own view of health and load.

import { join } from 'node:path';
import type { Logger } from 'pino';
import { buildServer } from '../api/build-server.ts';
import { createUnavailableError } from '../api/ports.ts';
import { createAskParent } from '../keys/ask-parent.ts';
import { formatListenAddress, type ListenAddress } from '../model/listen-address.ts';
import type { Problem } from '../model/problem.ts';
import type { Settings } from '../model/settings.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';
import { checkRecordData } from '../zone/check-record-data.ts';
import { createClusterView } from './cluster-view.ts';
import { openConfigurationWriter, type RunningWriter } from './configuration-writer.ts';
import type { Control } from './control.ts';
import { openKeyDesk } from './key-desk.ts';
import { startKeyKeeper } from './key-keeper.ts';
import { addKeyMetrics } from './key-metrics.ts';
import { openKeySecret } from './key-secret.ts';
import { ensureLocalToken, TOKEN_FILE } from './local-token.ts';
import type { Store } from './open-store.ts';
import { createParentWatch } from './parent-watch.ts';
import type { LocationResolver } from './read-revision.ts';
import { startCopies } from './start-copies.ts';

/** What an empty store gets as its first revision. */
export type InitialConfiguration = {
  readonly document: unknown;
  /** Problems in words, each with its place in the file that the document came from. */
  readonly describe: (problems: readonly Problem[]) => readonly string[];
};

export type ApiRoleOptions = {
  readonly settings: Settings;
  readonly initial: InitialConfiguration | undefined;
  readonly version: string;
};
export type ApiRoleDependencies = {
  readonly store: Store;
  readonly control: Control;
  readonly resolveLocation: LocationResolver;
  readonly metrics: Metrics;
  readonly logger: Logger;
};

export type ApiRole = {
  readonly url: string;
  /** Holds a token with every scope, for whoever may read this machine's state directory. */
  readonly tokenFile: string;
  close(): Promise<void>;
};

const TOKEN_RETRY_MS = 2000;

/** Rejects when the initial configuration is needed and faulty, with every problem; or when the address cannot be had. */
export async function startApiRole(
  { settings, initial, version }: ApiRoleOptions,
  { store, control, resolveLocation, metrics, logger }: ApiRoleDependencies,
): Promise<ApiRole> {
  const { stateDirectory, probe, api } = settings;
  const secret = await openKeySecret(settings, store.configuration);
  const opened = await openConfigurationWriter(
    {
      stateDirectory,
      resolveLocation,
      checkRecordData,
      allowNetworks: probe.allowNetworks,
      canSign: secret !== undefined,
      initial: initial?.document,
    },
    { store: store.configuration, logger, nowMs: Date.now },
  );
  if (!opened.ok) {
    const lines = initial?.describe(opened.problems) ?? opened.problems.map(({ message }) => message);
    throw new Error(`the configuration cannot be used:\n${lines.join('\n')}`);
  }
  const writer = opened.value;
  const tokens = keepLocalToken(stateDirectory, writer, logger);
  const { askParent, parentResolvers, parentIntervalMs } = settings.dnssec;
  const ask = askParent ? createAskParent(parentResolvers) : undefined;
  const parents = createParentWatch(ask, parentIntervalMs, Date.now);
  const copies = startCopies(settings, store, writer, metrics, logger);
  const keeper = startKeyKeeper({ writer, secret, parents, logger, nowMs: Date.now });
  addKeyMetrics(metrics, keeper);
  let server: Awaited<ReturnType<typeof buildServer>> | undefined;
  try {
    server = await buildServer(
      { version },
      {
        writer,
        view: createClusterView(control),
        loads: createLoadReports(store),
        keys: openKeyDesk(keeper, secret),
        copies: copies.keeper,
        metrics,
        logger,
      },
    );
    const { host, port } = await listen(server, api.listen);
    const listening = server;
    return {
      url: `http://${formatListenAddress({ host, port })}`,
      tokenFile: join(stateDirectory, TOKEN_FILE),
      async close() {
        tokens.stop();
        await Promise.all([keeper.stop(), copies.stop()]);
        await listening.close();
        await writer.close();
      },
    };
  } catch (error) {
    tokens.stop();
    await Promise.all([keeper.stop(), copies.stop()]);
    await server?.close();
    await writer.close();
    throw error;
  }
}

type ApiListener = Pick<Awaited<ReturnType<typeof buildServer>>, 'listen' | 'addresses'>;

async function listen(server: ApiListener, { host, port }: ListenAddress): Promise<ListenAddress> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const advice = 'free it, or set api.listen (AZIMUTH_API_LISTEN) to another address';
    throw new Error(`cannot serve the API at ${formatListenAddress({ host, port })} (${why}): ${advice}`, { cause });
  }
  const bound = server.addresses()[0];
  return { host, port: typeof bound === 'object' ? bound.port : port };
}

function createLoadReports(store: Store) {
  return {
    async write(report: Parameters<Store['health']['writeLoadReport']>[0]) {
      try {
        return await store.health.writeLoadReport(report);
      } catch (cause) {
        throw createUnavailableError('The store does not answer: send the next report when it is due.', cause);
      }
    },
  };
}

/** The local token needs a configuration in the store: until there is one, it is tried again. */
function keepLocalToken(stateDirectory: string, writer: RunningWriter, logger: Logger): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const attempt = async () => {
    const token = await ensureLocalToken(stateDirectory, writer, Date.now);
    if (token === undefined && !isStopped) timer = setTimeout(run, TOKEN_RETRY_MS);
  };
  const run = () => void attempt().catch((error) => logger.error({ err: error }, 'the local token could not be kept'));
  run();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
