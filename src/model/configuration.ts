// The whole configuration: what traffic should do. One schema serves file, API, store and console.

import { type Static, Type } from 'typebox';
import { type Cluster, ClusterSchema } from './cluster.ts';
import * as limits from './limits.ts';
import { type Monitor, MonitorSchema } from './monitor.ts';
import { type Override, OverrideSchema } from './override.ts';
import { type Region, RegionSchema } from './region.ts';
import { type Service, ServiceSchema } from './service.ts';
import { type Vantage, VantageSchema } from './vantage.ts';
import { type Zone, type ZoneHead, ZoneSchema } from './zone.ts';

/** Parsed: defaults filled in, every reference checked. What the document says is in the schemas beside the types. */
export type Configuration = {
  /** Without their records, which only answering needs: by the million, they are read where they are compiled. */
  readonly zones: readonly ZoneHead[];
  readonly regions: readonly Region[];
  readonly vantages: readonly Vantage[];
  readonly monitors: readonly Monitor[];
  readonly clusters: readonly Cluster[];
  readonly services: readonly Service[];
  readonly overrides: readonly Override[];
};

/** With everything that the document says. */
export type WholeConfiguration = Omit<Configuration, 'zones'> & { readonly zones: readonly Zone[] };

export const ConfigurationSchema = Type.Object(
  {
    zones: Type.Array(ZoneSchema, { maxItems: limits.MAX_ZONES }),
    regions: Type.Optional(Type.Array(RegionSchema, { maxItems: limits.MAX_REGIONS })),
    vantages: Type.Optional(
      Type.Array(VantageSchema, {
        minItems: 1,
        maxItems: limits.MAX_VANTAGES,
        description: 'One with the id local when not given.',
      }),
    ),
    monitors: Type.Optional(Type.Array(MonitorSchema, { maxItems: limits.MAX_MONITORS })),
    clusters: Type.Optional(Type.Array(ClusterSchema, { maxItems: limits.MAX_CLUSTERS })),
    services: Type.Optional(Type.Array(ServiceSchema, { maxItems: limits.MAX_SERVICES })),
    overrides: Type.Optional(Type.Array(OverrideSchema, { maxItems: limits.MAX_OVERRIDES })),
  },
  { additionalProperties: false, description: 'What traffic should do: one document for file, API and store.' },
);
export type ConfigurationDocument = Static<typeof ConfigurationSchema>;
