// The prefixes that the match rules of a ranking name, as cuts through the address space: segments, inside each of which the
// same rules match by their prefixes. How specific a prefix is does not matter: rules go in their order.
//
//   rule 0            ├──── 10.0.0.0/8 ────────────────┤
//   rule 1                        ├─ 10.1.0.0/16 ─┤
//   segments  ────────┼───────────┼───────────────┼────┼──────
//   rules       –           0            0 1         0     –
//
// IPv6 is kept to 64 bits: a longer prefix counts as the whole /64 that it lies in.

import type { Ranking } from './ranking.ts';

/**
 * Segment i begins at (high[i], low[i]) and reaches to the next; the first begins at 0. An IPv4 address is a `high` with
 * `low` 0, so that both families are compiled by the same code. `rules[i]`: ascending indices; equal sets are one object.
 */
export type Segments = {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly rules: readonly (readonly number[])[];
};

/** A prefix as the halves of a 64-bit number (IPv4: the address is the high half) and its length, 0..64. */
type Prefix = { readonly isV6: boolean; readonly high: number; readonly low: number; readonly length: number };

/** Where a prefix of a rule begins (+1) or ends (-1). */
type Edge = { readonly high: number; readonly low: number; readonly rule: number; readonly step: 1 | -1 };

/** The rules that match, where none does: always this one object. */
export const NO_PREFIX_RULES: readonly number[] = [];

const HALF = 2 ** 32;

/** The segments of one family. Texts that are no prefix are passed over: the model has refused them. */
export function cutSegments(ranking: Ranking, family: 4 | 6): Segments {
  const edges = ranking.rules.flatMap((rule, index) => {
    const texts = rule.kind === 'match' ? (rule.match.cidr ?? []) : [];
    return texts.flatMap((text) => edgesOf(text, family, index));
  });
  edges.sort((a, b) => a.high - b.high || a.low - b.low);
  return sweep(edges);
}

function edgesOf(text: string, family: 4 | 6, rule: number): readonly Edge[] {
  const prefix = parsePrefix(text);
  if (prefix === undefined || prefix.isV6 !== (family === 6)) return [];
  const { high, low, length } = prefix;
  const begin: Edge = { high, low, rule, step: 1 };
  // The first number behind the prefix; behind the last of all (high = 2^32) there is nothing to cut.
  const end = length <= 32 ? { high: high + 2 ** (32 - length), low: 0 } : carry(high, low + 2 ** (64 - length));
  return end.high >= HALF ? [begin] : [begin, { ...end, rule, step: -1 }];
}

function carry(high: number, low: number): { readonly high: number; readonly low: number } {
  return low >= HALF ? { high: high + 1, low: low - HALF } : { high, low };
}

/** From left to right over the edges, with the number of prefixes of each rule that are open. */
function sweep(edges: readonly Edge[]): Segments {
  const high = [0];
  const low = [0];
  const rules = [NO_PREFIX_RULES];
  const open = new Map<number, number>();
  const sets = new Map<string, readonly number[]>([['', NO_PREFIX_RULES]]);
  edges.forEach((edge, index) => {
    const depth = (open.get(edge.rule) ?? 0) + edge.step;
    if (depth === 0) open.delete(edge.rule);
    else open.set(edge.rule, depth);
    const next = edges[index + 1];
    if (next !== undefined && next.high === edge.high && next.low === edge.low) return;
    const matching = [...open.keys()].sort((a, b) => a - b);
    const key = matching.join();
    const known = sets.get(key) ?? matching;
    sets.set(key, known);
    if (edge.high === 0 && edge.low === 0) {
      rules[0] = known;
    } else if (rules.at(-1) !== known) {
      high.push(edge.high);
      low.push(edge.low);
      rules.push(known);
    }
  });
  return { high: Float64Array.from(high), low: Float64Array.from(low), rules };
}

function parsePrefix(text: string): Prefix | undefined {
  const [address = '', lengthText = ''] = text.split('/');
  const isV6 = address.includes(':');
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
  const halves = isV6 ? parseV6(address) : parseV4(address);
  if (halves === undefined || !(length <= (isV6 ? 128 : 32))) return undefined;
  const kept = Math.min(64, length);
  return { isV6, length: kept, high: clearBits(halves.high, kept), low: clearBits(halves.low, kept - 32) };
}

/** Clears what is behind the first `length` of 32 bits. */
function clearBits(half: number, length: number): number {
  if (length >= 32) return half;
  return length <= 0 ? 0 : (half & (-1 << (32 - length))) >>> 0;
}

function parseV4(text: string): { readonly high: number; readonly low: number } | undefined {
  const parts = text.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) return undefined;
  return { high: parts.reduce((sum, part) => sum * 256 + part, 0), low: 0 };
}

/** The top 64 bits: four groups, filled up where `::` stands. An IPv4 tail lies in the lower half and only counts as groups. */
function parseV6(text: string): { readonly high: number; readonly low: number } | undefined {
  const [head = '', tail, ...more] = text.replace(/(\d+\.){3}\d+$/, '0:0').split('::');
  if (more.length > 0) return undefined;
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<string>(missing).fill('0'), ...after];
  const numbers = groups.map((group) => (/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : Number.NaN));
  if (numbers.some(Number.isNaN)) return undefined;
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
  return { high: first * 65_536 + second, low: third * 65_536 + fourth };
}
