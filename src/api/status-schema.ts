// The shapes of what status.ts answers, for the OpenAPI document; tests hold the answers to them.

import { type Static, Type } from 'typebox';
import { STRANGER_PROBLEMS } from '../health/admission.ts';
import { MAX_RISES } from '../health/liveness.ts';
import { CLUSTER_STATES, ENDPOINT_STATES } from './describe-status.ts';
import { MomentSchema, pageSchema } from './route-schema.ts';

const LoadSchema = Type.Object({
  connections: Type.Optional(Type.Number()),
  capacity: Type.Optional(Type.Number()),
  utilisation: Type.Optional(Type.Number()),
  ageSeconds: Type.Integer(),
  fresh: Type.Boolean({ description: 'False: the report is too old, and does not count.' }),
});

const VoteSchema = Type.Object({
  vantage: Type.String(),
  worker: Type.String(),
  vote: Type.Enum(['up', 'down', 'suspect', 'abstain']),
  reason: Type.String(),
  fresh: Type.Boolean({ description: 'False: the worker fell silent, and its vote does not count.' }),
  aside: Type.Optional(
    Type.Literal(true, { description: 'The vantage disagrees with the others on most targets: it does not count.' }),
  ),
  since: Type.String({ description: 'When this process first saw this vote.', format: 'date-time' }),
  share: Type.Optional(Type.Number({ description: 'Percent of its weight that the endpoint asks for.' })),
});

const TargetStatusSchema = Type.Object({
  monitor: Type.String(),
  verdict: Type.Enum(['up', 'down', 'unknown']),
  since: Type.Optional(MomentSchema),
  reason: Type.Optional(
    Type.String({ description: 'Why it turned, or holds: what the vantages say, and the quorum.' }),
  ),
  frozen: Type.Optional(Type.Boolean({ description: 'Too few vantages speak for it to turn.' })),
  votes: Type.Array(VoteSchema),
});

export const EndpointStatusSchema = Type.Object({
  cluster: Type.String(),
  endpoint: Type.String(),
  region: Type.String(),
  address: Type.String({ description: 'What clients get: an address, or a target name.' }),
  state: Type.Enum([...ENDPOINT_STATES]),
  verdict: Type.Enum(['up', 'down', 'unknown', 'unmonitored']),
  why: Type.String(),
  heldUntil: Type.Optional(
    Type.String({ format: 'date-time', description: 'The removal brake holds it as it was, until then at most.' }),
  ),
  weightShare: Type.Optional(
    Type.Number({
      description: 'Of its weight, 0 to 1: it is coming back, or asks for less. All of it when not there.',
    }),
  ),
  since: Type.Optional(MomentSchema),
  votes: Type.Array(VoteSchema),
  targets: Type.Array(TargetStatusSchema, { description: 'What each monitor of its cluster says, on its own.' }),
  load: Type.Optional(LoadSchema),
});

export const EndpointPageSchema = pageSchema(EndpointStatusSchema, 'A page of endpoints.');

const WorkerStatusSchema = Type.Object({
  worker: Type.String(),
  alive: Type.Boolean(),
  lastSeen: Type.Optional(MomentSchema),
  signed: Type.Boolean({ description: 'Its votes are signed, and the signature is that of `publicKey`.' }),
  publicKey: Type.Optional(Type.String()),
  abstention: Type.Optional(
    Type.Object(
      {
        all: Type.Boolean({ description: 'It trusts none of its checks.' }),
        votes: Type.Integer(),
        abstained: Type.Integer({ description: 'Of its votes.' }),
        reasons: Type.Array(Type.String(), {
          description: 'In its own words, the most frequent first; three at most.',
        }),
      },
      { description: 'Not there: it abstains from nothing.' },
    ),
  ),
  epochRises: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: `How often it took a new epoch within the last minute, ${MAX_RISES} at most. Once is a start; again and again: it ends as often, or two processes have its name.`,
    }),
  ),
});

const RefusedWorkerSchema = Type.Object({
  worker: Type.String(),
  problem: Type.Enum([...STRANGER_PROBLEMS], {
    description:
      'unlisted: it signs for itself, and the configuration does not list it. other-key: it is listed, with another key. unsigned: it shows no key. bad-signature: its key did not sign what it says.',
  }),
  publicKey: Type.Optional(
    Type.String({ description: 'The key that it shows, as it would stand in `workers` of the vantage.' }),
  ),
  lastSeen: MomentSchema,
});

