// Totals of the answer threads' counters. Counters are laid out for one snapshot; when the next one comes, what was
// counted under the old one is added to totals that go by names, so that nothing is lost by a change of configuration.

import {
  COUNTED_RCODES,
  COUNTED_TYPES,
  type Counters,
  DROP_CAUSES,
  DURATION_BUCKETS,
  FAMILIES,
  PROTOCOLS,
} from '../answer/counters.ts';
import { REASONS } from '../answer/decide.ts';
import { NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { formatResponseCode } from '../wire/record-types.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelledCount = { readonly labels: Labels; readonly value: number };
export type CounterFamily = 'requests' | 'responses' | 'answers' | 'dropped';

export class CounterTotals {
  readonly #absorbed: Record<CounterFamily, Map<string, { labels: Labels; value: number }>> = {
    requests: new Map(),
    responses: new Map(),
    answers: new Map(),
    dropped: new Map(),
  };
  #durations = new Float64Array(DURATION_BUCKETS.length + 2);
  #live: { readonly snapshot: Snapshot; readonly counters: Counters } | undefined;

  /** Counts are also taken from these from now on. */
  follow(snapshot: Snapshot, counters: Counters): void {
    this.#live = { snapshot, counters };
  }

  /** Adds what was counted for good: nobody may count there any more. */
  absorb(snapshot: Snapshot, counters: Counters): void {
    for (const family of FAMILIES_OF_COUNTERS) {
      for (const { labels, value } of labelCounts(family, snapshot, counters)) {
        const key = Object.values(labels).join('\0');
        const known = this.#absorbed[family].get(key);
        if (known === undefined) this.#absorbed[family].set(key, { labels, value });
        else known.value += value;
      }
    }
    for (const [index, value] of counters.durations.entries()) {
      this.#durations[index] = (this.#durations[index] ?? 0) + value;
    }
  }

  /** Every count that is not 0, with its labels. */
  read(family: CounterFamily): LabelledCount[] {
    const totals = new Map(Array.from(this.#absorbed[family], ([key, count]) => [key, { ...count }]));
    const live = this.#live === undefined ? [] : labelCounts(family, this.#live.snapshot, this.#live.counters);
    for (const { labels, value } of live) {
      const key = Object.values(labels).join('\0');
      const known = totals.get(key);
      if (known === undefined) totals.set(key, { labels, value });
      else known.value += value;
    }
    return [...totals.values()];
  }

  /** Counts per bucket (not summed up), and the sum in seconds. */
  readDurations(): { counts: Float64Array; sum: number } {
    const total = this.#durations.map((value, index) => value + (this.#live?.counters.durations[index] ?? 0));
    return { counts: total.subarray(0, -1), sum: total.at(-1) ?? 0 };
  }
}

const FAMILIES_OF_COUNTERS: readonly CounterFamily[] = ['requests', 'responses', 'answers', 'dropped'];

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
  let service = 0;
  while ((services.clusterStarts[service + 1] ?? NONE) <= slot) service++;
  const reason = REASONS[index % REASONS.length] ?? '';
  // A refusal is nobody's answer, and neither is none at all.
  const cluster = reason === 'refused' || reason === 'no-data' ? '' : (clusters.ids[services.clusters[slot] ?? NONE] ?? '');
  return { service: services.ids[service] ?? '', cluster, reason };
}

/** Empty for what is in none of our zones. */
function zoneName({ zones }: Snapshot, zone: number): string {
  return zones.names[zone] ?? '';
}
