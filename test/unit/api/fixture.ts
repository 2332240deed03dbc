// A whole API without a network: the real writer over the real embedded store in a directory of its own, and a view of
// what is served that is worked out from the configuration alone.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { IsSchema } from 'typebox';
import type { Explanation } from '../../../src/answer/explanation.ts';
import type { ApiServer } from '../../../src/api/api-context.ts';
import { type ApiOptions, buildServer } from '../../../src/api/build-server.ts';
import type { ClusterView, CopyDesk, KeyDesk, LoadReports } from '../../../src/api/ports.ts';
import { createToken, type Scope, type TokenRecord } from '../../../src/api/token.ts';
import { judgeClusters } from '../../../src/health/cluster-health.ts';
import { restoreVerdict } from '../../../src/health/verdict.ts';
import { checkShape, compileShape } from '../../../src/model/check-shape.ts';
import type { LoadReport } from '../../../src/model/load-report.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import {
  openConfigurationWriter,
  type RunningWriter,
  type WriterDependencies,
  type WriterOptions,
} from '../../../src/roles/configuration-writer.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { createMetrics } from '../../../src/telemetry/create-metrics.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 12);

export const DOCUMENT = {
  zones: [
    {
      name: 'gtm.example.com',
      ns: ['ns1.gtm.example.com'],
      records: [
        { name: 'ns1', type: 'A', data: ['192.0.2.53'] },
        { name: '@', type: 'MX', data: ['10 mail.example.net.'] },
      ],
    },
  ],
  regions: [
    { id: 'eu-west', location: { latitude: 53.35, longitude: -6.26 } },
    { id: 'us-east', location: { latitude: 38.9, longitude: -77.4 } },
  ],
  vantages: [{ id: 'fra' }],
  monitors: [{ id: 'web', type: 'tcp', port: 443 }],
  clusters: [
    { id: 'web-eu', region: 'eu-west', monitor: 'web', endpoints: [{ id: 'a', address: '203.0.113.10' }] },
    { id: 'web-us', region: 'us-east', monitor: 'web', endpoints: [{ id: 'a', address: '203.0.113.20' }] },
  ],
  services: [{ name: 'www', zone: 'gtm.example.com', clusters: ['web-eu', 'web-us'] }],
};

const PARSE = { resolveLocation: () => undefined };

const EXPLANATION: Explanation = {
  question: { name: 'www.gtm.example.com.', type: 'A' },
  client: { address: '81.2.69.0', prefixLength: 24, from: 'subnet', country: 'GB', latitude: 51.5, longitude: -0.1 },
  zone: 'gtm.example.com',
  service: 'www.gtm.example.com',
  preference: [{ cluster: 'web-eu', region: 'eu-west', tier: 0, distanceKm: 464 }],
  considered: ['web-us', 'web-eu'],
  steps: [{ step: 'choose', text: 'web-eu/a is chosen.' }],
  answer: {
    rcode: 'NOERROR',
    records: [{ name: 'www.gtm.example.com.', type: 'A', ttl: 30, data: '203.0.113.10' }],
    scope: 24,
    reason: 'preferred',
  },
};

