// The OpenAPI 3.1 document, made of the schemas that check requests. Schemas with a name of their own are moved to
// components, so that the document stays short and generated clients get types with names.

import fastifySwagger from '@fastify/swagger';
import { ClusterSchema, EndpointSchema } from '../model/cluster.ts';
import { ConfigurationSchema } from '../model/configuration.ts';
import { MonitorSchema } from '../model/monitor.ts';
import { formatCanonicalJson } from '../model/objects.ts';
import { OverrideSchema } from '../model/override.ts';
import { RegionSchema } from '../model/region.ts';
import { ServiceSchema } from '../model/service.ts';
import { VantageSchema } from '../model/vantage.ts';
import { RecordSchema, ZoneSchema } from '../model/zone.ts';
import type { ApiServer } from './api-context.ts';
import { ChangedSchema, ChangeSchema, ProblemSchema } from './route-schema.ts';
import { EndpointStatusSchema, ExplanationSchema, StatusSchema } from './status-schema.ts';

const NAMED_SCHEMAS: Readonly<Record<string, object>> = {
  Change: ChangeSchema,
  Changed: ChangedSchema,
  Cluster: ClusterSchema,
  Configuration: ConfigurationSchema,
  Endpoint: EndpointSchema,
  EndpointStatus: EndpointStatusSchema,
  Explanation: ExplanationSchema,
  Monitor: MonitorSchema,
  Override: OverrideSchema,
  Problem: ProblemSchema,
  Record: RecordSchema,
  Region: RegionSchema,
  Service: ServiceSchema,
  Status: StatusSchema,
  Vantage: VantageSchema,
  Zone: ZoneSchema,
};

const DESCRIPTION = `Every error is a problem (RFC 9457) with a stable code: see [errors](/docs/errors.md). Every write of
configuration needs If-Match or If-None-Match and may be tried with ?dryRun=true. The header azimuth-message gives a change
its line in the history; azimuth-revision of a reply names the revision that holds it.`;

/** Must be registered before the routes: it notes each as it is added. */
export async function registerOpenApi(server: ApiServer, version: string): Promise<void> {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Azimuth', version, description: DESCRIPTION },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'azm_…' } } },
      security: [{ token: [] }],
    },
    // In the framework's own documents constants become enumerations; ours say what the schemas say.
    convertConstToEnum: false,
  });
}

export function addOpenApiRoute(server: ApiServer): void {
  let text: string | undefined;
  server.get('/v1/openapi.json', { config: { scope: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(shareSchemas(server.swagger()));
    return reply.type('application/json').send(text);
  });
}

/** The document with every occurrence of a named schema replaced by a reference to it. */
export function shareSchemas(document: object): unknown {
  const names = new Map(Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [formatCanonicalJson(schema), name]));
  const share = (value: unknown, self?: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => share(item));
    if (typeof value !== 'object' || value === null) return value;
    const name = names.get(formatCanonicalJson(value));
    if (name !== undefined && name !== self) return { $ref: `#/components/schemas/${name}` };
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, share(item)]));
  };
  const shared = Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [name, share(schema, name)]);
  const components = 'components' in document ? document.components : {};
  const rest = share(document);
  return Object.assign({}, rest, {
    components: Object.assign({}, components, { schemas: Object.fromEntries(shared) }),
  });
}
