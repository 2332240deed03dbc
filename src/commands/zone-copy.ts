// `azimuth zone copy`: how a zone that has primaries is copied, and asking them now.

import type { Command } from 'commander';
import type { Static } from 'typebox';
import { ZoneCopySchema } from '../api/zone-copy.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { endUnhealthy } from './failure.ts';
import { outputOf } from './output.ts';

type CopyOptions = ApiOptions & { readonly fetch?: boolean; readonly whole?: boolean };

export function registerZoneCopy(zone: Command): void {
  const copy = zone
    .command('copy <zone>')
    .description('how fresh the copy of a zone is that has primaries; exit 1 where there is none, or it has expired')
    .option('--fetch', 'ask the primaries now')
    .option('--whole', 'fetch all of it now, whatever its serial');
  addApiOptions(copy).action(async (name: string, options: CopyOptions, self: Command) => {
    const client = openApiClient(self, options);
    const path = `/v1/zones/${encodeURIComponent(name)}/copy`;
    const isAsked = options.fetch === true || options.whole === true;
    const state = isAsked
      ? await client.request(ZoneCopySchema, 'POST', `${path}/fetch`, { body: { whole: options.whole === true } })
      : await client.request(ZoneCopySchema, 'GET', path);
    const output = outputOf(self);
    if (options.json === true) output.printJson(state);
    else output.print(tell(state).join('\n'));
    if (state.state !== 'current') endUnhealthy();
  });
}

const HEADS: Readonly<Record<Static<typeof ZoneCopySchema>['state'], string>> = {
  missing: 'nothing was copied yet, and queries get SERVFAIL',
  current: 'its copy is served',
  expired: 'has expired, and queries get SERVFAIL',
};

function tell(copy: Static<typeof ZoneCopySchema>): readonly string[] {
  const { zone, state, serial, primary, obtainedAt, checkedAt, nextAt, fetching, problem } = copy;
  return [
    `${zone}: ${HEADS[state]}.`,
    ...(serial === undefined ? [] : [`serial ${serial} from ${primary}, at ${obtainedAt}`]),
    ...(checkedAt === undefined ? [] : [`up to date at ${checkedAt}`]),
    ...(problem === undefined ? [] : [`problem: ${problem}`]),
    fetching ? 'a primary is being asked' : `asked again at ${nextAt}`,
  ];
}
