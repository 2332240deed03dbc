// Scopes hold: an answer that says that it is good for a prefix is the answer to everybody in that prefix (RFC 7871 section
// 7.2.1), and no prefix one bit wider could be said.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Trace } from '../../src/answer/trace.ts';
import { openPlaceMap } from '../../src/databases/open-place-map.ts';
import { formatAddress } from '../../src/model/address.ts';
import { ask, createFixture, type Fixture, isWithin, WORLD } from '../support/snapshot-fixture.ts';

const DOCUMENT = `
regions:
  - { id: r1, location: { latitude: 53.35, longitude: -6.26 } }
  - { id: r2, location: { latitude: 39.04, longitude: -77.49 } }
  - { id: r3, location: { latitude: 35.6, longitude: 139.7 } }
  - { id: r4, location: { latitude: -33.9, longitude: 151.2 } }
  - { id: r5, location: { latitude: -23.5, longitude: -46.6 } }
clusters:
  - { id: c1, region: r1, endpoints: [{ id: a, address: 198.51.100.1 }] }
  - { id: c2, region: r2, endpoints: [{ id: a, address: 198.51.100.2 }] }
  - { id: c3, region: r3, endpoints: [{ id: a, address: 198.51.100.3 }] }
  - { id: c4, region: r4, endpoints: [{ id: a, address: 198.51.100.4 }] }
  - { id: c5, region: r5, endpoints: [{ id: a, address: 198.51.100.5 }] }
services:
  - name: www
    zone: gtm.example.com
    clusters: [c1, c2, c3, c4, c5]
    rank:
      - { match: { cidr: [81.2.69.128/25, "2a00:1:2::/48"] }, use: [c4] }
      - { match: { country: [BR] }, use: [c2] }
      - { by: proximity, tolerance: 2% }
`;

const word = fc.integer({ min: 0, max: 0xffffffff });
const NETWORKS = WORLD.map(({ prefix }) => prefix.split('/')[0] ?? '');

/** Addresses anywhere, and near the ends of the networks that the map knows. */
function v4Address(high: number, network: number, offset: number, isNear: boolean): number {
  const [a = 0] = (NETWORKS[network % 10] ?? '0').split('.').map(Number);
  return isNear ? (a * 2 ** 24 + offset) >>> 0 : high;
}

function checkScopes({ desk }: Fixture, runs: number, seed: number): void {
  const answerTo = (subnet: string) => {
    const trace: Trace = [];
    desk.trace = trace;
    const { scope = -1 } = ask(desk, { subnet });
    desk.trace = undefined;
    const located = trace.find((step) => step.step === 'client');
    return { scope, list: located?.list };
  };
  const property4 = fc.property(
    word,
    fc.nat(9),
    fc.nat(0xffffff),
    fc.boolean(),
    word,
    (high, network, near, isNear, other) => {
      const address = v4Address(high, network, near, isNear);
      const { scope, list } = answerTo(`${formatAddress({ family: 4, words: [address] })}/32`);
      const mask = scope === 0 ? 0 : (-1 << (32 - scope)) >>> 0;
      const neighbour = ((address & mask) | (other & ~mask)) >>> 0;
      const neighbours = [neighbour, (address & mask) >>> 0, ((address & mask) | ~mask) >>> 0];
      for (const word of neighbours) {
        const text = formatAddress({ family: 4, words: [word] });
        assert.deepEqual(answerTo(`${text}/32`).list, list, `${text} within /${scope}`);
      }
    },
  );
  const property6 = fc.property(
    word,
    word,
    fc.nat(3),
    fc.boolean(),
    word,
    word,
    (high, low, network, isNear, otherHigh, otherLow) => {
      const starts = [0x2a000001, 0x26000000, 0x24000000, 0x2a001450];
      const words = [isNear ? (starts[network] ?? 0) : high, low, 0, 0];
      const { scope, list } = answerTo(`${formatAddress({ family: 6, words })}/64`);
      const maskHigh = scope === 0 ? 0 : (-1 << (32 - Math.min(32, scope))) >>> 0;
      const maskLow = scope <= 32 ? 0 : (-1 << (64 - scope)) >>> 0;
      const neighbour = [
        (((words[0] ?? 0) & maskHigh) | (otherHigh & ~maskHigh)) >>> 0,
        (((words[1] ?? 0) & maskLow) | (otherLow & ~maskLow)) >>> 0,
        otherHigh,
        otherLow,
      ];
      const text = formatAddress({ family: 6, words: neighbour });
      assert.ok(isWithin(text, `${formatAddress({ family: 6, words })}/${scope}`));
      assert.deepEqual(answerTo(`${text}/128`).list, list, `${text} within /${scope}`);
    },
  );
  fc.assert(property4, { seed, numRuns: runs });
  fc.assert(property6, { seed, numRuns: runs });
}

describe('the scope of an answer', () => {
  it('holds for every address in it, over a small map', () => {
    checkScopes(createFixture(DOCUMENT), 3000, 9);
  });

  it('holds for every address in it, over the real database', { timeout: 180_000 }, async (t) => {
    // The map that the last start has kept, if there is one: building takes seconds.
    const stateDirectory = process.env.AZIMUTH_STATE_DIRECTORY ?? mkdtempSync(join(tmpdir(), 'azimuth-scope-'));
    const opened = await openPlaceMap({ directory: join(stateDirectory, 'none'), bundled: true, stateDirectory });
    try {
      if (opened.database === undefined) {
        const reason = 'the city database is not installed: npm install';
        assert.notEqual(process.env.CI, 'true', reason);
        return t.skip(reason);
      }
      t.diagnostic(
        `${opened.database.name}, ${opened.placeMap.v4.words.length} IPv4 and ${opened.placeMap.v6.words.length} IPv6 words`,
      );
      checkScopes(createFixture(DOCUMENT, { placeMap: opened.placeMap }), 5000, 10);
    } finally {
      if (process.env.AZIMUTH_STATE_DIRECTORY === undefined) rmSync(stateDirectory, { recursive: true, force: true });
    }
    return undefined;
  });
});
