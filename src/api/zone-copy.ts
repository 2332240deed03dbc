// The copy of a zone that has primaries: what there is of it, how fresh it is, why it is not fresher; and asking for it now.

import { setTimeout as delay } from 'node:timers/promises';
import { type Static, Type } from 'typebox';
import { findItem, normalizeKey } from '../model/edit-document.ts';
import { MAX_NAME_TEXT_LENGTH } from '../model/limits.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { readCurrent } from './change.ts';
import { refuseMissing } from './item-change.ts';
import type { CopyState } from './ports.ts';
import { describeRoute, formatMoment, MomentSchema } from './route-schema.ts';

const TAG = 'zones';
/** Less than a request may take. */
const MAX_WAIT_MS = 20_000;
const PATH = '/v1/zones/:zone/copy';
const ZoneParams = Type.Object({ zone: Type.String({ minLength: 1, maxLength: MAX_NAME_TEXT_LENGTH }) });

export const ZoneCopySchema = Type.Object(
  {
    zone: Type.String(),
    state: Type.Enum(['missing', 'current', 'expired'], {
      description: 'missing: nothing was copied yet; expired: no primary answered for as long as the SOA allows.',
    }),
    serial: Type.Optional(Type.Integer()),
    primary: Type.Optional(Type.String({ description: 'Where it came from.' })),
    obtainedAt: Type.Optional(MomentSchema),
    checkedAt: Type.Optional(MomentSchema),
    nextAt: Type.Optional(MomentSchema),
    fetching: Type.Boolean(),
    problem: Type.Optional(Type.String({ description: 'Why the last attempt came to nothing.' })),
  },
  {
    description: 'A copy of a zone. checkedAt: when a primary last had nothing newer; nextAt: when one will be asked.',
  },
);
const FetchBody = Type.Object(
  { whole: Type.Optional(Type.Boolean({ default: false, description: 'Fetch all of it, whatever its serial.' })) },
  { additionalProperties: false },
);

export function addZoneCopyRoutes({ server, writer, copies }: ApiContext): void {
  server.get(
    PATH,
    {
      config: { scope: 'read' },
      schema: {
        ...describeRoute(
          { operationId: 'getZoneCopy', tag: TAG, summary: 'Get how a zone that has primaries is copied' },
          { 200: ZoneCopySchema },
        ),
        params: ZoneParams,
      },
    },
    async (request) => describe(await findZone(request.params.zone)),
  );
  server.post(
    `${PATH}/fetch`,
    {
      config: { scope: 'write' },
      schema: {
        ...describeRoute(
          {
            operationId: 'fetchZoneCopy',
            tag: TAG,
            summary: 'Ask the primaries of a zone now',
            description: 'Answers when that is done, and how it went; after 20 s while it still goes on (fetching).',
          },
          { 200: ZoneCopySchema },
        ),
        params: ZoneParams,
        body: FetchBody,
      },
    },
    async (request) => {
      const { zone } = await findZone(request.params.zone);
      await Promise.race([
        copies.fetch(zone, request.body.whole === true),
        delay(MAX_WAIT_MS, undefined, { ref: false }),
      ]);
      return describe(await findZone(zone));
    },
  );

  async function findZone(text: string): Promise<{ readonly zone: string; readonly state: CopyState | undefined }> {
    const { document } = await readCurrent(writer);
    const zone = normalizeKey('zones', text);
    const found = findItem(document, 'zones', zone);
    if (found === undefined) throw refuseMissing('Zone', zone);
    if (found.item['primaries'] === undefined) {
      throw refuse('INVALID', `The zone ${zone} is stated here: it has no primaries that it could be copied from.`);
    }
    return { zone, state: copies.state(zone) };
  }
}

type Found = { readonly zone: string; readonly state: CopyState | undefined };

function describe({ zone, state }: Found): Static<typeof ZoneCopySchema> {
  if (state === undefined) return { zone, state: 'missing', fetching: false };
  const { copy, checkedAtMs, nextAtMs, isFetching, problem } = state;
  return {
    zone,
    state: copy === undefined ? 'missing' : copy.expired === true ? 'expired' : 'current',
    ...(copy && { serial: copy.serial, primary: copy.primary, obtainedAt: formatMoment(copy.obtainedAtMs) }),
    ...(checkedAtMs !== undefined && { checkedAt: formatMoment(checkedAtMs) }),
    nextAt: formatMoment(nextAtMs),
    fetching: isFetching,
    ...(problem !== undefined && { problem }),
  };
}
