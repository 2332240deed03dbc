// A vantage: a place from which checks are made. Quorums count over the vantages that the configuration names, never
// over those that happen to be alive.

import { type Static, Type } from 'typebox';
import { MAX_WORKERS_PER_VANTAGE } from './limits.ts';
import { type Location, LocationSchema } from './region.ts';
import { IdSchema } from './scalar.ts';

export type Vantage = {
  readonly id: string;
  /** With whom it fails together, for quorums of groups; absent: with nobody. */
  readonly group?: string;
  readonly location?: Location;
  /** Whose votes count, and under which keys; absent: those of whoever says that it is there, signed or not. */
  readonly workers?: readonly VantageWorker[];
};

export type VantageWorker = {
  readonly id: string;
  /** One, or two while one takes the place of the other: SubjectPublicKeyInfo of Ed25519 in base64. */
  readonly publicKeys: readonly string[];
};

/** What a configuration without `vantages` means: one place, the machine that runs everything. */
export const LOCAL_VANTAGE_ID = 'local';

const PublicKeySchema = Type.String({
  title: 'a public key of Ed25519, as a probe worker logs it at its start',
  pattern: '^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$',
  examples: ['MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='],
});

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
    workers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: IdSchema,
            publicKey: Type.Union([PublicKeySchema, Type.Array(PublicKeySchema, { minItems: 1, maxItems: 2 })]),
          },
          { additionalProperties: false },
        ),
        {
          maxItems: MAX_WORKERS_PER_VANTAGE,
          description:
            'Whose votes count from here, and only signed by these keys. Not given: whoever votes, unsigned too.',
        },
      ),
    ),
  },
  { additionalProperties: false, description: 'A place from which checks are made.' },
);
export type VantageDocument = Static<typeof VantageSchema>;
