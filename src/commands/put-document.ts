// Sends a configuration file to the API, to be tried (plan) or committed (apply). What the API finds wrong in it is shown
// with the lines of the file.

import type { Command } from 'commander';
import { ChangedSchema } from '../api/route-schema.ts';
import { compileShape } from '../model/check-shape.ts';
import { type ApiClient, type ApiOptions, openApiClient, readRefusal } from './api-client.ts';
import { fail } from './failure.ts';
import { endWithProblems, type ReadFile, readFile } from './read-file.ts';

export type PutOptions = {
  readonly dryRun: boolean;
  /** The revision that must be the newest; absent: whatever is there. */
  readonly ifRevision?: string | undefined;
  /** A revision that the new one is to be newer than, too. */
  readonly above?: string | undefined;
  readonly message?: string | undefined;
};

const CHANGED_SHAPE = compileShape(ChangedSchema);

export async function putDocument(command: Command, file: string, options: ApiOptions, put: PutOptions) {
  const read = readFile(command, file, options.json === true);
  return putRead(command, openApiClient(command, options), read, options, put);
}

/** The same for a document that has been read, or made, already. */
export async function putRead(
  command: Command,
  client: ApiClient,
  read: ReadFile,
  { json = false }: ApiOptions,
  put: PutOptions,
) {
  const reply = await client.send('PUT', '/v1/configuration', {
    query: { dryRun: put.dryRun ? 'true' : undefined, above: put.above },
    headers: {
      'if-match': put.ifRevision === undefined ? '*' : `"${put.ifRevision}"`,
      ...(put.message !== undefined && { 'azimuth-message': put.message }),
    },
    body: read.document,
  });
  const faults = readRefusal(reply)?.problem.errors?.filter((fault) => fault.in === 'body') ?? [];
  if (faults.length > 0) {
    const problems = faults.map(({ pointer, detail }) => ({ path: pointer, message: detail }));
    return endWithProblems(command, read, problems, json);
  }
  const { body } = client.expect(reply);
  return CHANGED_SHAPE.accepts(body) ? body : fail(command, 'the API answered what this version does not understand');
}
