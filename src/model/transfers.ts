// Who may copy a zone, and who is told when it has changed.

import { type Static, Type } from 'typebox';
import { type DnsServer, dnsServerSchema, keyNameSchema } from './dns-server.ts';
import { MAX_NOTIFY_TARGETS, MAX_TRANSFER_RULES } from './limits.ts';

/** Both must hold, where both are given. */
export type TransferRule = {
  /** Name of a TSIG key, lower case, without the last dot. */
  readonly key?: string;
  /** Canonical, such as 192.0.2.0/24. */
  readonly prefix?: string;
};

export type Transfers = { readonly allow: readonly TransferRule[]; readonly notify: readonly DnsServer[] };

const PREFIX = { title: 'an IPv4 or IPv6 prefix', examples: ['192.0.2.0/24'], maxLength: 64 };

export const TransfersSchema = Type.Object(
  {
    allow: Type.Optional(
      Type.Array(
        Type.Union(
          [
            Type.String(PREFIX),
            Type.Object(
              {
                key: Type.Optional(keyNameSchema('The query must be signed with it.')),
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
      Type.Array(dnsServerSchema('What the message is signed with.'), {
        maxItems: MAX_NOTIFY_TARGETS,
        description: 'Secondaries that are told when the zone has changed (NOTIFY).',
      }),
    ),
  },
  { additionalProperties: false, description: 'Copies of the zone on other servers.' },
);
export type TransfersDocument = Static<typeof TransfersSchema>;