export type Fixture = {
  readonly server: ApiServer;
  readonly writer: RunningWriter;
  readonly store: OpenStore;
  readonly directory: string;
  readonly reports: LoadReport[];
  /** Bearer tokens by scope; `expired` was one of scope admin. */
  readonly tokens: Readonly<Record<Scope | 'expired', string>>;
  /** Makes a request with the admin's token unless `headers` say otherwise. */
  send(method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', url: string, more?: Sent): Promise<LightMyRequestResponse>;
};

export type Sent = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

/** What a driver of the store opens. */
export type OpenStore = Pick<EmbeddedStore, 'configuration' | 'close'>;

export type FixtureOptions = Partial<ApiOptions> & {
  readonly view?: Partial<ClusterView>;
  /** Default: an embedded one in the fixture's directory. */
  readonly store?: OpenStore;
  /** Puts itself between the API and the real writer. */
  readonly writer?: (writer: RunningWriter) => RunningWriter;
  /** Default: nothing that could keep keys. */
  readonly copies?: CopyDesk;
  readonly keys?: (writer: RunningWriter, context: Ending) => KeyDesk;
};

const NO_COPIES: CopyDesk = { state: () => undefined, fetch: async () => undefined };

const NO_KEYS: KeyDesk = {
  canKeep: false,
  digest: () => new Uint8Array(),
  state: () => undefined,
  look: async () => undefined,
  take: () => 'no secret',
  reseal: () => 'no secret',
};

/** A test, or a suite: something at whose end things can be closed. */
export type Ending = { after(close: () => Promise<void>): void };

/** One fixture for all tests of a suite: hooks of a suite cannot be added from within another hook. */
export function shareFixture(options: FixtureOptions = {}): () => Fixture {
  const closers: (() => Promise<void>)[] = [];
  let fixture: Fixture | undefined;
  before(async () => {
    fixture = await openFixture({ after: (close) => closers.unshift(close) }, options);
  });
  after(async () => {
    for (const close of closers) await close();
  });
  return () => {
    if (fixture === undefined) throw new Error('the fixture is there once the tests run');
    return fixture;
  };
}

export const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** Opens a writer over a store; both end with the test. */
export async function openWriter(
  store: Pick<OpenStore, 'configuration'>,
  options: Partial<WriterOptions> & Pick<WriterOptions, 'stateDirectory'>,
  dependencies: Partial<WriterDependencies> = {},
): Promise<RunningWriter> {
  const opened = await openConfigurationWriter(
    { ...PARSE, allowNetworks: [], ...options },
    { store: store.configuration, logger: SILENT, nowMs: () => NOW_MS, ...dependencies },
  );
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  return opened.value;
}

export async function openDirectory(context: Ending): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-api-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function openFixture(context: Ending, options: FixtureOptions = {}): Promise<Fixture> {
  const directory = await openDirectory(context);
  const store = options.store ?? openEmbeddedStore(directory, { nowMs: () => NOW_MS });
  const opened = await openWriter(store, { stateDirectory: directory, initial: DOCUMENT });
  const tokens = await createTokens(opened);
  const writer = options.writer?.(opened) ?? opened;
  const reports: LoadReport[] = [];
  const loads: LoadReports = {
    write: async (report) => {
      reports.push(report);
      return { ...report, sequence: reports.length };
    },
  };
  const view = { ...(await viewOf(writer)), ...options.view };
  const logger = pino({ level: 'silent' });
  const metrics = createMetrics();
  const server = await buildServer(
    { version: '0.0.0', ...options },
    {
      writer,
      view,
      loads,
      keys: options.keys?.(writer, context) ?? NO_KEYS,
      copies: options.copies ?? NO_COPIES,
      metrics,
      logger,
      nowMs: () => NOW_MS,
    },
  );
  holdToSchemas(server);
  await server.ready();
  context.after(async () => {
    await server.close();
    await writer.close();
    await store.close();
  });
  const send: Fixture['send'] = (method, url, { body, headers = {} } = {}) => {
    const request: InjectOptions = { method, url, headers: { authorization: `Bearer ${tokens.admin}`, ...headers } };
    return server.inject(body === undefined ? request : { ...request, payload: toPayload(body) });
  };
  return { server, writer, store, directory, reports, tokens, send };
}

/** What the server sends is held to the schema of its route: a reply that departs from it becomes a failure. */
function holdToSchemas(server: ApiServer): void {
  server.addHook('preSerialization', async (request, reply, payload) => {
    const responses: unknown = request.routeOptions.schema?.response;
    const schema: unknown =
      typeof responses === 'object' && responses !== null && Reflect.get(responses, reply.statusCode);
    if (reply.statusCode >= 400 || !IsSchema(schema)) return payload;
    const checked = checkShape(compileShape(schema), JSON.parse(JSON.stringify(payload)));
    if (!checked.ok) throw new Error(`${request.method} ${request.url}: ${JSON.stringify(checked.problems)}`);
    return payload;
  });
}

function toPayload(body: unknown): string | object {
  if (typeof body === 'string' || (typeof body === 'object' && body !== null)) return body;
  return JSON.stringify(body);
}

async function createTokens(writer: RunningWriter): Promise<Fixture['tokens']> {
  const make = (scope: Scope, more: Partial<TokenRecord> = {}) =>
    createToken({ name: `test-${scope}`, scopes: [scope], createdAtMs: NOW_MS, ...more });
  const made = {
    read: make('read'),
    write: make('write'),
    load: make('load'),
    admin: make('admin'),
    expired: make('admin', { expiresAtMs: NOW_MS }),
  };
  const current = await writer.read();
  const outcome = await writer.commitTokens({
    expected: current?.id ?? null,
    tokens: [...(current?.tokens ?? []), ...Object.values(made).map(({ record }) => record)],
    author: 'test',
    message: 'tokens',
  });
  if (outcome.status !== 'committed') throw new Error(outcome.status);
  const { read, write, load, admin, expired } = made;
  return { read: read.text, write: write.text, load: load.text, admin: admin.text, expired: expired.text };
}

/** Everything up but web-us, of which one vantage says that it is down. */
async function viewOf(writer: RunningWriter): Promise<ClusterView> {
  const current = await writer.read();
  const parsed = parseConfiguration(current?.document, PARSE);
  if (current === undefined || !parsed.ok) throw new Error('the fixture is no configuration');
  const configuration = parsed.value;
  const judgement = judgeClusters(configuration, (target) => (target.startsWith('web-us/') ? 'down' : 'up'), NOW_MS);
  const verdicts = new Map(
    judgement.endpoints
      .flatMap(({ targets }) => targets)
      .map(({ target, verdict: state }) => {
        const vote = state === 'down' ? 'down' : 'up';
        const reason = vote === 'down' ? 'connection refused' : '';
        const votes = [{ vantage: 'fra', worker: 'w1', vote, reason, fresh: true, sinceMs: NOW_MS - 60_000 } as const];
        return [target, { ...restoreVerdict({ target, verdict: state, sinceMs: NOW_MS - 60_000 }), votes }] as const;
      }),
  );
  const state = {
    revision: current.id,
    configuration,
    judgement,
    verdicts,
    vantages: [
      { vantage: 'fra', worker: 'w1', alive: true, lastSeenMs: NOW_MS - 500, publicKey: 'KEY', epochRises: 0 },
      {
        ...{ vantage: 'fra', worker: 'w2', alive: true, epochRises: 3 },
        abstention: { votes: 2, abstained: 2, reasons: ['it lags'] },
      },
    ],
    refused: [{ vantage: 'fra', worker: 'w9', problem: 'unlisted', publicKey: 'OTHER', atMs: NOW_MS - 1000 }] as const,
    aside: new Set<string>(),
    frozenCount: 0,
    isFrozen: false,
    loads: [{ subject: 'web-eu', connections: 10, capacity: 100, ageMs: 1500 }],
    database: { name: 'test', attribution: 'nobody' },
    isNewestRefused: false,
  };
  return {
    current: () => state,
    explain: () => EXPLANATION,
    readiness: () => ({ ready: true, reasons: [] }),
  };
}
