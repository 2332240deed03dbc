// Totals of the answer threads' counters. Counters are laid out for one snapshot; when the next one comes, what was
// counted under the old one is added to totals that go by names, so that nothing is lost by a change of configuration.

import {
  CONNECTION_EVENTS,
  COUNTED_RCODES,
  COUNTED_TYPES,
  type Counters,
  DROP_CAUSES,
  DURATION_BUCKETS,
  FAMILIES,
  HINT_OUTCOMES,
  LIMIT_ACTIONS,
  PROTOCOLS,
  SIGNATURE_OUTCOMES,
  SILENCE_CAUSES,
  TRANSFER_OUTCOMES,
} from '../answer/counters.ts';
import { REASONS } from '../answer/decision.ts';
import { NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { formatResponseCode } from '../wire/record-types.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelledCount = { readonly labels: Labels; readonly value: number };
export type CounterFamily =
  | 'requests'
  | 'responses'
  | 'answers'
  | 'dropped'
  | 'connections'
  | 'limited'
  | 'silenced'
  | 'signatures'
  | 'transfers'
  | 'hints';

type Totals = Map<string, { readonly labels: Labels; value: number }>;

/**
 * Of what is no longer configured, so many counts of each family are kept, those that are longest known going first: a zone that is
 * taken away and comes back goes on counting, and one after the other for years does not fill the memory.
 */
export const MAX_GONE_COUNTS = 10_000;

export class CounterTotals {
  readonly #absorbed: Record<CounterFamily, Totals> = {
    requests: new Map(),
    responses: new Map(),
    answers: new Map(),
    dropped: new Map(),
    signatures: new Map(),
    transfers: new Map(),
    hints: new Map(),
    connections: new Map(),
    limited: new Map(),
    silenced: new Map(),
  };
  readonly #durations = new Float64Array(DURATION_BUCKETS.length + 2);
  /** Two during a swap: the answer threads may still count under the old snapshot while the new one is on its way. */
  readonly #live = new Map<Counters, Snapshot>();

  /** Counts are also taken from these from now on, until they are absorbed. */
  follow(snapshot: Snapshot, counters: Counters): void {
    this.#live.set(counters, snapshot);
  }

  /** Adds what was counted for good: nobody may count there any more. */
  absorb(counters: Counters): void {
    const snapshot = this.#live.get(counters);
    if (snapshot === undefined) return;
    this.#live.delete(counters);
    for (const family of FAMILIES_OF_COUNTERS) {
      addCounts(this.#absorbed[family], labelCounts(family, snapshot, counters));
    }
    addDurations(this.#durations, counters);
    this.#forgetGone();
  }

  #forgetGone(): void {
    const isLarge = FAMILIES_OF_COUNTERS.some((family) => this.#absorbed[family].size > MAX_GONE_COUNTS);
    const newest = [...this.#live.values()].at(-1);
    if (!isLarge || newest === undefined) return;
    const { zones, services, clusters } = newest;
    const known = {
      zone: new Set(['', ...zones.names]),
      service: new Set(services.ids),
      cluster: new Set(['', ...clusters.ids]),
    };
    for (const family of FAMILIES_OF_COUNTERS) {
      const gone = Array.from(this.#absorbed[family]).filter(([, { labels }]) => !isConfigured(labels, known));
      for (const [key] of gone.slice(0, Math.max(0, gone.length - MAX_GONE_COUNTS))) this.#absorbed[family].delete(key);
    }
  }

  /** Every count that is not 0, with its labels. */
  read(family: CounterFamily): LabelledCount[] {
    const totals = new Map(Array.from(this.#absorbed[family], ([key, count]) => [key, { ...count }]));
    for (const [counters, snapshot] of this.#live) addCounts(totals, labelCounts(family, snapshot, counters));
    return [...totals.values()];
  }

  /** Counts per bucket (not summed up), and the sum in seconds. */
  readDurations(): { counts: Float64Array; sum: number } {
    const total = this.#durations.slice();
    for (const counters of this.#live.keys()) addDurations(total, counters);
    return { counts: total.subarray(0, -1), sum: total.at(-1) ?? 0 };
  }
}

type LabelsInUse = Readonly<Record<'zone' | 'service' | 'cluster', ReadonlySet<string>>>;

function isConfigured({ zone, service, cluster }: Labels, known: LabelsInUse): boolean {
  return (
    (zone === undefined || known.zone.has(zone)) &&
    (service === undefined || known.service.has(service)) &&
    (cluster === undefined || known.cluster.has(cluster))
  );
}

const FAMILIES_OF_COUNTERS: readonly CounterFamily[] = [
  'requests',
  'responses',
  'answers',
  'dropped',
  'connections',
  'limited',
  'silenced',
  'signatures',
  'transfers',
  'hints',
];

function addCounts(totals: Totals, counts: readonly LabelledCount[]): void {
  for (const { labels, value } of counts) {
    const key = Object.values(labels).join('\0');
    const known = totals.get(key);
    if (known === undefined) totals.set(key, { labels, value });
    else known.value += value;
  }
}

function addDurations(totals: Float64Array, { durations }: Counters): void {
  for (const [index, value] of durations.entries()) totals[index] = (totals[index] ?? 0) + value;
}

function labelCounts(family: CounterFamily, snapshot: Snapshot, counters: Counters): LabelledCount[] {
  const label = LABELLERS[family];
  const counts: LabelledCount[] = [];
  for (const [index, value] of counters[family].entries()) {
    if (value !== 0) counts.push({ labels: label(snapshot, index), value });
  }
  return counts;
}

const LABELLERS: Readonly<Record<CounterFamily, (snapshot: Snapshot, index: number) => Labels>> = {
  requests: labelRequest,
  responses: (snapshot, index) => ({
    zone: zoneName(snapshot, Math.floor(index / COUNTED_RCODES)),
    rcode: formatResponseCode(index % COUNTED_RCODES),
  }),
  answers: labelAnswer,
  dropped: (_snapshot, index) => ({ cause: DROP_CAUSES[index] ?? 'other' }),
  signatures: (_snapshot, index) => ({ outcome: SIGNATURE_OUTCOMES[index] ?? 'other' }),
  transfers: (_snapshot, index) => ({ outcome: TRANSFER_OUTCOMES[index] ?? 'other' }),
  hints: (_snapshot, index) => ({ outcome: HINT_OUTCOMES[index] ?? 'other' }),
  connections: (_snapshot, index) => ({
    proto: PROTOCOLS[Math.floor(index / CONNECTION_EVENTS.length)] ?? '',
    event: CONNECTION_EVENTS[index % CONNECTION_EVENTS.length] ?? '',
  }),
  limited: (snapshot, index) => ({
    zone: zoneName(snapshot, Math.floor(index / LIMIT_ACTIONS.length)),
    action: LIMIT_ACTIONS[index % LIMIT_ACTIONS.length] ?? '',
  }),
  silenced: (snapshot, index) => ({
    zone: zoneName(snapshot, Math.floor(index / SILENCE_CAUSES.length)),
    cause: SILENCE_CAUSES[index % SILENCE_CAUSES.length] ?? '',
  }),
};

function labelRequest(snapshot: Snapshot, index: number): Labels {
  const type = index % COUNTED_TYPES.length;
  const family = Math.floor(index / COUNTED_TYPES.length) % FAMILIES.length;
  const protocol = Math.floor(index / (COUNTED_TYPES.length * FAMILIES.length)) % PROTOCOLS.length;
  const zone = Math.floor(index / (COUNTED_TYPES.length * FAMILIES.length * PROTOCOLS.length));
  return {
    zone: zoneName(snapshot, zone),
    proto: PROTOCOLS[protocol] ?? '',
    family: FAMILIES[family] ?? '',
    type: COUNTED_TYPES[type] ?? '',
  };
}

function labelAnswer({ services, clusters }: Snapshot, index: number): Labels {
  const slot = Math.floor(index / REASONS.length);
  const service = findService(services.clusterStarts, slot);
  const reason = REASONS[index % REASONS.length] ?? '';
  // A refusal is nobody's answer, and neither is none at all.
  const cluster =
    reason === 'refused' || reason === 'no-data' ? '' : (clusters.ids[services.clusters[slot] ?? NONE] ?? '');
  return { service: services.ids[service] ?? '', cluster, reason };
}

/** The last that starts at the slot or before: those that start where the next one does have no cluster. */
function findService(starts: ArrayLike<number>, slot: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? NONE) <= slot) low = middle;
    else high = middle;
  }
  return low;
}

/** Empty for what is in none of our zones. */
function zoneName({ zones }: Snapshot, zone: number): string {
  return zones.names[zone] ?? '';
}
