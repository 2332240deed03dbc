// A cluster: the servers that offer one service in one region, and how answers are spread over them.

import { type Static, Type } from 'typebox';
import { MAX_CAPACITY, MAX_ENDPOINTS_PER_CLUSTER, MAX_MONITORS_PER_CLUSTER, MAX_WEIGHT } from './limits.ts';
import { addressSchema, IdSchema, nameSchema } from './scalar.ts';

export type Balance = 'all' | 'round-robin' | 'weighted' | 'least-connections';

/** At least so many endpoints, or at least such a share (0..1) of them, of one address family. */
export type MinHealthy = { readonly count: number } | { readonly share: number };

/** How many of the monitors of an endpoint must not say down. */
export type HealthyWhen = 'all' | 'any' | { readonly atLeast: number };

export type EndpointTarget =
  | { readonly family: 'A' | 'AAAA'; readonly address: string }
  | { readonly family: 'CNAME'; readonly target: string };

export type Endpoint = {
  readonly id: string;
  readonly target: EndpointTarget;
  /** 0..65535; 0 gets traffic only when nothing else can serve. */
  readonly weight: number;
  /** Connections that it can hold; absent means that nobody said. */
  readonly capacity?: number;
  /** Where monitors connect, when that is not the address that clients get. */
  readonly check: { readonly address?: string; readonly port?: number };
};

export type Cluster = {
  readonly id: string;
  readonly region: string;
  /** Empty: the cluster counts as healthy. */
  readonly monitors: readonly string[];
  readonly healthyWhen: HealthyWhen;
  readonly balance: Balance;
  readonly minHealthy: MinHealthy;
  /** Absent: the sum of the weights of its serving endpoints. */
  readonly weight?: number;
  /** Connections that it can hold; absent: the sum of its endpoints' capacities where all of them state one. */
  readonly capacity?: number;
  /** All addresses, or all targets: never mixed. */
  readonly endpoints: readonly Endpoint[];
};

const WEIGHT = { minimum: 0, maximum: MAX_WEIGHT };
const CAPACITY = { minimum: 1, maximum: MAX_CAPACITY };

export const EndpointSchema = Type.Object(
  {
    id: IdSchema,
    address: Type.Optional(
      addressSchema({ description: 'What clients get: an A or AAAA record. Or else give a target.' }),
    ),
    target: Type.Optional(
      nameSchema({
        title: 'a full host name',
        examples: ['lb-1.example.net'],
        description: 'What clients get instead of an address: a CNAME record to this full name.',
      }),
    ),
    weight: Type.Optional(
      Type.Integer({ ...WEIGHT, default: 100, description: '0 gets traffic only when nothing else can serve.' }),
    ),
    capacity: Type.Optional(Type.Integer({ ...CAPACITY, description: 'Connections that it can hold.' })),
    check: Type.Optional(
      Type.Object(
        {
          address: Type.Optional(addressSchema({})),
          port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
        },
        { additionalProperties: false, description: 'Where monitors connect, when that is not what clients get.' },
      ),
    ),
  },
  { additionalProperties: false, description: 'One address or target name of a cluster.' },
);
export type EndpointDocument = Static<typeof EndpointSchema>;

export const ClusterSchema = Type.Object(
  {
    id: IdSchema,
    region: Type.String({ title: 'the id of a region', examples: ['eu-west'], maxLength: 63 }),
    monitor: Type.Optional(
      Type.String({
        title: 'the id of a monitor',
        examples: ['web'],
        maxLength: 63,
        description: 'How its endpoints are checked; without one the cluster counts as healthy.',
      }),
    ),
    monitors: Type.Optional(
      Type.Array(Type.String({ title: 'the id of a monitor', examples: ['web'], maxLength: 63 }), {
        minItems: 1,
        maxItems: MAX_MONITORS_PER_CLUSTER,
        description: 'Several monitors, instead of `monitor`: each checks every endpoint.',
      }),
    ),
    healthyWhen: Type.Optional(
      Type.Union(
        [
          Type.Enum(['all', 'any']),
          Type.Object(
            { atLeast: Type.Integer({ minimum: 1, maximum: MAX_MONITORS_PER_CLUSTER }) },
            { additionalProperties: false },
          ),
        ],
        {
          title: 'which monitors count: all, any or {atLeast: number}',
          default: 'all',
          description: 'An endpoint is healthy while so many of its monitors do not say down.',
        },
      ),
    ),
    balance: Type.Optional(
      Type.Enum(['all', 'round-robin', 'weighted', 'least-connections'], {
        description: 'How answers are spread over its endpoints: all when not given, weighted for targets.',
      }),
    ),
    minHealthy: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: MAX_ENDPOINTS_PER_CLUSTER }), Type.String({ maxLength: 16 })], {
        title: 'a number of endpoints, or a percentage of them',
        examples: [1, '50%'],
        default: 1,
        description: 'The cluster is healthy while so many endpoints, or such a share, of one address family are.',
      }),
    ),
    weight: Type.Optional(
      Type.Integer({
        ...WEIGHT,
        description: 'Among clusters that are equally preferred; the sum of its endpoints when not given.',
      }),
    ),
    capacity: Type.Optional(Type.Integer({ ...CAPACITY, description: 'Connections that it can hold.' })),
    endpoints: Type.Array(EndpointSchema, { minItems: 1, maxItems: MAX_ENDPOINTS_PER_CLUSTER }),
  },
  { additionalProperties: false, description: 'The servers that offer one service in one region.' },
);
export type ClusterDocument = Static<typeof ClusterSchema>;
