// Two plots: stacked bars from zero (how much something costs, and of what), and ranges on a logarithmic scale (from which
// percentile to which). Both have groups of rows, one row per server, ours in a colour of its own.

import { COLOURS, circle, composeSvg, line, rectangle, text } from './svg.ts';

export type PlotRow = {
  readonly name: string;
  readonly isOurs: boolean;
  /** Bars: the parts that are stacked. Ranges: percentiles, ascending. */
  readonly values: readonly number[];
};

export type PlotGroup = { readonly name: string; readonly rows: readonly PlotRow[] };

export type Plot = {
  readonly kind: 'bars' | 'ranges';
  /** Its name without the folder: `performance-cpu.svg`. */
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  /** What each of a row's values is. */
  readonly parts: readonly string[];
  readonly groups: readonly PlotGroup[];
  /** Bars: the axis ends here, and longer bars are cut and say their value. */
  readonly limit?: number;
};

const WIDTH = 860;
const LEFT = 170;
const RIGHT = 110;
const TOP = 68;
const BOTTOM = 34;
const ROW_HEIGHT = 20;
const BAR_HEIGHT = 13;
const GROUP_HEAD = 24;
const GROUP_GAP = 8;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;

export function drawPlot(plot: Plot): string {
  const scale = plot.kind === 'bars' ? linearScale(plot) : logarithmicScale(plot);
  const height = TOP + BOTTOM + plot.groups.reduce((sum, { rows }) => sum + groupHeight(rows.length), 0);
  const parts = [
    text(16, 26, plot.title, { class: 'title' }),
    ...drawLegend(plot),
    ...drawGrid(scale, height, plot.unit),
  ];
  let y = TOP;
  for (const group of plot.groups) {
    parts.push(text(16, y + 16, group.name, { class: 'group' }));
    group.rows.forEach((row, index) => {
      parts.push(...drawRow(plot, scale, row, y + GROUP_HEAD + index * ROW_HEIGHT));
    });
    y += groupHeight(group.rows.length);
  }
  return composeSvg(WIDTH, height, plot.title, parts);
}

function groupHeight(rows: number): number {
  return GROUP_HEAD + rows * ROW_HEIGHT + GROUP_GAP;
}

type Scale = { readonly ticks: readonly number[]; xOf(value: number): number; readonly end: number };

/** From zero, since bars are compared by their length. */
function linearScale({ groups, limit }: Plot): Scale {
  const sums = groups.flatMap(({ rows }) => rows.map(({ values }) => sumOf(values)));
  const end = Math.min(limit ?? Number.POSITIVE_INFINITY, Math.max(...sums, 1e-9));
  const step = niceStep(end / 5);
  const ticks = Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, index) => index * step);
  return { ticks, end, xOf: (value) => LEFT + (Math.min(value, end) / end) * PLOT_WIDTH };
}

/** Percentiles of latency lie powers of ten apart. */
function logarithmicScale({ groups }: Plot): Scale {
  const values = groups.flatMap(({ rows }) => rows.flatMap((row) => row.values)).filter((value) => value > 0);
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  const decades = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  const xOf = (value: number) =>
    LEFT + ((Math.log10(Math.max(value, 10 ** first)) - first) / (last - first)) * PLOT_WIDTH;
  return { ticks: decades, end: 10 ** last, xOf };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? least;
}

function drawGrid({ ticks, xOf }: Scale, height: number, unit: string): readonly string[] {
  const bottom = height - BOTTOM;
  return ticks.flatMap((tick, index) => {
    const label = index === ticks.length - 1 ? `${formatValue(tick)} ${unit}` : formatValue(tick);
    return [
      line(xOf(tick), TOP, xOf(tick), bottom, COLOURS.grid),
      text(xOf(tick), bottom + 18, label, { class: 'quiet', anchor: 'middle' }),
    ];
  });
}

function drawLegend({ kind, parts }: Plot): readonly string[] {
  if (kind === 'ranges') return [text(16, 48, `dots: ${parts.join(', ')}`, { class: 'quiet' })];
  const swatch = (index: number) => [
    rectangle(16 + index * 110, 38, 11, 11, colourOf(false, index)),
    rectangle(29 + index * 110, 38, 11, 11, colourOf(true, index)),
    text(46 + index * 110, 48, parts[index] ?? '', { class: 'quiet' }),
  ];
  return parts.flatMap((_, index) => swatch(index));
}

function drawRow(plot: Plot, scale: Scale, row: PlotRow, y: number): readonly string[] {
  const label = text(LEFT - 10, y + 11, row.name, { anchor: 'end' });
  return [label, ...(plot.kind === 'bars' ? drawBar(scale, row, y) : drawRange(scale, row, y))];
}

function drawBar(scale: Scale, { values, isOurs }: PlotRow, y: number): readonly string[] {
  const pieces = values.map((value, index) => {
    const before = sumOf(values.slice(0, index));
    const x = scale.xOf(before);
    return rectangle(x, y, scale.xOf(before + value) - x, BAR_HEIGHT, colourOf(isOurs, index));
  });
  const sum = sumOf(values);
  const mark = sum > scale.end ? ' ▸' : '';
  return [...pieces, text(scale.xOf(sum) + 6, y + 11, `${formatValue(sum)}${mark}`, { class: 'quiet' })];
}

function drawRange(scale: Scale, { values, isOurs }: PlotRow, y: number): readonly string[] {
  const middle = y + BAR_HEIGHT / 2;
  const [first = 0, last = 0] = [values[0], values.at(-1)];
  const colour = colourOf(isOurs, 0);
  const dots = values.map((value) => circle(scale.xOf(value), middle, 4, colour));
  const said = values.map(formatValue).join(' · ');
  return [
    line(scale.xOf(first), middle, scale.xOf(last), middle, colourOf(isOurs, 1), 3),
    ...dots,
    text(scale.xOf(last) + 10, y + 11, said, { class: 'quiet' }),
  ];
}

function colourOf(isOurs: boolean, part: number): string {
  if (isOurs) return part === 0 ? COLOURS.ours : COLOURS.oursLight;
  return part === 0 ? COLOURS.theirs : COLOURS.theirsLight;
}

function formatValue(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(1);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
