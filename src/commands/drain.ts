// `azimuth drain PATH`: takes a region, a cluster or an endpoint out of new answers, and says when the last answer that was
// given before has run out of resolvers' caches: from then on it can be switched off.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { StatusSchema } from '../api/status-schema.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { outputOf } from './output.ts';
import { findPlace, formatPlace, longestTtlSeconds } from './place.ts';
import { setOverride } from './set-override.ts';

type DrainOptions = ApiOptions & { readonly reason: string; readonly for?: string; readonly wait?: boolean };

/** Nodes take a new configuration at once, or within a second where the word of it was lost. */
const SPREAD_SECONDS = 2;

export function registerDrain(program: Command): void {
  const command = program
    .command('drain <path>')
    .description('give a region, cluster or endpoint no new clients')
    .option('--reason <text>', 'why: for whoever finds it later', 'drained from the command line')
    .option('--for <duration>', 'until then, such as 30m; else until it is cleared')
    .option('--wait', 'wait until the last cached answer has expired');
  addApiOptions(command).action(async (path: string, options: DrainOptions, self: Command) => {
    const client = openApiClient(self, options);
    const status = await client.request(StatusSchema, 'GET', '/v1/status');
    const place = findPlace(self, path, status);
    const { reason, for: duration } = options;
    const word = { state: 'drain', reason, ...(duration !== undefined && { for: duration }) };
    const override = await setOverride(client, place, word);
    const waitSeconds = longestTtlSeconds(status, place) + SPREAD_SECONDS;
    const freeAt = new Date(Date.now() + waitSeconds * 1000).toISOString();
    const output = outputOf(self);
    if (options.json !== true) {
      output.print(`${formatPlace(place)} is draining: nothing new is sent there while anything else serves.`);
      output.print(`Answers given before are in caches for up to ${waitSeconds} s, until ${freeAt}.`);
    }
    if (options.wait === true) {
      await sleep(waitSeconds * 1000);
      if (options.json !== true) output.print('The last of them has expired.');
    }
    if (options.json === true) output.printJson({ override, waitSeconds, freeAt });
  });
}
