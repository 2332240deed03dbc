// Which metrics a node that answers exposes, and where each comes from. Names and meanings: docs/metrics.md.

import { DURATION_BUCKETS } from '../answer/counters.ts';
import type { Metrics } from '../telemetry/create-metrics.ts';
import type { CertificateWatch } from './certificate-watch.ts';
import type { Control } from './control.ts';
import type { CounterTotals } from './counter-totals.ts';
import type { SlotAdmission } from './slot-admission.ts';

export function addAnswerMetrics(
  metrics: Metrics,
  totals: CounterTotals,
  readOpenConnections: () => Iterable<readonly [string, number]>,
): void {
  metrics.addCounter({
    name: 'azimuth_dns_requests_total',
    help: 'Queries that were read.',
    labels: ['zone', 'proto', 'family', 'type'],
    collect: (set) => {
      for (const { labels, value } of totals.read('requests')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_responses_total',
    help: 'Answers that were sent.',
    labels: ['zone', 'rcode'],
    collect: (set) => {
      for (const { labels, value } of totals.read('responses')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_answers_total',
    help: 'Steered answers by the cluster that was chosen, and why.',
    labels: ['service', 'cluster', 'reason'],
    collect: (set) => {
      for (const { labels, value } of totals.read('answers')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_dropped_total',
    help: 'Messages that got no answer.',
    labels: ['cause'],
    collect: (set) => {
      for (const { labels, value } of totals.read('dropped')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_signatures_total',
    help: 'Signed queries (TSIG), by what came of their signature.',
    labels: ['outcome'],
    collect: (set) => {
      for (const { labels, value } of totals.read('signatures')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_transfers_total',
    help: 'Queries for a transfer (AXFR, IXFR), by what they were answered with.',
    labels: ['outcome'],
    collect: (set) => {
      for (const { labels, value } of totals.read('transfers')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_notify_received_total',
    help: 'NOTIFY that was received, by what it was answered with.',
    labels: ['outcome'],
    collect: (set) => {
      for (const { labels, value } of totals.read('hints')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_connections_total',
    help: 'What became of connections.',
    labels: ['proto', 'event'],
    collect: (set) => {
      for (const { labels, value } of totals.read('connections')) set(value, labels);
    },
  });
  metrics.addGauge({
    name: 'azimuth_dns_connections',
    help: 'Connections that are open.',
    labels: ['proto'],
    collect: (set) => {
      for (const [proto, value] of readOpenConnections()) set(value, { proto });
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_silenced_total',
    help: 'Messages about a zone of ours that must not be answered.',
    labels: ['zone', 'cause'],
    collect: (set) => {
      for (const { labels, value } of totals.read('silenced')) set(value, labels);
    },
  });
  metrics.addCounter({
    name: 'azimuth_dns_rate_limited_total',
    help: 'Answers that the rate limit withheld.',
    labels: ['zone', 'action'],
    collect: (set) => {
      for (const { labels, value } of totals.read('limited')) set(value, labels);
    },
  });
  metrics.addHistogram({
    name: 'azimuth_dns_request_duration_seconds',
    help: 'From the read of a query to its answer being handed to the kernel.',
    bounds: DURATION_BUCKETS,
    collect: (set) => set(totals.readDurations()),
  });
}

export function addCertificateMetrics(metrics: Metrics, watch: CertificateWatch): void {
  metrics.addGauge({
    name: 'azimuth_dns_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that TLS shows ends, since 1970.',
    collect: (set) => set(watch.expiresMs / 1000),
  });
  metrics.addCounter({
    name: 'azimuth_dns_certificate_reads_total',
    help: 'Reads of the certificate and its key.',
    labels: ['outcome'],
    collect: (set) => {
      for (const [outcome, value] of Object.entries(watch.reads)) set(value, { outcome });
    },
  });
}

export function addAdmissionMetrics(metrics: Metrics, admission: SlotAdmission): void {
  metrics.addCounter({
    name: 'azimuth_slots_refused_total',
    help: 'Votes of workers that the configuration does not admit, or that they did not sign.',
    collect: (set) => set(admission.refused),
  });
}

export function addControlMetrics(metrics: Metrics, control: Control): void {
  metrics.addGauge({
    name: 'azimuth_endpoint_up',
    help: '1 while the verdict is up, otherwise 0.',
    labels: ['cluster', 'endpoint'],
    collect: (set) => {
      for (const { cluster, endpoint, verdict } of control.health.judgement?.endpoints ?? []) {
        set(verdict === 'up' || verdict === 'unmonitored' ? 1 : 0, { cluster, endpoint });
      }
    },
  });
  metrics.addGauge({
    name: 'azimuth_vantage_up',
    help: '1 while the vantage has a live worker, otherwise 0.',
    labels: ['vantage'],
    collect: (set) => {
      const alive = new Set(control.health.listWorkers().flatMap(({ vantage, alive }) => (alive ? [vantage] : [])));
      for (const { id } of control.serving?.configuration.vantages ?? []) set(alive.has(id) ? 1 : 0, { vantage: id });
    },
  });
  metrics.addGauge({
    name: 'azimuth_vantage_set_aside',
    help: '1 while the words of the vantage count as none, since it disagrees with the others; otherwise 0.',
    labels: ['vantage'],
    collect: (set) => {
      const { aside } = control.health;
      for (const { id } of control.serving?.configuration.vantages ?? []) set(aside.has(id) ? 1 : 0, { vantage: id });
    },
  });
  metrics.addGauge({
    name: 'azimuth_verdicts_frozen',
    help: 'Verdicts that cannot turn, for too few vantages speak.',
    collect: (set) => set(control.health.frozenCount),
  });
  metrics.addGauge({
    name: 'azimuth_health_age_seconds',
    help: 'Since the last news from any worker.',
    collect: (set) => {
      const silences = control.health
        .listWorkers()
        .flatMap(({ silentMs }) => (silentMs === undefined ? [] : [silentMs]));
      if (silences.length > 0) set(Math.min(...silences) / 1000);
    },
  });
  metrics.addGauge({
    name: 'azimuth_revision_info',
    help: '1 for the revision that is served.',
    labels: ['generation', 'number'],
    collect: (set) => {
      const id = control.serving?.revision.manifest.id;
      if (id !== undefined) set(1, { generation: String(id.generation), number: String(id.number) });
    },
  });
  metrics.addCounter({
    name: 'azimuth_dnssec_zone_signatures_total',
    help: 'Signatures of zones that were built, by where they came from.',
    labels: ['origin'],
    collect: (set) => {
      const { made, kept, listed } = control.signatures;
      set(made, { origin: 'made' });
      set(kept, { origin: 'image' });
      set(listed, { origin: 'disk' });
    },
  });
}
