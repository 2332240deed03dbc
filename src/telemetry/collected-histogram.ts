// A histogram whose buckets are counted elsewhere, in shared memory. prom-client's own can only observe values one by
// one; this takes its place in the registry and hands over counts that were read at the time of the scrape.

import { Histogram, type HistogramConfiguration } from 'prom-client';

/** One series: how many observations fell in each bucket (not cumulative; one more than bounds), and their sum. */
export type HistogramReading = { readonly counts: ArrayLike<number>; readonly sum: number };

type CollectReadings = (set: (reading: HistogramReading, labels?: Readonly<Record<string, string>>) => void) => void;

type Options = {
  readonly name: string;
  readonly help: string;
  readonly bounds: readonly number[];
  readonly labelNames: string[];
  readonly collect: CollectReadings;
};

type Sample = { metricName: string; labels: Record<string, string | number>; value: number; sharedLabels: object };

export class CollectedHistogram extends Histogram<string> {
  readonly #options: Options;

  constructor(options: Options) {
    const { name, help, bounds, labelNames } = options;
    const configuration: HistogramConfiguration<string> = {
      name,
      help,
      labelNames,
      buckets: [...bounds],
      registers: [],
    };
    super(configuration);
    this.#options = options;
  }

  /** What the registry asks for when it writes text; `get()` of prom-client builds on it too. */
  async getForPromString() {
    const { name, help, bounds, collect } = this.#options;
    const values: Sample[] = [];
    collect((reading, labels = {}) => values.push(...samplesOf(name, bounds, reading, labels)));
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

/** The exposition format wants cumulative counts: bucket `le` holds everything up to and including its bound. */
function samplesOf(
  name: string,
  bounds: readonly number[],
  { counts, sum }: HistogramReading,
  labels: Readonly<Record<string, string>>,
): Sample[] {
  const sharedLabels = {};
  let cumulative = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    cumulative += counts[index] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : bound;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulative, sharedLabels };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum, sharedLabels },
    { metricName: `${name}_count`, labels, value: cumulative, sharedLabels },
  ];
}
