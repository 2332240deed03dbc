// A snapshot: everything that answers depend on and that does not change with health or load, compiled into flat arrays
// over shared memory. Immutable; built whole, swapped whole. What changes by the second stands beside it, in State.
//
//   zones    hash of an apex → zone → image (zone-image.ts): hash of a name → node → RRsets, delegation, wildcard, service
//   services → clusters → endpoints      service → ranking, pick, TTL, last resort
//   rankings client prefix → preference list (positions in the service's list of clusters)

import type { SignatureTable } from '../dnssec/signature-table.ts';
import type { Address, Prefix } from '../model/address.ts';
import { FAMILY_BITS } from '../model/family-bits.ts';
import type { RankMap } from '../steering/run-map.ts';
import type { ZoneImage } from './zone-image.ts';

/** An index that points nowhere: the same as in zone/draft-nodes.ts, which says why it is negative. */
export const NONE = -1;

export type Snapshot = {
  readonly zones: ZoneTable;
  /** Of the SOA of every zone. */
  readonly serial: number;
  readonly services: ServiceTable;
  readonly clusters: ClusterTable;
  readonly endpoints: EndpointTable;
  readonly rankings: readonly RankMap[];
  /** Signatures of what is likely to be answered and is not signed with its zone. */
  readonly ahead: SignatureTable;
};

export type ZoneTable = {
  readonly names: readonly string[];
  readonly images: readonly ZoneImage[];
  /** Open addressing, linear probing, a power of two of slots: zone + 1, or 0. */
  readonly apexSlots: Int32Array;
  /** Labels of the apex that has most. */
  readonly deepestApex: number;
  /** Services of zone z, as its image numbers them: `services[serviceStarts[z] + steered]`. */
  readonly serviceStarts: Int32Array;
  readonly services: Int32Array;
  /** Who may copy each zone; undefined: nobody. */
  readonly transfers: readonly (readonly CompiledRule[] | undefined)[];
  /** From where each zone is copied; undefined: from nowhere. */
  readonly primaries: readonly (readonly CompiledPrimary[] | undefined)[];
};

/** A rule on who may copy a zone: both of what it names must hold. */
export type CompiledRule = { readonly key: string | undefined; readonly prefix: Prefix | undefined };

/** `key`: the name of the key with which all that comes from there must be signed. */
export type CompiledPrimary = { readonly address: Address; readonly key: string | undefined };

export const FAMILY_A = FAMILY_BITS.A;
export const FAMILY_AAAA = FAMILY_BITS.AAAA;
export const FAMILY_CNAME = FAMILY_BITS.CNAME;

export const LAST_RESORT_FAIL_OPEN = 0;
export const LAST_RESORT_REFUSE = 1;
export const LAST_RESORT_CLUSTER = 2;

export type ServiceTable = {
  readonly ids: readonly string[];
  readonly zones: Int32Array;
  readonly rankings: Int32Array;
  /** Clusters of service s, by position: `clusters[clusterStarts[s] + position]`. */
  readonly clusterStarts: Int32Array;
  readonly clusters: Int32Array;
  /** What any cluster of it can ever answer with. */
  readonly families: Uint8Array;
  readonly picks: Uint8Array;
  /** 0: as many as the balance gives. */
  readonly answerCounts: Uint8Array;
  readonly shedLows: Float32Array;
  readonly shedHighs: Float32Array;
  readonly ttlMins: Int32Array;
  readonly ttlMaxs: Int32Array;
  readonly lastResorts: Uint8Array;
  /** Position of the last-resort cluster, or NONE. */
  readonly lastResortPositions: Int32Array;
  readonly bindings: BindingTable;
};

/** HTTPS and SVCB records of services: the parts between which hints of addresses are put when they are answered. */
export type BindingTable = {
  /** HTTPS of service s: records `starts[2 s]` up to `starts[2 s + 1]`; SVCB: from there up to `starts[2 s + 2]`. */
  readonly starts: Int32Array;
  /** Record r: `data[dataStarts[r] .. dataStarts[r + 1])`. */
  readonly dataStarts: Int32Array;
  /** Where in `data` the hints of record r belong: IPv4 at `hintPlaces[2 r]`, IPv6 at `hintPlaces[2 r + 1]`; NONE: it takes none. */
  readonly hintPlaces: Int32Array;
  readonly data: Uint8Array;
};

export type ClusterTable = {
  readonly ids: readonly string[];
  readonly regions: readonly string[];
  /** Endpoints of cluster c: `endpointStarts[c]` up to `endpointStarts[c + 1]`. */
  readonly endpointStarts: Int32Array;
  readonly families: Uint8Array;
  /** PICK_* of load/choose.ts: the same algorithms serve both levels. */
  readonly balances: Uint8Array;
  /** NONE: the sum of the weights of its serving endpoints. */
  readonly weights: Int32Array;
};

export type EndpointTable = {
  /** `cluster/endpoint`. */
  readonly ids: readonly string[];
  readonly clusters: Int32Array;
  /** One of FAMILY_*. */
  readonly families: Uint8Array;
  readonly weights: Uint16Array;
  /** Record data: 4 bytes, 16 bytes, or a name. */
  readonly dataStarts: Int32Array;
  readonly dataLengths: Uint16Array;
  readonly data: Uint8Array;
};