const VantageStatusSchema = Type.Object({
  id: Type.String(),
  group: Type.Optional(Type.String()),
  aside: Type.Boolean({
    description:
      'It calls most targets down of which the others say up: its words count as none until it agrees again.',
  }),
  admits: Type.Enum(['anybody', 'listed'], {
    description:
      'Whose votes count: those of whoever says that it is there, or of the listed workers, signed by their keys.',
  }),
  workers: Type.Array(WorkerStatusSchema),
  refused: Type.Array(RefusedWorkerSchema, {
    description: 'Who says that it is there and was refused within the last minute, as this process saw it.',
  }),
});

export const VantageListSchema = Type.Object({ items: Type.Array(VantageStatusSchema) });

const ClusterStatusSchema = Type.Object({
  id: Type.String(),
  monitor: Type.Optional(Type.String({ description: 'Where it has one only.' })),
  monitors: Type.Array(Type.String()),
  state: Type.Enum([...CLUSTER_STATES], {
    description:
      'drained: out of service by the word of an operator alone. degraded: serves one address family of two.',
  }),
  families: Type.Array(
    Type.Object({
      family: Type.Enum(['A', 'AAAA', 'CNAME']),
      total: Type.Integer(),
      up: Type.Integer(),
      needed: Type.Integer(),
      serving: Type.Boolean(),
    }),
  ),
  clientShare: Type.Optional(
    Type.Number({
      description: 'Of its clients, 0 to 1: all of it was down, and it is coming back. All when not there.',
    }),
  ),
  load: Type.Optional(LoadSchema),
  endpoints: Type.Array(EndpointStatusSchema),
});

export type StatusDocument = Static<typeof StatusSchema>;
export const StatusSchema = Type.Object({
  healthy: Type.Boolean({
    description: 'All that should serve does, by the newest configuration, and every vantage has a worker.',
  }),
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  frozen: Type.Object(
    { most: Type.Boolean(), verdicts: Type.Integer() },
    { description: 'Verdicts that cannot turn, for too few vantages speak; and whether that is most of them.' },
  ),
  revision: Type.String(),
  database: Type.Object({ name: Type.String(), attribution: Type.String() }),
  regions: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      location: Type.Object({ latitude: Type.Number(), longitude: Type.Number() }),
      state: Type.Enum(['enabled', 'draining', 'disabled']),
      clusters: Type.Array(ClusterStatusSchema),
    }),
  ),
  services: Type.Array(
    Type.Object({
      name: Type.String(),
      zone: Type.String(),
      ttl: Type.Object({ min: Type.Integer(), max: Type.Integer() }, { description: 'Seconds.' }),
      clusters: Type.Array(Type.String()),
      serving: Type.Boolean(),
    }),
  ),
  vantages: Type.Array(VantageStatusSchema),
  overrides: Type.Array(
    Type.Object({
      kind: Type.Enum(['regions', 'clusters', 'endpoints']),
      id: Type.String(),
      state: Type.Enum(['force-down', 'drain', 'force-up']),
      reason: Type.String(),
      author: Type.String(),
      expiresAt: Type.Optional(MomentSchema),
    }),
  ),
});

export const ExplanationSchema = Type.Object({
  question: Type.Object({ name: Type.String(), type: Type.String() }),
  client: Type.Object({
    address: Type.String(),
    prefixLength: Type.Integer(),
    from: Type.Enum(['subnet', 'source']),
    country: Type.Optional(Type.String()),
    subdivision: Type.Optional(Type.String()),
    latitude: Type.Optional(Type.Number()),
    longitude: Type.Optional(Type.Number()),
  }),
  zone: Type.Optional(Type.String()),
  service: Type.Optional(Type.String()),
  preference: Type.Array(
    Type.Object({
      cluster: Type.String(),
      region: Type.String(),
      tier: Type.Integer(),
      distanceKm: Type.Optional(Type.Number()),
    }),
  ),
  considered: Type.Array(Type.String(), { description: 'Clusters that were looked at, in this order.' }),
  endpoints: Type.Array(EndpointStatusSchema, {
    description: 'Those of the clusters that were looked at: verdicts, who said what and why, brake and weight.',
  }),
  steps: Type.Array(Type.Object({ step: Type.String(), text: Type.String() })),
  answer: Type.Object({
    rcode: Type.String(),
    records: Type.Array(
      Type.Object({ name: Type.String(), type: Type.String(), ttl: Type.Integer(), data: Type.String() }),
    ),
    scope: Type.Optional(Type.Integer()),
    reason: Type.String(),
  }),
});
