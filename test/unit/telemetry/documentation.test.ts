// Whatever an operator can see is documented: every metric that a source names has a row in docs/metrics.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT, readSources, type Source, stripComments } from '../style/sources.ts';

const rows = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8')
  .split('\n')
  .map((line) => /^\| `(azimuth_[a-z0-9_]+)` \| (counter|gauge|histogram) \|/.exec(line))
  .filter((match) => match !== null)
  .map(([, name = '', type = '']) => ({ name, type }));

/** Every name of a metric in the sources; the counter's, gauge's or histogram's place makes no difference. */
function metricNamesIn(sources: readonly Source[]): string[] {
  return sources.flatMap(({ text }) =>
    [...stripComments(text).matchAll(/['"`](azimuth_[a-z0-9_]*[a-z0-9])['"`]/g)].map(([, name = '']) => name),
  );
}

function findUndocumented(sources: readonly Source[]): string[] {
  return metricNamesIn(sources).filter((name) => !rows.some((row) => row.name === name));
}

describe('docs/metrics.md', () => {
  test('has a row for every metric that a source names', () => {
    assert.deepEqual(findUndocumented([{ path: 'src/a.ts', text: "add({ name: 'azimuth_surprise_total' })" }]), [
      'azimuth_surprise_total',
    ]);
    assert.ok(metricNamesIn(readSources('src')).includes('azimuth_metrics_dropped_series'));
    assert.deepEqual(findUndocumented(readSources('src')), []);
  });

  test('names each metric once, and counters with _total', () => {
    assert.ok(rows.length >= 9);
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    for (const { name, type } of rows) assert.equal(name.endsWith('_total'), type === 'counter', name);
  });
});
