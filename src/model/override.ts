// An override: an operator's word about a region, a cluster or an endpoint, above whatever the monitors say.

import { type Static, Type } from 'typebox';
import { textSchema } from './scalar.ts';

/** In falling strength: force-down > drain > force-up > what the verdicts say. */
export type OverrideState = 'force-down' | 'drain' | 'force-up';

export type OverrideKind = 'regions' | 'clusters' | 'endpoints';

export type Override = {
  readonly kind: OverrideKind;
  /** A region's or cluster's id; an endpoint's is `cluster/endpoint`. */
  readonly id: string;
  readonly state: OverrideState;
  readonly reason: string;
  readonly author: string;
  /** Milliseconds since 1970 UTC; absent: until cleared. */
  readonly expiresAtMs?: number;
};

export const OverrideSchema = Type.Object(
  {
    kind: Type.Enum(['regions', 'clusters', 'endpoints'], { description: 'What the override is about.' }),
    id: Type.String({
      title: 'the id of a region or cluster, or cluster/endpoint',
      examples: ['eu-west', 'web-eu/a'],
      pattern: '^[a-z0-9][a-z0-9-]{0,62}(/[a-z0-9][a-z0-9-]{0,62})?$',
      description: 'The id of the region or cluster; of an endpoint, cluster/endpoint.',
    }),
    state: Type.Enum(['force-down', 'drain', 'force-up'], {
      description:
        'force-down: hand out nothing of it. drain: only while nothing else serves. force-up: count it healthy.',
    }),
    reason: textSchema({ description: 'Why: for whoever finds this override later.' }),
    author: textSchema({ description: 'Who set it.' }),
    expiresAt: Type.Optional(
      Type.String({
        title: 'a moment in ISO 8601 with its offset from UTC',
        examples: ['2026-01-31T18:00:00Z'],
        maxLength: 40,
        description: 'From then on the override is as if cleared; absent: until somebody clears it.',
      }),
    ),
  },
  { additionalProperties: false, description: "An operator's word, above whatever the monitors say." },
);
export type OverrideDocument = Static<typeof OverrideSchema>;
