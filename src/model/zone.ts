// A delegated zone as the configuration states it: its SOA, its name servers, its static records. All names are full,
// lower case, without the last dot; record data stays in presentation form (RFC 1035 section 5.1) until zone/ parses it.

import { type Static, Type } from 'typebox';
import type { DnsServer } from './dns-server.ts';
import { type DnssecPolicy, DnssecSchema } from './dnssec.ts';
import {
  MAX_DATA_PER_RECORD,
  MAX_NAME_SERVERS_PER_ZONE,
  MAX_RECORD_DATA_LENGTH,
  MAX_RECORDS_PER_ZONE,
} from './limits.ts';
import { PrimariesSchema } from './primaries.ts';
import { durationSchema, nameSchema } from './scalar.ts';
import { type Transfers, TransfersSchema } from './transfers.ts';

export type Soa = {
  readonly mname: string;
  readonly rname: string;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** TTL of negative answers (RFC 2308 section 4). */
  readonly minimumSeconds: number;
  readonly ttlSeconds: number;
};

/** One RRset: every value that one name has of one type. */
export type RecordSet = {
  /** Full owner name; may begin with the label `*`. */
  readonly name: string;
  /** Mnemonic (A, TXT) or TYPE65280 (RFC 3597 section 5). */
  readonly type: string;
  readonly ttlSeconds: number;
  readonly data: readonly string[];
};

/** A zone apart from its records. */
export type ZoneHead = {
  readonly name: string;
  readonly soa: Soa;
  readonly ns: readonly string[];
  readonly nsTtlSeconds: number;
  /** How it is signed; absent when it is not. */
  readonly dnssec?: DnssecPolicy;
  /** Absent: nobody may copy the zone, and nobody is told of its changes. */
  readonly transfers?: Transfers;
  /** Where it is copied from; `soa` and `ns` are then those of the copy. Absent: it is stated here. */
  readonly primaries?: readonly DnsServer[];
  /** Absent beside `primaries`: nothing has been copied yet, and `soa` and `ns` say nothing. */
  readonly copy?: ZoneCopy;
};

/** What has been copied of a zone, apart from its records. */
export type ZoneCopy = {
  /** Of its SOA at the primary. */
  readonly serial: number;
  /** No primary could be asked for as long as the SOA's `expire` says: nobody may be told what it holds (RFC 1035 section 3.3.13). */
  readonly isExpired: boolean;
};

export type Zone = ZoneHead & { readonly records: readonly RecordSet[] };

function seconds(byDefault: number, description: string) {
  return Type.Optional(
    durationSchema({ title: 'whole seconds', examples: [3600, '1h'], default: byDefault, description }),
  );
}

export const SoaSchema = Type.Object(
  {
    mname: Type.Optional(nameSchema({ description: 'The primary name server; the first of ns when not given.' })),
    rname: Type.Optional(
      nameSchema({
        title: 'a mailbox',
        examples: ['hostmaster@example.com'],
        description: 'Whom to write to: a@b, or a.b as in a master file; hostmaster of the zone when not given.',
      }),
    ),
    refresh: seconds(1800, 'How often secondaries look for changes.'),
    retry: seconds(600, 'How soon secondaries try again after a failure.'),
    expire: seconds(604_800, 'How long secondaries serve without reaching a primary.'),
    minimum: seconds(60, 'How long resolvers keep a negative answer.'),
    ttl: seconds(3600, 'TTL of the SOA record itself.'),
  },
  { additionalProperties: false, description: 'Start of authority.' },
);
export type SoaDocument = Static<typeof SoaSchema>;

export const RecordSchema = Type.Object(
  {
    name: nameSchema({
      title: 'a name relative to the zone, or @ for the zone itself',
      examples: ['mail', '@'],
      description:
        'Owner: relative to the zone; @ is the zone itself; full when it ends in the name of the zone or in a dot.',
    }),
    type: Type.String({
      title: 'a record type',
      examples: ['A', 'TXT', 'TYPE65280'],
      pattern: '^[A-Za-z][A-Za-z0-9-]{0,15}$',
    }),
    ttl: seconds(3600, 'How long resolvers may keep it.'),
    data: Type.Array(
      Type.String({ title: 'record data as text', examples: ['10 mail'], maxLength: MAX_RECORD_DATA_LENGTH }),
      {
        minItems: 1,
        maxItems: MAX_DATA_PER_RECORD,
        description: 'Every value of this name and type, as in a master file.',
      },
    ),
  },
  { additionalProperties: false, description: 'One RRset: every value that one name has of one type.' },
);
export type RecordDocument = Static<typeof RecordSchema>;

export const ZoneSchema = Type.Object(
  {
    name: nameSchema({ examples: ['gtm.example.com'] }),
    soa: Type.Optional(SoaSchema),
    ns: Type.Optional(
      Type.Array(nameSchema({ title: 'the name of a name server', examples: ['ns1.gtm.example.com'] }), {
        minItems: 1,
        maxItems: MAX_NAME_SERVERS_PER_ZONE,
        description:
          'Its name servers, the same as in the delegation; names without a dot are relative to the zone. Needed where there are no primaries.',
      }),
    ),
    nsTtl: seconds(3600, 'TTL of the NS records.'),
    records: Type.Optional(Type.Array(RecordSchema, { maxItems: MAX_RECORDS_PER_ZONE })),
    primaries: Type.Optional(PrimariesSchema),
    transfers: Type.Optional(TransfersSchema),
    dnssec: Type.Optional(DnssecSchema),
  },
  { additionalProperties: false, description: 'A delegated zone: its SOA, its name servers, its static records.' },
);
export type ZoneDocument = Static<typeof ZoneSchema>;
