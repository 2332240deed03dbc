import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeFigures } from '../../bench/report/describe-figures.ts';
import { fillDocument } from '../../bench/report/document.ts';
import { drawPlot, type Plot } from '../../bench/report/plot.ts';
import type { PartReport } from '../../bench/report/report.ts';
import { formatMarkdown, formatText } from '../../bench/report/table.ts';

const TABLE = {
  title: 'Cost in µs',
  columns: ['server', 'cost'],
  rows: [
    ['ours', '4.10'],
    ['theirs', '12.00'],
  ],
};

const PART: PartReport = {
  figures: {},
  tables: [TABLE],
  plots: [],
  notes: ['One round.'],
  date: '2026-11-27T12:00:00.000Z',
  tookSeconds: 3,
  machine: {
    processors: 2,
    model: 'Some CPU',
    memoryGigabytes: 8,
    loadBefore: 0.1,
    node: 'v24.0.0',
    platform: 'linux x64',
  },
  versions: { gdnsd: '3.8.1' },
};

const BARS: Plot = {
  kind: 'bars',
  file: 'cost.svg',
  title: 'Cost & effect',
  unit: 'µs',
  parts: ['user', 'system'],
  limit: 30,
  groups: [
    {
      name: 'steered',
      rows: [
        { name: 'Ours', isOurs: true, values: [1, 3] },
        { name: 'Slow', isOurs: false, values: [80, 20] },
      ],
    },
  ],
};

describe('tables of the bench', () => {
  test('numbers stand in line to the right', () => {
    assert.equal(formatText(TABLE), 'Cost in µs\nserver   cost\nours     4.10\ntheirs  12.00\n');
  });

  test('a bar in a cell does not end it in Markdown', () => {
    const markdown = formatMarkdown({ ...TABLE, rows: [['a|b', '1']] });
    assert.equal(markdown, '**Cost in µs**\n\n| server | cost |\n|---|---:|\n| a\\|b | 1 |\n');
  });

  test('figures without a table of their own are named by the way to them', () => {
    const { tables } = describeFigures('Map', { buildMs: 3000, rankings: [{ regions: 4 }] });
    assert.deepEqual(tables[0]?.rows, [
      ['buildMs', '3,000'],
      ['rankings 1 regions', '4'],
    ]);
  });
});

describe('the page that the bench fills', () => {
  const page = 'Before.\n\n<!-- bench: queries -->\nold\n<!-- end of bench: queries -->\n\nAfter.\n';

  test('what stands between the marks is replaced, with date, machine and versions', () => {
    const filled = fillDocument(page, { parts: { queries: PART } });
    assert.deepEqual(filled.missing, []);
    assert.match(filled.page, /^Before\.\n\n<!-- bench: queries -->\n\n2026-11-27 · 2 × Some CPU/);
    assert.match(filled.page, /gdnsd 3\.8\.1/);
    assert.match(filled.page, /\| theirs \| 12\.00 \|/);
    assert.match(filled.page, /- One round\.\n\n<!-- end of bench: queries -->\n\nAfter\.\n$/);
    assert.doesNotMatch(filled.page, /old/);
  });

  test('filling it twice is filling it once', () => {
    const once = fillDocument(page, { parts: { queries: PART } }).page;
    assert.equal(fillDocument(once, { parts: { queries: PART } }).page, once);
  });

  test('a part without a place is named, and the page left as it is', () => {
    assert.deepEqual(fillDocument(page, { parts: { scope: PART } }), { page, missing: ['scope'] });
  });
});

describe('plots of the bench', () => {
  test('bars are drawn to scale, their parts end to end', () => {
    const widths = [...drawPlot(BARS).matchAll(/<rect x="([\d.]+)" y="92" width="([\d.]+)"/g)].map(([, x, width]) => [
      Number(x),
      Number(width),
    ]);
    const [user = [], system = []] = widths;
    assert.equal(widths.length, 2);
    assert.ok(Math.abs((system[1] ?? 0) - 3 * (user[1] ?? 0)) < 0.2);
    assert.ok(Math.abs((system[0] ?? 0) - ((user[0] ?? 0) + (user[1] ?? 0))) < 0.2);
  });

  test('a bar that is longer than the axis is cut, and says so', () => {
    assert.match(drawPlot(BARS), />100 ▸</);
  });

  test('text is escaped', () => {
    assert.match(drawPlot(BARS), /Cost &amp; effect/);
  });

  test('ranges lie on a scale of powers of ten', () => {
    const rows = [{ name: 'Ours', isOurs: true, values: [20, 200, 2000] }];
    const svg = drawPlot({
      ...BARS,
      kind: 'ranges',
      parts: ['p50', 'p99', 'p99.9'],
      groups: [{ name: 'steered', rows }],
    });
    const [first = 0, second = 0, third = 0] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    assert.ok(second > first);
    assert.ok(Math.abs(third - second - (second - first)) < 0.2);
  });
});
