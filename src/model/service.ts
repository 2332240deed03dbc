// A service: a steered DNS name; which clusters may answer for it, who is preferred (rank), who is used now (pick).

import { type Static, Type } from 'typebox';
import {
  MAX_ANSWERS,
  MAX_BINDING_LENGTH,
  MAX_BINDINGS_PER_SERVICE,
  MAX_CLUSTERS_PER_SERVICE,
  MAX_MATCH_VALUES,
  MAX_RANK_RULES,
} from './limits.ts';
import { durationSchema, nameSchema, shareSchema } from './scalar.ts';

/** A client matches when it matches every kind of thing that is given, and any of the values of that kind. */
export type Match = {
  /** Canonical prefixes, e.g. 10.0.0.0/8, 2001:db8::/32. */
  readonly cidr?: readonly string[];
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: readonly string[];
  /** Country and subdivision as the database writes it: `US-California` or `US-CA`. */
  readonly subdivision?: readonly string[];
  /** AF AN AS EU NA OC SA. */
  readonly continent?: readonly string[];
};

export type RankRule =
  /** Matching clients prefer `use`, in that order; a fence ends the list there. */
  | { readonly kind: 'match'; readonly match: Match; readonly use: readonly string[]; readonly fence: boolean }
  /** Remaining clusters by distance; those within `tolerance` (a share, 0.05 = 5 %) of the nearest count as equal. */
  | { readonly kind: 'proximity'; readonly tolerance: number }
  /** Remaining clusters in the order of the service's `clusters`. */
  | { readonly kind: 'priority' };

export type PickBy = 'weighted' | 'round-robin' | 'least-connections' | 'all';

export type LastResort =
  | { readonly kind: 'fail-open' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'cluster'; readonly cluster: string };

export type Service = {
  /** Full name without the last dot, lower case: also its id. */
  readonly id: string;
  readonly zone: string;
  readonly ttl: { readonly minSeconds: number; readonly maxSeconds: number };
  readonly clusters: readonly string[];
  /** Ends with `proximity` or `priority`. */
  readonly rank: readonly RankRule[];
  readonly pick: {
    readonly by: PickBy;
    /** Addresses in one answer, 1..8; absent: 8 where everything is handed out, else 1. */
    readonly answers?: number;
    /** Shares of capacity: below `low` all traffic stays, at `high` none does. */
    readonly shed: { readonly low: number; readonly high: number };
  };
  readonly lastResort: LastResort;
  /** Data of its HTTPS and SVCB records (RFC 9460), as text. Names in it are relative to the zone. */
  readonly https: readonly string[];
  readonly svcb: readonly string[];
};

function clusterIds(description: string) {
  return Type.Array(Type.String({ title: 'the id of a cluster', examples: ['web-eu'], maxLength: 63 }), {
    minItems: 1,
    maxItems: MAX_CLUSTERS_PER_SERVICE,
    description,
  });
}

function matchValues(title: string, example: string) {
  return Type.Optional(
    Type.Array(Type.String({ title, examples: [example], minLength: 1, maxLength: 128 }), {
      minItems: 1,
      maxItems: MAX_MATCH_VALUES,
    }),
  );
}

export const MatchSchema = Type.Object(
  {
    cidr: matchValues('an IPv4 or IPv6 prefix', '10.0.0.0/8'),
    country: matchValues('a country by its two letters (ISO 3166-1)', 'IE'),
    subdivision: matchValues('a subdivision as country-subdivision', 'US-California'),
    continent: matchValues('a continent: AF, AN, AS, EU, NA, OC or SA', 'EU'),
  },
  {
    additionalProperties: false,
    description: 'A client matches when it matches every kind that is given, and any of the values of that kind.',
  },
);

export const MatchRuleSchema = Type.Object(
  {
    match: MatchSchema,
    use: clusterIds('Preferred by matching clients, in this order.'),
    fence: Type.Optional(
      Type.Boolean({ default: false, description: 'Matching clients get only what the rules up to here name.' }),
    ),
  },
  { additionalProperties: false, description: 'A preference of some clients.' },
);

