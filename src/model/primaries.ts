// From where a zone is copied, for zones whose records are kept on another server (a hidden primary, RFC 1034 section 4.3.5).
// Keys are named here and kept elsewhere, as in transfers.ts.

import { type Static, Type } from 'typebox';
import { MAX_PRIMARIES } from './limits.ts';
import { addressSchema, nameSchema } from './scalar.ts';

export type Primary = {
  readonly address: string;
  readonly port: number;
  /** Name of a TSIG key, lower case, without the last dot. */
  readonly key?: string;
};

export const PrimariesSchema = Type.Array(
  Type.Object(
    {
      address: addressSchema({}),
      port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, default: 53 })),
      key: Type.Optional(
        nameSchema({
          title: 'the name of a TSIG key',
          examples: ['primary-1'],
          description: 'What queries are signed with; answers, and its NOTIFY, must then be signed too.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: MAX_PRIMARIES,
    description: 'Servers that the zone is copied from, asked in this order; soa, ns and records are then theirs.',
  },
);
export type PrimariesDocument = Static<typeof PrimariesSchema>;
