// Who may copy a zone, and who is told when it has changed. Keys are named here and kept elsewhere: in a file of the node's
// (dns.tsig.keyFile), since a configuration may be read by many.

import { type Static, Type } from 'typebox';
import { MAX_NOTIFY_TARGETS, MAX_TRANSFER_RULES } from './limits.ts';
import { addressSchema, nameSchema } from './scalar.ts';

/** Both must hold, where both are given. */
export type TransferRule = {
  /** Name of a TSIG key, lower case, without the last dot. */
  readonly key?: string;
  /** Canonical, such as 192.0.2.0/24. */
  readonly prefix?: string;
};

export type NotifyTarget = {
  readonly address: string;
  readonly port: number;
  /** As in TransferRule. */
  readonly key?: string;
};

export type Transfers = { readonly allow: readonly TransferRule[]; readonly notify: readonly NotifyTarget[] };

const PREFIX = { title: 'an IPv4 or IPv6 prefix', examples: ['192.0.2.0/24'], maxLength: 64 };

function keySchema(description: string) {
  return nameSchema({ title: 'the name of a TSIG key', examples: ['secondary-1'], description });
}

export const TransfersSchema = Type.Object(
  {
    allow: Type.Optional(
      Type.Array(
        Type.Union(
          [
            Type.String(PREFIX),
            Type.Object(
              {
                key: Type.Optional(keySchema('The query must be signed with it.')),
                prefix: Type.Optional(Type.String({ ...PREFIX, description: 'The query must come from there.' })),
              },
              { additionalProperties: false },
            ),
          ],
          { title: 'a prefix, or {key, prefix}', examples: [{ key: 'secondary-1' }] },
        ),
        { maxItems: MAX_TRANSFER_RULES, description: 'Who may copy the zone (AXFR, IXFR); nobody when not given.' },
      ),
    ),
    notify: Type.Optional(
      Type.Array(
        Type.Object(
          {
            address: addressSchema({}),
            port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, default: 53 })),
            key: Type.Optional(keySchema('What the message is signed with.')),
          },
          { additionalProperties: false },
        ),
        { maxItems: MAX_NOTIFY_TARGETS, description: 'Secondaries that are told when the zone has changed (NOTIFY).' },
      ),
    ),
  },
  { additionalProperties: false, description: 'Copies of the zone on other servers.' },
);
export type TransfersDocument = Static<typeof TransfersSchema>;
