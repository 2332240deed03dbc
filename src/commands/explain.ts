// `azimuth explain NAME [TYPE]`: the answer that a client gets, and every step that led to it.

import type { Command } from 'commander';
import type { Static } from 'typebox';
import { ExplanationSchema } from '../api/status-schema.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { alignColumns, type Output, outputOf } from './output.ts';
import { ENDPOINT_COLOURS, evidenceRows } from './print-evidence.ts';

type ExplainOptions = ApiOptions & { readonly client?: string };
type Explained = Static<typeof ExplanationSchema>;

export function registerExplain(program: Command): void {
  const command = program
    .command('explain <name> [type]')
    .description('show the answer that a client gets, and why')
    .option('--client <address>', 'address or prefix of the client, such as 81.2.69.0/24');
  addApiOptions(command).action(
    async (name: string, type: string | undefined, options: ExplainOptions, self: Command) => {
      const query = { name, type, client: options.client };
      const explained = await openApiClient(self, options).request(ExplanationSchema, 'GET', '/v1/explain', { query });
      const output = outputOf(self);
      if (options.json === true) output.printJson(explained);
      else printExplanation(output, explained);
    },
  );
}

export function printExplanation(
  output: Output,
  { question, client, preference, steps, endpoints, answer }: Explained,
): void {
  const heading = (text: string) => output.print(`\n${output.paint('bold', text)}`);
  const place = [client.country, client.subdivision].filter((text) => text !== undefined).join(', ');
  const coordinates =
    client.latitude === undefined ? 'no known place' : `${round(client.latitude)}, ${round(client.longitude)}`;
  output.print(
    alignColumns([
      ['question', `${question.name} ${question.type}`],
      [
        'client',
        `${client.address}/${client.prefixLength} (${client.from})  ${[place, coordinates].filter(Boolean).join(' · ')}`,
      ],
    ]),
  );
  if (preference.length > 0) {
    heading('Preference, best first');
    const rows = preference.map(({ tier, cluster, region, distanceKm }) => [
      `${tier + 1}.`,
      cluster,
      region,
      distanceKm === undefined ? '' : `${Math.round(distanceKm)} km`,
    ]);
    output.print(alignColumns(rows, '  '));
  }
  heading('Steps');
  output.print(
    alignColumns(
      steps.map(({ step, text }) => [output.paint('dim', step), text]),
      '  ',
    ),
  );
  if (endpoints.length > 0) {
    heading('Endpoints looked at');
    output.print(
      alignColumns(
        endpoints.flatMap((endpoint) => endpointRows(output, endpoint)),
        '  ',
      ),
    );
  }
  heading('Answer');
  const scope = answer.scope === undefined ? 'the same for every client' : `scope /${answer.scope}`;
  output.print(`  ${answer.rcode} · ${answer.reason} · ${scope}`);
  const rows = answer.records.map(({ name, ttl, type, data }) => [name, String(ttl), type, data]);
  if (rows.length > 0) output.print(alignColumns(rows, '  '));
}

function endpointRows(output: Output, endpoint: Explained['endpoints'][number]): readonly (readonly string[])[] {
  const { cluster, endpoint: id, state, address, why } = endpoint;
  return [
    [`${cluster}/${id}`, output.paint(ENDPOINT_COLOURS[state], state), address, why],
    ...evidenceRows(output, endpoint, '  '),
  ];
}

/** A hundredth of a degree is a kilometre: no database is that precise. */
function round(degrees = 0): number {
  return Math.round(degrees * 100) / 100;
}
