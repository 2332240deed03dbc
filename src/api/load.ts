// Load reports: what a cluster or an endpoint says of its load, every few seconds. A measurement, not configuration: the
// latest counts, there is no revision of it, and nothing to be stale.

import { Type } from 'typebox';
import { MAX_CAPACITY } from '../model/limits.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { readCurrent } from './change.ts';
import { refuseMissing } from './item-change.ts';
import { describeRoute } from './route-schema.ts';

/** A share may exceed 1 where more is open than was planned for; beyond this it is a percentage by mistake. */
const MAX_UTILISATION = 10;

const QUANTITIES = {
  connections: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_CAPACITY, description: 'Open now.' })),
  capacity: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_CAPACITY, description: "That it can hold; above the configuration's." }),
  ),
  utilisation: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: MAX_UTILISATION,
      description: 'Share of its capacity in use, 1 = full; above connections / capacity.',
    }),
  ),
};
const ReportBody = Type.Object(QUANTITIES, { additionalProperties: false, description: 'At least one of them.' });
export const ReportSchema = Type.Object({ subject: Type.String({ examples: ['web-eu', 'web-eu/a'] }), ...QUANTITIES });
const ID = Type.String({ maxLength: 63 });

export function addLoadRoutes({ server, writer, view, loads }: ApiContext): void {
  const forms = [
    {
      url: '/v1/load/:cluster',
      operationId: 'reportClusterLoad',
      params: Type.Object({ cluster: ID }),
      of: 'a cluster',
    },
    {
      url: '/v1/load/:cluster/:endpoint',
      operationId: 'reportEndpointLoad',
      params: Type.Object({ cluster: ID, endpoint: Type.Optional(ID) }),
      of: 'an endpoint',
    },
  ] as const;
  for (const { url, operationId, params, of } of forms) {
    server.put(
      url,
      {
        config: { scope: 'load' },
        schema: {
          ...describeRoute({ operationId, tag: 'load', summary: `Report the load of ${of}` }, { 200: ReportSchema }),
          params,
          body: ReportBody,
        },
      },
      async (request) => {
        const subject = Object.values(request.params).join('/');
        const { connections, capacity, utilisation } = request.body;
        const report = {
          subject,
          ...(connections !== undefined && { connections }),
          ...(capacity !== undefined && { capacity }),
          ...(utilisation !== undefined && { utilisation }),
        };
        if (Object.keys(report).length === 1) {
          const detail = 'give at least one of connections, capacity and utilisation';
          throw refuse('INVALID', `The report says nothing: ${detail}.`, [{ in: 'body', pointer: '', detail }]);
        }
        if (!(await isKnown(subject))) throw refuseMissing('Cluster or endpoint', subject);
        await loads.write(report);
        return report;
      },
    );
  }

  /** What is served is asked first: it needs no store. What was only just created is in the configuration. */
  async function isKnown(subject: string): Promise<boolean> {
    const served = view.current()?.configuration;
    if (served !== undefined && hasSubject(served.clusters, subject)) return true;
    const { document } = await readCurrent(writer);
    return hasSubject(document.clusters ?? [], subject);
  }
}

type ClusterIds = { readonly id: string; readonly endpoints: readonly { readonly id: string }[] };

function hasSubject(clusters: readonly ClusterIds[], subject: string): boolean {
  const [id, endpoint] = subject.split('/');
  const cluster = clusters.find((candidate) => candidate.id === id);
  return cluster !== undefined && (endpoint === undefined || cluster.endpoints.some((each) => each.id === endpoint));
}
