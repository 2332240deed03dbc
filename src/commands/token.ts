// `azimuth token`: makes, lists and revokes the tokens of the API. A new one is printed once, alone on its line.

import type { Command } from 'commander';
import { MAX_TOKENS } from '../api/token.ts';
import { CreatedTokenSchema, TokenPageSchema } from '../api/tokens.ts';
import { type ApiClient, type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { fail } from './failure.ts';
import { alignColumns, outputOf } from './output.ts';

type CreateOptions = ApiOptions & { readonly scope: string[]; readonly for?: string };

export function registerToken(program: Command): void {
  const token = program.command('token').description("make, list and revoke the API's tokens");

  const create = token
    .command('create <name>')
    .description('make a token; it is shown this once')
    .requiredOption('--scope <scopes...>', 'read, write, load, admin')
    .option('--for <duration>', 'how long it is valid, such as 90d; else until it is revoked');
  addApiOptions(create).action(async (name: string, options: CreateOptions, self: Command) => {
    const { scope, for: duration } = options;
    const scopes = scope.flatMap((text) => text.split(','));
    const body = { name, scopes, ...(duration !== undefined && { for: duration }) };
    const created = await openApiClient(self, options).request(CreatedTokenSchema, 'POST', '/v1/tokens', { body });
    const output = outputOf(self);
    if (options.json === true) output.printJson(created);
    else output.print(created.token);
  });

  const list = token.command('list').description('list the tokens, never the tokens themselves');
  addApiOptions(list).action(async (options: ApiOptions, self: Command) => {
    const tokens = await listTokens(openApiClient(self, options));
    const output = outputOf(self);
    if (options.json === true) return output.printJson(tokens);
    const rows = tokens.map(({ id, name, scopes, createdAt, expiresAt = 'it is revoked' }) => [
      id,
      name,
      scopes.join(','),
      createdAt,
      expiresAt,
    ]);
    output.print(alignColumns([['ID', 'NAME', 'SCOPES', 'MADE', 'VALID UNTIL'], ...rows]));
  });

  const revoke = token.command('revoke <id>').description('revoke a token at once');
  addApiOptions(revoke).action(async (id: string, options: ApiOptions, self: Command) => {
    const client = openApiClient(self, options);
    // To the API, revoking twice is fine; a person who mistypes an id must not believe that the token is gone.
    const tokens = await listTokens(client);
    if (!tokens.some((each) => each.id === id)) {
      return fail(self, `there is no token with the id "${id}": "azimuth token list" shows them all`);
    }
    client.expect(await client.send('DELETE', `/v1/tokens/${encodeURIComponent(id)}`));
    const output = outputOf(self);
    if (options.json === true) output.printJson({ revoked: id });
    else output.print(`${id} is revoked.`);
  });
}

/** All of them: the API keeps no more than one page holds. */
async function listTokens(client: ApiClient) {
  const page = await client.request(TokenPageSchema, 'GET', '/v1/tokens', { query: { limit: String(MAX_TOKENS) } });
  return page.items;
}
