import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMetrics, MAX_SERIES_PER_METRIC } from '../../../src/telemetry/create-metrics.ts';

const linesOf = async (metrics: ReturnType<typeof createMetrics>, name: string) =>
  (await metrics.expose()).split('\n').filter((line) => line.includes(name) && !line.startsWith('# HELP'));

describe('createMetrics', () => {
  test('what is counted is collected once for all who ask at the same time, and anew for who asks after', async () => {
    const metrics = createMetrics();
    let collected = 0;
    metrics.addGauge({ name: 'azimuth_looks', help: 'Looks.', collect: (set) => set(++collected) });
    const texts = await Promise.all([metrics.expose(), metrics.expose(), metrics.expose()]);
    assert.equal(new Set(texts).size, 1);
    assert.match(texts[0] ?? '', /^azimuth_looks 1$/m);
    assert.match(await metrics.expose(), /^azimuth_looks 2$/m);
  });

  test('counters and gauges are read when they are exposed, not before', async () => {
    const metrics = createMetrics();
    const requests = new Uint32Array(2);
    metrics.addCounter({
      name: 'azimuth_dns_requests_total',
      help: 'Queries.',
      labels: ['family'],
      collect: (set) => {
        for (const [index, total] of requests.entries()) set(total, { family: `${index + 1}` });
      },
    });
    metrics.addGauge({ name: 'azimuth_health_age_seconds', help: 'Age.', collect: (set) => set(requests.length / 4) });
    requests.set([3, 4]);
    const expected = (first: number) => [
      '# TYPE azimuth_dns_requests_total counter',
      `azimuth_dns_requests_total{family="1"} ${first}`,
      'azimuth_dns_requests_total{family="2"} 4',
    ];
    assert.deepEqual(await linesOf(metrics, 'azimuth_dns_requests_total'), expected(3));
    requests[0] = 10;
    assert.deepEqual(await linesOf(metrics, 'azimuth_dns_requests_total'), expected(10));
    assert.deepEqual(await linesOf(metrics, 'azimuth_health_age_seconds'), [
      '# TYPE azimuth_health_age_seconds gauge',
      'azimuth_health_age_seconds 0.5',
    ]);
  });

  test('a series that is no longer collected is gone', async () => {
    const metrics = createMetrics();
    const up = new Set(['a', 'b']);
    metrics.addGauge({
      name: 'azimuth_endpoint_up',
      help: 'Up.',
      labels: ['endpoint'],
      collect: (set) => {
        for (const endpoint of up) set(1, { endpoint });
      },
    });
    assert.equal((await linesOf(metrics, 'azimuth_endpoint_up{')).length, 2);
    up.delete('a');
    assert.deepEqual(await linesOf(metrics, 'azimuth_endpoint_up{'), ['azimuth_endpoint_up{endpoint="b"} 1']);
  });

  test('a histogram adds up the buckets that it is given, with the sum and the count', async () => {
    const metrics = createMetrics();
    metrics.addHistogram({
      name: 'azimuth_dns_request_duration_seconds',
      help: 'Duration.',
      labels: ['proto'],
      bounds: [0.001, 0.01],
      collect: (set) => set({ counts: new Uint32Array([5, 2, 1]), sum: 0.25 }, { proto: 'udp' }),
    });
    assert.deepEqual(await linesOf(metrics, 'azimuth_dns_request_duration_seconds'), [
      '# TYPE azimuth_dns_request_duration_seconds histogram',
      'azimuth_dns_request_duration_seconds_bucket{proto="udp",le="0.001"} 5',
      'azimuth_dns_request_duration_seconds_bucket{proto="udp",le="0.01"} 7',
      'azimuth_dns_request_duration_seconds_bucket{proto="udp",le="+Inf"} 8',
      'azimuth_dns_request_duration_seconds_sum{proto="udp"} 0.25',
      'azimuth_dns_request_duration_seconds_count{proto="udp"} 8',
    ]);
  });

  test('a metric stops at its limit of series, and says how many it left out', async () => {
    const metrics = createMetrics();
    metrics.addGauge({
      name: 'azimuth_endpoint_up',
      help: 'Up.',
      labels: ['endpoint'],
      collect: (set) => {
        for (let index = 0; index < MAX_SERIES_PER_METRIC + 3; index++) set(1, { endpoint: `${index}` });
      },
    });
    assert.equal((await linesOf(metrics, 'azimuth_endpoint_up{')).length, MAX_SERIES_PER_METRIC);
    assert.deepEqual(await linesOf(metrics, 'azimuth_metrics_dropped_series{'), [
      'azimuth_metrics_dropped_series{metric="azimuth_endpoint_up"} 3',
    ]);
  });

  test('names without the prefix, counters without _total and a second metric of one name are bugs', () => {
    const metrics = createMetrics();
    const collect = () => {};
    metrics.addGauge({ name: 'azimuth_a', help: 'A.', collect });
    assert.throws(() => metrics.addGauge({ name: 'azimuth_a', help: 'A.', collect }), /added twice/);
    assert.throws(() => metrics.addGauge({ name: 'a', help: 'A.', collect }), /must start with azimuth_/);
    assert.throws(() => metrics.addCounter({ name: 'azimuth_b', help: 'B.', collect }), /must end in _total/);
  });

  test('two registries in one process do not meet', async () => {
    const [first, second] = [createMetrics(), createMetrics()];
    first.addGauge({ name: 'azimuth_a', help: 'A.', collect: (set) => set(1) });
    assert.deepEqual(await linesOf(second, 'azimuth_a'), []);
    assert.equal((await linesOf(second, 'process_cpu_seconds_total')).length, 2);
  });
});
