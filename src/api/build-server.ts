// The API's server, complete but not listening: what is done to every request stands here, in the order in which it
// happens; what each resource does, in the file of its name.
//
//   too busy? → who calls → how often → may they → read the body → check it → the resource → problem or reply

import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastifyUnderPressure from '@fastify/under-pressure';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify';
import { watchSilentConnections } from '../native/silent-connections.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';
import { TELEMETRY_ROUTES } from '../telemetry/telemetry-routes.ts';
import type { ApiServer } from './api-context.ts';
import { refuse } from './api-error.ts';
import { authorize, identify } from './authorize.ts';
import { openChangeDesk } from './change.ts';
import { addCollectionRoutes, COLLECTION_ROUTES } from './collections.ts';
import { addConfigurationRoutes } from './configuration.ts';
import { addDocsRoutes, CONTENT_SECURITY_POLICY } from './docs-page.ts';
import { noteMethods } from './known-methods.ts';
import { addLoadRoutes } from './load.ts';
import { addOpenApiRoute, registerOpenApi } from './openapi.ts';
import { addOverrideRoutes } from './overrides.ts';
import type { ClusterView, ConfigurationWriter, CopyDesk, KeyDesk, LoadReports } from './ports.ts';
import { describeProblem, PROBLEM_TYPE, sendProblem } from './problem-reply.ts';
import { addRecordRoutes } from './records.ts';
import { addResealRoute } from './reseal.ts';
import { addRevisionRoutes } from './revisions.ts';
import { addStatusRoutes } from './status.ts';
import { addTokenRoutes } from './tokens.ts';
import { compileValidator } from './validation.ts';
import { addZoneCopyRoutes } from './zone-copy.ts';
import { addZoneDnssecRoutes } from './zone-dnssec.ts';
import { addZoneFileRoutes } from './zone-file.ts';

export type ApiOptions = {
  /** Of Azimuth, for the OpenAPI document. */
  readonly version: string;
  /** Requests of one token, or of one address without a token, in a minute; default REQUESTS_PER_MINUTE. */
  readonly requestsPerMinute?: number;
};

export type ApiDependencies = {
  readonly writer: ConfigurationWriter;
  readonly view: ClusterView;
  readonly loads: LoadReports;
  readonly keys: KeyDesk;
  readonly copies: CopyDesk;
  readonly metrics: Metrics;
  readonly logger: FastifyBaseLogger;
  /** Wall clock, milliseconds since 1970; default the system's. */
  readonly nowMs?: () => number;
};

/** Of a body, where a route does not allow more: a single item, however long its lists are. */
export const BODY_LIMIT_BYTES = 1 << 20;
export const REQUESTS_PER_MINUTE = 12_000;
/** Callers whose requests are counted at the same time; beyond it the longest idle is forgotten. */
const MAX_COUNTED_CALLERS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Beyond it new connections are closed at once: whoever opens thousands is no client of this API. */
const MAX_CONNECTIONS = 1_000;
/** Longer names cannot be in a URL: 253 characters, each at most three when escaped. */
const MAX_PARAMETER_LENGTH = 1_020;
/**
 * Requests are refused while the event loop was late by so much on average over the last sample. Checking and compiling a
 * large configuration may hold it for a second or two now and then: that alone must not count, so samples are long.
 */
const MAX_EVENT_LOOP_DELAY_MS = 1_000;
const EVENT_LOOP_SAMPLE_MS = 5_000;