export const OrderRuleSchema = Type.Object(
  {
    by: Type.Enum(['proximity', 'priority'], {
      description: 'proximity: by distance from the client. priority: in the order of the list of clusters.',
    }),
    tolerance: Type.Optional(
      shareSchema({
        default: 0,
        description: 'proximity: within this share of the nearest distance, clusters count as equal.',
      }),
    ),
  },
  { additionalProperties: false, description: 'How the clusters that no match named are ordered.' },
);

function ttlSeconds(description: string, byDefault: number) {
  return durationSchema({
    title: 'a TTL in whole seconds, at most a day',
    examples: [60, '5m'],
    default: byDefault,
    description,
  });
}

/** A list of records of service bindings. */
function bindings(example: string, description: string) {
  return Type.Optional(
    Type.Array(Type.String({ title: 'the data of a record', examples: [example], maxLength: MAX_BINDING_LENGTH }), {
      minItems: 1,
      maxItems: MAX_BINDINGS_PER_SERVICE,
      description,
    }),
  );
}

export const ServiceSchema = Type.Object(
  {
    name: nameSchema({
      title: 'a name relative to the zone, or @ for the zone itself',
      examples: ['www'],
      description:
        'Relative to the zone; @ is the zone itself. *.app stands for every name below app that does not exist otherwise.',
    }),
    zone: nameSchema({ title: 'the name of a zone', examples: ['gtm.example.com'] }),
    ttl: Type.Optional(
      Type.Union(
        [
          Type.Number({ minimum: 0 }),
          Type.String({ maxLength: 32 }),
          Type.Object(
            {
              min: Type.Optional(ttlSeconds('While a change is near.', 10)),
              max: Type.Optional(ttlSeconds('While all is steady.', 30)),
            },
            { additionalProperties: false },
          ),
        ],
        {
          title: 'a TTL in seconds, or {min, max}',
          examples: [60, { min: 10, max: 60 }],
          description:
            'Seconds for which resolvers may keep an answer: short when a change is near, long when all is steady.',
        },
      ),
    ),
    clusters: clusterIds('The clusters that may answer; their order counts for priority.'),
    rank: Type.Optional(
      Type.Array(
        Type.Union([MatchRuleSchema, OrderRuleSchema], {
          title: 'a rule: {match, use, fence} or {by, tolerance}',
          examples: [{ by: 'proximity' }],
        }),
        { minItems: 1, maxItems: MAX_RANK_RULES, description: 'Who is preferred; by proximity when not given.' },
      ),
    ),
    pick: Type.Optional(
      Type.Object(
        {
          by: Type.Optional(
            Type.Enum(['weighted', 'round-robin', 'least-connections', 'all'], {
              default: 'weighted',
              description: 'How one of the best clusters that can serve is chosen.',
            }),
          ),
          answers: Type.Optional(
            Type.Integer({ minimum: 1, maximum: MAX_ANSWERS, description: 'Addresses in one answer.' }),
          ),
          shed: Type.Optional(
            Type.Object(
              {
                low: Type.Optional(shareSchema({ default: '80%', description: 'Below it all traffic stays.' })),
                high: Type.Optional(shareSchema({ default: '100%', description: 'From there on none does.' })),
              },
              { additionalProperties: false, description: 'Shares of capacity between which traffic moves on.' },
            ),
          ),
        },
        { additionalProperties: false, description: 'Who is used now, among those preferred.' },
      ),
    ),
    lastResort: Type.Optional(
      Type.Union(
        [
          Type.Enum(['fail-open', 'refuse']),
          Type.Object(
            { cluster: Type.String({ title: 'the id of a cluster', examples: ['web-eu'], maxLength: 63 }) },
            { additionalProperties: false },
          ),
        ],
        {
          title: 'a last resort: fail-open, refuse or {cluster: id}',
          default: 'fail-open',
          description: 'What is answered when no cluster can serve.',
        },
      ),
    ),
    https: bindings(
      '1 . alpn=h2,h3',
      'Its HTTPS records (RFC 9460). Those whose target is "." get ipv4hint and ipv6hint of the clusters that the client is sent to, unless they state hints themselves.',
    ),
    svcb: bindings('1 . alpn=dot port=853', 'Its SVCB records, likewise: for names such as _dns.resolver.'),
  },
  { additionalProperties: false, description: 'A steered DNS name.' },
);
export type ServiceDocument = Static<typeof ServiceSchema>;
export type RankRuleDocument = NonNullable<ServiceDocument['rank']>[number];
