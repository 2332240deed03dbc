// What this process serves and sees: status, health, the workers of the vantages, and the explanation of one answer.

import { Type } from 'typebox';
import { formatAddress, formatPrefix, maskPrefix, parseAddress, parsePrefix } from '../model/address.ts';
import { parseNameText } from '../wire/name.ts';
import { formatRecordType, parseRecordType } from '../wire/record-types.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { describeStatus, type EndpointStatus, listEndpointStatus } from './describe-status.ts';
import { describeVantages } from './describe-vantages.ts';
import { cutPage, PageQuery } from './page.ts';
import type { ClusterState, ClusterView } from './ports.ts';
import { describeRoute } from './route-schema.ts';
import { EndpointPageSchema, ExplanationSchema, StatusSchema, VantageListSchema } from './status-schema.ts';

const ExplainQuery = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1_020, examples: ['www.gtm.example.com'] }),
    type: Type.Optional(Type.String({ maxLength: 16, default: 'A', examples: ['AAAA'] })),
    client: Type.Optional(
      Type.String({ maxLength: 64, description: 'Address or prefix of the client.', examples: ['81.2.69.0/24'] }),
    ),
  },
  { additionalProperties: false },
);

const read = { config: { scope: 'read' } } as const;

export function addStatusRoutes({ server, view }: ApiContext): void {
  server.get(
    '/v1/status',
    {
      ...read,
      schema: describeRoute(
        { operationId: 'getStatus', tag: 'status', summary: 'Regions, clusters, endpoints and vantages at a glance' },
        { 200: StatusSchema },
      ),
    },
    async () => describeStatus(currentOf(view), view.readiness()),
  );

  server.get(
    '/v1/health',
    {
      ...read,
      schema: {
        ...describeRoute(
          {
            operationId: 'listHealth',
            tag: 'status',
            summary: 'Every endpoint: its state, the verdict, and the votes',
          },
          { 200: EndpointPageSchema },
        ),
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
      },
    },
    async (request) => {
      const endpoints = listEndpointStatus(currentOf(view));
      return cutPage(endpoints, ({ cluster, endpoint }) => `${cluster}/${endpoint}`, request.query);
    },
  );

  server.get(
    '/v1/health/vantages',
    {
      ...read,
      schema: describeRoute(
        {
          operationId: 'listVantageWorkers',
          tag: 'status',
          summary: 'The workers of each vantage: who is alive, signs, abstains, or is refused',
        },
        { 200: VantageListSchema },
      ),
    },
    async () => ({ items: describeVantages(currentOf(view)) }),
  );

  server.get(
    '/v1/explain',
    {
      ...read,
      schema: {
        ...describeRoute(
          {
            operationId: 'explain',
            tag: 'status',
            summary: 'One answer, and every step that led to it',
            description: 'By the code that serves. Where chance has a say, another try may show another answer.',
          },
          { 200: ExplanationSchema },
        ),
        querystring: ExplainQuery,
      },
    },
    async (request) => {
      const { name, type = 'A', client } = request.query;
      const query = {
        name: readName(name),
        type: readType(type),
        ...(client !== undefined && { client: readClient(client) }),
      };
      const explanation = view.explain(query);
      if (explanation === undefined) throw refuseNotReady();
      return { ...explanation, endpoints: listEvidence(view.current(), explanation.considered) };
    },
  );
}

/** Of all that was looked at, as it is known here now. */
function listEvidence(state: ClusterState | undefined, considered: readonly string[]): readonly EndpointStatus[] {
  const endpoints = state === undefined ? [] : listEndpointStatus(state);
  return considered.flatMap((id) => endpoints.filter(({ cluster }) => cluster === id));
}

function currentOf(view: ClusterView): ClusterState {
  const state = view.current();
  if (state === undefined) throw refuseNotReady();
  return state;
}

function refuseNotReady() {
  return refuse('NOT_READY', 'This process has no configuration in force yet: /readyz says what it lacks.');
}

function readName(text: string): string {
  const name = parseNameText(text);
  if (name instanceof Uint8Array) return text;
  throw refuseQuery('name', `${name.problem}.`);
}

function readType(text: string): string {
  const type = parseRecordType(text);
  if (type === undefined) throw refuseQuery('type', `"${text}" is no record type: write a name such as AAAA.`);
  return formatRecordType(type);
}

/** In canonical form, bits beyond the prefix cleared. */
function readClient(text: string): string {
  const address = parseAddress(text);
  if (address !== undefined) return formatAddress(address);
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return formatPrefix(maskPrefix(prefix));
  throw refuseQuery('client', `"${text}" is neither an address nor a prefix such as 81.2.69.0/24.`);
}

function refuseQuery(key: string, detail: string) {
  return refuse('MALFORMED', detail, [{ in: 'query', pointer: `/${key}`, detail }]);
}
