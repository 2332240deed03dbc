// What must be true of every look-up in a rank map, checked without the code that makes scopes: every address of the scope's
// prefix has the same list, and the prefix one bit shorter has an address with another one.

import assert from 'node:assert/strict';
import { countRuns, listOf, lookupV4, lookupV6, type RankMap, scopeV4, scopeV6 } from '../../src/steering/run-map.ts';
import { startOfRun } from './place-intervals.ts';

/** All 64 bits of an IPv6 prefix, or the 32 of an IPv4 address, as one number. */
type Family = {
  readonly bits: number;
  readonly listAt: (address: bigint) => number;
  /** First addresses of the runs, ascending. */
  readonly starts: (from: bigint, to: bigint) => readonly bigint[];
};

export function checkScopeV4(map: RankMap, address: number): void {
  const run = lookupV4(map.v4, address);
  checkScope(scopeV4(map.v4, run, address), BigInt(address), {
    bits: 32,
    listAt: (at) => listOf(map.v4, lookupV4(map.v4, Number(at))),
    starts: (from, to) => startsWithin(countRuns(map.v4), (index) => startOfRun(map.v4, index) >> 32n, from, to),
  });
}

export function checkScopeV6(map: RankMap, high: number, low: number): void {
  const run = lookupV6(map.v6, high, low);
  checkScope(scopeV6(map.v6, run, high, low), join(high, low), {
    bits: 64,
    listAt: (at) => listOf(map.v6, lookupV6(map.v6, Number(at >> 32n), Number(at & 0xffffffffn))),
    starts: (from, to) => startsWithin(countRuns(map.v6), (index) => startOfRun(map.v6, index), from, to),
  });
}

function checkScope(scope: number, address: bigint, family: Family): void {
  const list = family.listAt(address);
  const isUniform = (length: number): boolean => {
    const size = 1n << BigInt(family.bits - length);
    const first = (address / size) * size;
    const inside = family.starts(first, first + size - 1n);
    return [first, first + size - 1n, ...inside].every((at) => family.listAt(at) === list);
  };
  assert.ok(scope >= 0 && scope <= family.bits, `scope ${scope}`);
  assert.ok(isUniform(scope), `another list within /${scope} of ${address.toString(16)}`);
  if (scope > 0) assert.ok(!isUniform(scope - 1), `/${scope} of ${address.toString(16)} could be wider`);
}

/** The starts of runs in [from, to], found by halving. */
function startsWithin(count: number, start: (index: number) => bigint, from: bigint, to: bigint): readonly bigint[] {
  let first = 0;
  let end = count;
  while (first < end) {
    const middle = (first + end) >> 1;
    if (start(middle) < from) first = middle + 1;
    else end = middle;
  }
  const found: bigint[] = [];
  for (let index = first; index < count && start(index) <= to; index += 1) found.push(start(index));
  return found;
}

function join(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
