import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { indexRuns } from '../../../src/steering/run-index.ts';
import { lookupV4, lookupV6, type RankMap, type RunTableV4, type RunTableV6 } from '../../../src/steering/run-map.ts';
import { startOfRun } from '../../support/place-intervals.ts';
import { checkScopeV4, checkScopeV6 } from '../../support/rank-map-check.ts';

/**
 * Addresses as address space is used: dense below some prefixes of any length, with nothing in between. `bits`: of an address.
 */
function someStarts(bits: 32 | 64): fc.Arbitrary<readonly bigint[]> {
  const anywhere = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
  const cluster = fc
    .tuple(anywhere, fc.integer({ min: 0, max: bits }), fc.integer({ min: 1, max: 60 }))
    .chain(([base, length, count]) => {
      const size = 1n << BigInt(bits - length);
      const offset = fc.bigInt({ min: 0n, max: size - 1n });
      return fc.array(offset, { maxLength: count }).map((offsets) => offsets.map((at) => (base / size) * size + at));
    });
  return fc.array(cluster, { minLength: 1, maxLength: 8 }).map((clusters) => {
    const starts = [...new Set([0n, ...clusters.flat()])];
    return starts.sort((a, b) => (a < b ? -1 : 1));
  });
}

function tableV4(starts: readonly bigint[]): RunTableV4 {
  const runs = Uint32Array.from(starts.flatMap((start, run) => [Number(start), listFor(run)]));
  return { width: 2, runs, index: indexRuns(runs, 2) };
}

function tableV6(starts: readonly bigint[]): RunTableV6 {
  const runs = Uint32Array.from(
    starts.flatMap((start, run) => [Number(start >> 32n), Number(start & 0xffffffffn), listFor(run)]),
  );
  return { width: 3, runs, index: indexRuns(runs, 3) };
}

/** Neighbours differ. */
const listFor = (run: number): number => run % 3;

/** The last run that begins at or before an address, looked for one by one. */
const findPlainly = (starts: readonly bigint[], address: bigint): number =>
  starts.findLastIndex((start) => start <= address);

/** Every border of a run, the addresses beside it, and both ends of the address space. */
function edgesOf(starts: readonly bigint[], bits: number): readonly bigint[] {
  const last = (1n << BigInt(bits)) - 1n;
  const edges = starts.flatMap((start) => [start - 1n, start, start + 1n]);
  return [...edges, last].filter((address) => address >= 0n && address <= last);
}

const lists = { offsets: new Uint32Array(4), entries: new Uint16Array(0) };
const nobody = { v4: tableV4([0n]), v6: tableV6([0n]) };

describe('looking up a run', () => {
  it('finds the IPv4 run that a search one by one finds, and the widest scope within it', () => {
    fc.assert(
      fc.property(someStarts(32), fc.array(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n })), (starts, more) => {
        const map: RankMap = { v4: tableV4(starts), v6: nobody.v6, lists };
        for (const address of [...edgesOf(starts, 32), ...more]) {
          assert.equal(lookupV4(map.v4, Number(address)), findPlainly(starts, address));
        }
        for (const address of [...edgesOf(starts, 32).slice(0, 40), ...more]) checkScopeV4(map, Number(address));
      }),
      { numRuns: 100 },
    );
  });

  it('finds the IPv6 run that a search one by one finds, and the widest scope within it', () => {
    fc.assert(
      fc.property(someStarts(64), fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (starts, more) => {
        const map: RankMap = { v4: nobody.v4, v6: tableV6(starts), lists };
        const halves = (address: bigint): [number, number] => [Number(address >> 32n), Number(address & 0xffffffffn)];
        for (const address of [...edgesOf(starts, 64), ...more]) {
          assert.equal(lookupV6(map.v6, ...halves(address)), findPlainly(starts, address));
        }
        for (const address of [...edgesOf(starts, 64).slice(0, 40), ...more]) checkScopeV6(map, ...halves(address));
      }),
      { numRuns: 100 },
    );
  });

  it('finds runs so many and so close together that a node would reach across the middle of an IPv6 address', () => {
    const starts = [0n, ...Array.from({ length: 3000 }, (_, run) => (0x2001_0db8n << 32n) + BigInt(run * 2 ** 20 + 1))];
    const table = tableV6(starts);
    for (const address of edgesOf(starts, 64)) {
      const run = lookupV6(table, Number(address >> 32n), Number(address & 0xffffffffn));
      assert.equal(run, findPlainly(starts, address));
    }
  });

  it('gives everyone the scope 0 when there is one run', () => {
    checkScopeV4({ ...nobody, lists }, 0x01020304);
    checkScopeV6({ ...nobody, lists }, 0x20010db8, 1);
    assert.equal(startOfRun(nobody.v6, 0), 0n);
  });

  it('has an index in proportion to the runs, however close together they are', () => {
    const starts = [0n, ...Array.from({ length: 5000 }, (_, run) => (0x2001_0db8n << 32n) + BigInt(run + 1))];
    const { index } = tableV6(starts);
    assert.ok(index.length < 2 ** 16 + 8 * starts.length, `${index.length} entries`);
  });
});
