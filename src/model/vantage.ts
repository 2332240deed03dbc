// A vantage: a place from which checks are made. Quorums count over the vantages that the configuration names, never
// over those that happen to be alive.

import { type Static, Type } from 'typebox';
import { type Location, LocationSchema } from './region.ts';
import { IdSchema } from './scalar.ts';

export type Vantage = {
  readonly id: string;
  /** With whom it fails together, for quorums of groups; absent: with nobody. */
  readonly group?: string;
  readonly location?: Location;
};

/** What a configuration without `vantages` means: one place, the machine that runs everything. */
export const LOCAL_VANTAGE_ID = 'local';

export const VantageSchema = Type.Object(
  {
    id: IdSchema,
    group: Type.Optional(
      Type.String({
        ...IdSchema,
        examples: ['eu'],
        description: 'With which others it counts as one where a quorum is of groups; alone when not given.',
      }),
    ),
    location: Type.Optional(LocationSchema),
  },
  { additionalProperties: false, description: 'A place from which checks are made.' },
);
export type VantageDocument = Static<typeof VantageSchema>;
