// Metrics for Prometheus. Whoever counts keeps plain typed arrays and is read when Prometheus asks (`collect`): counting
// on an answer thread is then one integer added in shared memory. prom-client writes the exposition format.
// Every metric stands in docs/metrics.md; a test holds that.

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { CollectedHistogram, type HistogramReading } from './collected-histogram.ts';

/** Series of one metric. Label values come from the configuration, so that more means a fault, not a large site. */
export const MAX_SERIES_PER_METRIC = 20_000;

export type Labels = Readonly<Record<string, string>>;

/** Calls `set` once per series with the value of now; counters give their running total since the process started. */
export type Collect<Reading> = (set: (reading: Reading, labels?: Labels) => void) => void;

export type MetricDefinition<Reading> = {
  /** `azimuth_…`, in base units; counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly collect: Collect<Reading>;
};

export type Metrics = {
  addCounter(definition: MetricDefinition<number>): void;
  addGauge(definition: MetricDefinition<number>): void;
  /** `bounds`: the upper bounds of all buckets but the last, ascending, in the unit of the name. */
  addHistogram(definition: MetricDefinition<HistogramReading> & { readonly bounds: readonly number[] }): void;
  /** The exposition text of every metric, collected now; whoever asks while that goes on shares it. */
  expose(): Promise<string>;
  readonly contentType: string;
};

/** Makes a registry of its own, with Node's process metrics under their usual names (`process_…`, `nodejs_…`). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const droppedSeries = new Map<string, number>();
  let exposing: Promise<string> | undefined;
  const metrics: Metrics = {
    addCounter: (definition) => addCounter(registry, limitSeries(definition, droppedSeries)),
    addGauge: (definition) => addGauge(registry, limitSeries(definition, droppedSeries)),
    addHistogram({ bounds, ...definition }) {
      const { collect } = limitSeries(definition, droppedSeries);
      registry.registerMetric(new CollectedHistogram({ ...configure(registry, definition), bounds, collect }));
    },
    expose() {
      exposing ??= registry.metrics().finally(() => {
        exposing = undefined;
      });
      return exposing;
    },
    contentType: registry.contentType,
  };
  metrics.addGauge({
    name: 'azimuth_metrics_dropped_series',
    help: 'Series above the limit of their metric, left out when it was last collected.',
    labels: ['metric'],
    collect: (set) => {
      for (const [metric, count] of droppedSeries) set(count, { metric });
    },
  });
  return metrics;
}

function addCounter(registry: Registry, definition: MetricDefinition<number>): void {
  if (!definition.name.endsWith('_total')) throw new Error(`the counter ${definition.name} must end in _total`);
  const counter = new Counter({
    ...configure(registry, definition),
    collect() {
      this.reset();
      definition.collect((total, labels = {}) => this.inc(labels, total));
    },
  });
  registry.registerMetric(counter);
}

function addGauge(registry: Registry, definition: MetricDefinition<number>): void {
  const gauge = new Gauge({
    ...configure(registry, definition),
    collect() {
      this.reset();
      definition.collect((value, labels = {}) => this.set(labels, value));
    },
  });
  registry.registerMetric(gauge);
}

function limitSeries<Reading>(
  definition: MetricDefinition<Reading>,
  droppedSeries: Map<string, number>,
): MetricDefinition<Reading> {
  const collect: Collect<Reading> = (set) => {
    let seriesCount = 0;
    definition.collect((reading, labels) => {
      if (++seriesCount <= MAX_SERIES_PER_METRIC) set(reading, labels);
    });
    if (seriesCount > MAX_SERIES_PER_METRIC) droppedSeries.set(definition.name, seriesCount - MAX_SERIES_PER_METRIC);
    else droppedSeries.delete(definition.name);
  };
  return { ...definition, collect };
}

function configure(registry: Registry, { name, help, labels = [] }: Omit<MetricDefinition<unknown>, 'collect'>) {
  if (!/^azimuth_[a-z0-9_]+$/.test(name)) throw new Error(`the metric ${name} must start with azimuth_`);
  if (registry.getSingleMetric(name) !== undefined) throw new Error(`the metric ${name} is added twice`);
  return { name, help, labelNames: [...labels], registers: [] };
}
