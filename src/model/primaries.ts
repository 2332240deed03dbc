// From where a zone is copied, for zones whose records are kept on another server (a hidden primary, RFC 1034 section 4.3.5).

import { type Static, Type } from 'typebox';
import { dnsServerSchema } from './dns-server.ts';
import { MAX_PRIMARIES } from './limits.ts';

export const PrimariesSchema = Type.Array(
  dnsServerSchema('What queries are signed with; answers, and its NOTIFY, must then be signed too.'),
  {
    minItems: 1,
    maxItems: MAX_PRIMARIES,
    description: 'Servers that the zone is copied from, asked in this order; soa, ns and records are then theirs.',
  },
);
export type PrimariesDocument = Static<typeof PrimariesSchema>;
