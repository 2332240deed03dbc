// A region: a data centre or cloud region, with its place on the globe and what the operator says of it.

import { type Static, Type } from 'typebox';
import { MAX_BIAS } from './limits.ts';
import { IdSchema, textSchema } from './scalar.ts';

export type RegionState = 'enabled' | 'draining' | 'disabled';

/** Degrees: latitude -90..90, north positive; longitude -180..180, east positive. */
export type Location = { readonly latitude: number; readonly longitude: number };

export type Region = {
  readonly id: string;
  readonly name: string;
  readonly location: Location;
  /** -99..99. Positive draws clients from farther away, negative sends them elsewhere; 0 is the plain distance. */
  readonly bias: number;
  readonly state: RegionState;
};

export const LocationSchema = Type.Union(
  [
    Type.Object(
      {
        latitude: Type.Number({ minimum: -90, maximum: 90, description: 'Degrees, north positive.' }),
        longitude: Type.Number({ minimum: -180, maximum: 180, description: 'Degrees, east positive.' }),
      },
      { additionalProperties: false },
    ),
    Type.String({ minLength: 1, maxLength: 64 }),
  ],
  {
    title: 'a location: {latitude, longitude}, or a reference such as aws:us-east-1 or iata:SIN',
    description: 'Coordinates in degrees, or a reference to a known place: aws:…, gcp:…, azure:…, iata:….',
    examples: [{ latitude: 53.35, longitude: -6.26 }, 'aws:us-east-1'],
  },
);
export type LocationDocument = Static<typeof LocationSchema>;

export const RegionSchema = Type.Object(
  {
    id: IdSchema,
    name: Type.Optional(textSchema({ description: 'For people; the id when not given.' })),
    location: LocationSchema,
    bias: Type.Optional(
      Type.Number({
        minimum: -MAX_BIAS,
        maximum: MAX_BIAS,
        default: 0,
        description:
          'Positive draws clients from farther away, negative sends them elsewhere; 0 is the plain distance.',
      }),
    ),
    state: Type.Optional(
      Type.Enum(['enabled', 'draining', 'disabled'], {
        default: 'enabled',
        description:
          'draining: no new traffic while another region can serve. disabled: as if every cluster here were down.',
      }),
    ),
  },
  { additionalProperties: false, description: 'A data centre or cloud region, and its place on the globe.' },
);
export type RegionDocument = Static<typeof RegionSchema>;