/** Makes the server: `listen` and `close` are the caller's, as is the life of the dependencies. */
export async function buildServer(options: ApiOptions, dependencies: ApiDependencies): Promise<ApiServer> {
  const { writer, view, loads, keys, copies, metrics, logger, nowMs = Date.now } = dependencies;
  const plain = createServer(logger);
  const server: ApiServer = plain.withTypeProvider<TypeBoxTypeProvider>();
  server.server.maxConnections = MAX_CONNECTIONS;
  const endSilent = watchSilentConnections(server.server);
  server.addHook('preClose', async () => endSilent());
  server.setValidatorCompiler(compileValidator);
  // Responses are made of our own types: tests hold them to the schemas, and no reply pays for it.
  server.setSerializerCompiler(() => (value) => JSON.stringify(value));
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  // JSON and nothing else: a form of a foreign page can send plain text without asking, and JSON it cannot.
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    server.getDefaultJsonParser('error', 'error'),
  );
  server.decorateRequest('caller');

  const methods = noteMethods(server);
  describeTelemetry(server);
  await registerOpenApi(server, options.version);
  await server.register(fastifyHelmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    strictTransportSecurity: false,
  });
  await server.register(fastifyUnderPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    sampleInterval: EVENT_LOOP_SAMPLE_MS,
    pressureHandler: (request) => {
      // A process that is merely busy must not look dead to whoever would then restart it.
      if (!isPublic(request)) throw refuse('OVERLOADED', 'The event loop is late: other work holds it.');
    },
  });
  server.addHook('onRequest', identify(writer, nowMs));
  await server.register(fastifyRateLimit, {
    max: options.requestsPerMinute ?? REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    cache: MAX_COUNTED_CALLERS,
    keyGenerator: (request) => request.caller?.id ?? request.ip,
    allowList: isPublic,
    errorResponseBuilder: (_request, { after, max }) =>
      refuse('RATE_LIMITED', `More than ${max} a minute: wait ${after}.`),
  });
  server.addHook('preParsing', authorize);

  const context = { server, writer, view, loads, keys, copies, nowMs, desk: openChangeDesk(writer) };
  for (const routes of COLLECTION_ROUTES) addCollectionRoutes(context, routes);
  addRecordRoutes(context);
  addZoneFileRoutes(context);
  addZoneDnssecRoutes(context);
  addResealRoute(context);
  addZoneCopyRoutes(context);
  addOverrideRoutes(context);
  addConfigurationRoutes(context);
  addRevisionRoutes(context);
  addStatusRoutes(context);
  addLoadRoutes(context);
  addTokenRoutes(context);
  addOpenApiRoute(server);
  await addDocsRoutes(server);
  for (const [path, answer] of TELEMETRY_ROUTES) {
    plain.get(path, async (_request, reply) => {
      const { status, type, body } = await answer({ metrics, isReady: () => view.readiness() });
      return reply.status(status).type(type).send(body);
    });
  }

  server.setNotFoundHandler({ preHandler: server.rateLimit() }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const known = methods.of(path);
    const error =
      known.length === 0
        ? refuse('NOT_FOUND', `There is nothing at ${path}: /docs lists what there is.`)
        : refuse('METHOD_NOT_ALLOWED', `${request.method} does nothing here.`, [], { allow: known.join(', ') });
    return sendProblem(error, request, reply);
  });
  return server;
}

function createServer(logger: FastifyBaseLogger): FastifyInstance {
  return fastify({
    loggerInstance: logger,
    // A line for every request would drown what matters; errors are logged where they are made into problems.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, request, reply);
    },
    clientErrorHandler: (_error, socket) => {
      const body = JSON.stringify(describeProblem(refuse('MALFORMED', 'This is no HTTP request.')));
      const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_TYPE}\r\nConnection: close`;
      if (socket.writable) socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    },
  });
}

function isPublic(request: FastifyRequest): boolean {
  return request.routeOptions.config.scope === 'public';
}

const TELEMETRY_WORDS: ReadonlyMap<string, string> = new Map([
  ['/livez', 'Whether the process lives'],
  ['/readyz', 'Whether it can do its work, and if not, why'],
  ['/metrics', 'Metrics for Prometheus'],
]);

/** The telemetry routes are the same on every role and know nothing of this server's schemas and scopes: they get them here. */
function describeTelemetry(server: ApiServer): void {
  server.addHook('onRoute', (route) => {
    const summary = TELEMETRY_WORDS.get(route.url);
    if (summary === undefined) return;
    route.config = { ...route.config, scope: 'public' };
    route.schema = { tags: ['telemetry'], summary, operationId: route.url.slice(1), security: [] };
  });
}
