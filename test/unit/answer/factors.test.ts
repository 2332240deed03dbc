// What slow start, and the share that an endpoint asks for, make of answers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, createFixture, type Fixture, LONDON, setHealth } from '../../support/snapshot-fixture.ts';

const QUERIES = 4000;
const BALANCES = ['weighted', 'round-robin'] as const;
const [A, B, FAR] = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const;

/** A cluster of two near London, and one of one far away. */
function fixtureOf(balance: string, factors: readonly number[]): Fixture {
  const fixture = createFixture({
    clusters: [
      {
        id: 'eu',
        region: 'eu-west',
        monitor: 'web',
        balance,
        endpoints: [
          { id: 'a', address: A },
          { id: 'b', address: B },
        ],
      },
      { id: 'us', region: 'us-east', monitor: 'web', endpoints: [{ id: 'a', address: FAR }] },
    ],
    services: [
      {
        name: 'www',
        zone: 'gtm.example.com',
        clusters: ['eu', 'us'],
        rank: [{ by: 'proximity' }],
        pick: { answers: 1 },
      },
    ],
  });
  fixture.state.endpointFactors.set(factors);
  return fixture;
}

/** Which share of the answers each address has. */
function sharesOf({ desk }: Fixture, queries = QUERIES): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let query = 0; query < queries; query++) {
    const address = ask(desk, { subnet: LONDON }).data[0] ?? '';
    counts[address] = (counts[address] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([address, count]) => [address, count / queries]));
}

for (const balance of BALANCES) {
  describe(`an endpoint with a share of its weight, balanced by ${balance}`, () => {
    it('gets about that share of what another one gets', () => {
      const { [A]: slow = 0, [B]: whole = 0 } = sharesOf(fixtureOf(balance, [0.1, 1, 1]));
      assert.ok(Math.abs(slow / whole - 0.1) < 0.03, `${slow} : ${whole}`);
      assert.equal(slow + whole, 1, 'nobody is sent far away for that');
    });

    it('gets nothing with a share of 0 while another one of its cluster can serve', () => {
      assert.deepEqual(sharesOf(fixtureOf(balance, [0, 1, 1])), { [B]: 1 });
    });

    it('is answered with a share of 0 all the same when nothing else can serve', () => {
      const fixture = fixtureOf(balance, [0, 1, 1]);
      setHealth(fixture, { down: ['eu/b', 'us'] });
      fixture.state.endpointFactors.set([0, 1, 1]);
      assert.deepEqual(sharesOf(fixture, 100), { [A]: 1 });
    });

    it('leaves its clients to the next cluster when all of its own ask for nothing, as an agent that drains does', () => {
      assert.deepEqual(sharesOf(fixtureOf(balance, [0, 0, 1]), 100), { [FAR]: 1 });
      const fixture = fixtureOf(balance, [0, 0, 0]);
      const { [FAR]: far = 0 } = sharesOf(fixture, 100);
      assert.equal(far, 0, 'where everybody asks for nothing, the nearest serves');
    });

    it('keeps what the weight of its cluster says, while any of its endpoints asks for some of it', () => {
      assert.deepEqual(sharesOf(fixtureOf(balance, [0, 0.01, 1]), 100), { [B]: 1 });
    });

    it('shares alike what is left when all ask for the same', () => {
      const { [A]: one = 0, [FAR]: far = 0 } = sharesOf(fixtureOf(balance, [0.1, 0.1, 1]));
      assert.ok(Math.abs(one - 0.5) < 0.04, `${one}`);
      assert.equal(far, 0);
    });
  });
}
