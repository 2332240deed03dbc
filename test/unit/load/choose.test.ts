import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addCandidate, type Candidates, createCandidates, MAX_CANDIDATES } from '../../../src/load/candidates.ts';
import { type Chance, throwDice } from '../../../src/load/chance.ts';
import { choose, PICK_ALL, PICK_LEAST_CONNECTIONS, PICK_ROUND_ROBIN, PICK_WEIGHTED } from '../../../src/load/choose.ts';
import { createTurns, type Turns } from '../../../src/load/turns.ts';
import { tally } from '../../support/snapshot-fixture.ts';

type Given = { readonly id?: number; readonly weight?: number; readonly room?: number; readonly connections?: number };

const candidates = createCandidates();
const chosen = new Int32Array(8);

function gather(given: readonly Given[]): Candidates {
  candidates.count = 0;
  for (const [index, { id = index, weight = 1, room = 1, connections = 0 }] of given.entries()) {
    addCandidate(candidates, id, weight, room, connections);
  }
  return candidates;
}

/** A chooser with a chance and turns of its own. */
function chooser(algorithm: number, wanted = 1): (given: readonly Given[]) => number[] {
  const chance: Chance = { bits: 42 };
  const turns: Turns = createTurns(MAX_CANDIDATES);
  return (given) => [...chosen.subarray(0, choose(algorithm, gather(given), chance, turns, wanted, chosen, 0))];
}

const ALGORITHMS = [PICK_WEIGHTED, PICK_ROUND_ROBIN, PICK_LEAST_CONNECTIONS, PICK_ALL];

/** Within four standard deviations of a share of `count` throws: one failure in some 16,000 seeds, and the seed is fixed. */
function assertShare(actual: number | undefined, share: number, count: number): void {
  const deviation = 4 * Math.sqrt(count * share * (1 - share));
  assert.ok(Math.abs((actual ?? 0) - share * count) <= deviation, `${actual} of ${count} for a share of ${share}`);
}

describe('choosing', () => {
  it('gives different candidates, as many as are wanted and there are', () => {
    const given = fc.array(fc.record({ weight: fc.nat(3), room: fc.constantFrom(0, 0.5, 1), connections: fc.nat(5) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(given, fc.constantFrom(...ALGORITHMS), fc.integer({ min: 1, max: 8 }), (rows, algorithm, wanted) => {
        const ids = chooser(algorithm, wanted)(rows);
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(ids.every((id) => id < rows.length));
        assert.ok(ids.length <= wanted);
        // Whoever has no weight or no room is left out while others have both, but there is always an answer.
        const fit = rows.filter(({ weight, room }) => weight > 0 && room > 0).length;
        const weighted = rows.filter(({ weight }) => weight > 0).length;
        const roomy = rows.filter(({ room }) => room > 0).length;
        if (fit > 0) assert.equal(ids.length, Math.min(wanted, fit));
        else if (weighted > 0) assert.equal(ids.length, Math.min(wanted, weighted));
        else assert.ok(ids.length >= Math.min(wanted, rows.length, 1) && roomy >= 0);
      }),
      { seed: 4, numRuns: 2000 },
    );
  });

  it('leaves out what has no weight while another has some, and takes it when nothing else is left', () => {
    for (const algorithm of ALGORITHMS) {
      const give = chooser(algorithm, 8);
      assert.deepEqual(give([{ weight: 0 }, { weight: 5 }]), [1]);
      assert.deepEqual(give([{ weight: 0 }]), [0]);
      assert.deepEqual(give([{ weight: 0 }, { weight: 0 }]).sort(), [0, 1]);
    }
  });

  it('leaves out what has no room while another has some, and takes it when all are full', () => {
    for (const algorithm of ALGORITHMS) {
      const give = chooser(algorithm, 8);
      assert.deepEqual(give([{ room: 0 }, { room: 0.01 }]), [1]);
      assert.deepEqual(give([{ room: 0 }, { room: 0 }]).sort(), [0, 1]);
      // Weight without room goes before room without weight.
      assert.deepEqual(give([{ room: 0 }, { weight: 0 }]), [0]);
    }
  });

  it('keeps more candidates than there is memory for out', () => {
    gather(new Array<Given>(MAX_CANDIDATES + 5).fill({}));
    assert.equal(candidates.count, MAX_CANDIDATES);
  });

  describe('weighted', () => {
    it('gives each its weight’s share', () => {
      const give = chooser(PICK_WEIGHTED);
      const count = 20_000;
      const counts = tally(count, () =>
        String(give([{ weight: 100 }, { weight: 300 }, { weight: 0 }, { weight: 600 }])[0]),
      );
      assertShare(counts['0'], 0.1, count);
      assertShare(counts['1'], 0.3, count);
      assertShare(counts['3'], 0.6, count);
      assert.equal(counts['2'], undefined);
    });

    it('gives the loaded less, in proportion to their room', () => {
      const give = chooser(PICK_WEIGHTED);
      const count = 20_000;
      const counts = tally(count, () => String(give([{ room: 0.25 }, { room: 1 }, { weight: 2, room: 0.5 }])[0]));
      assertShare(counts['0'], 0.25 / 2.25, count);
      assertShare(counts['1'], 1 / 2.25, count);
      assertShare(counts['2'], 1 / 2.25, count);
    });

    it('goes by weight alone where all are full', () => {
      const give = chooser(PICK_WEIGHTED);
      const count = 10_000;
      const counts = tally(count, () =>
        String(
          give([
            { room: 0, weight: 1 },
            { room: 0, weight: 3 },
          ])[0],
        ),
      );
      assertShare(counts['0'], 0.25, count);
    });

    it('draws the second without the first: order of weights holds at every place', () => {
      const give = chooser(PICK_WEIGHTED, 2);
      const count = 20_000;
      const counts = tally(count, () => give([{ weight: 1 }, { weight: 2 }, { weight: 3 }]).join());
      // P(first i) × P(second j | not i).
      assertShare(counts['2,1'], (3 / 6) * (2 / 3), count);
      assertShare(counts['0,2'], (1 / 6) * (3 / 5), count);
    });
  });

  describe('polling', () => {
    it('gives each its turn, in order', () => {
      const give = chooser(PICK_ROUND_ROBIN);
      const order = Array.from({ length: 7 }, () => give([{}, {}, {}])[0]);
      assert.deepEqual(order, [0, 1, 2, 0, 1, 2, 0]);
    });

    it('moves the first place on by one when several are given', () => {
      const give = chooser(PICK_ROUND_ROBIN, 2);
      const order = Array.from({ length: 4 }, () => give([{}, {}, {}]));
      assert.deepEqual(order, [
        [0, 1],
        [1, 2],
        [2, 0],
        [0, 1],
      ]);
    });

    it('stays even when different clients may be given different ones', () => {
      const give = chooser(PICK_ROUND_ROBIN);
      // One client may go to 0 and 1, the other to 2 and 3; they take turns, in step.
      const counts = tally(400, (turn) =>
        String(give(turn % 2 === 0 ? [{ id: 0 }, { id: 1 }] : [{ id: 2 }, { id: 3 }])[0]),
      );
      assert.deepEqual(counts, { 0: 100, 1: 100, 2: 100, 3: 100 });
    });

    it('gives one that comes back its turn, and not all that it missed', () => {
      const give = chooser(PICK_ROUND_ROBIN);
      for (let turn = 0; turn < 100; turn++) give([{ id: 0 }, { id: 1 }]);
      const order = Array.from({ length: 4 }, () => give([{ id: 0 }, { id: 1 }, { id: 2 }])[0]);
      assert.deepEqual(order, [2, 0, 1, 2]);
    });

    it('lets one with half the room have half the turns of the others', () => {
      const give = chooser(PICK_ROUND_ROBIN);
      const count = 10_000;
      const counts = tally(count, () => String(give([{ room: 0.5 }, {}])[0]));
      assertShare(counts['0'], 1 / 3, count);
    });
  });

  describe('all', () => {
    it('gives all of them, another one first each time', () => {
      const give = chooser(PICK_ALL, 8);
      assert.deepEqual(
        [give([{}, {}, {}]), give([{}, {}, {}])],
        [
          [0, 1, 2],
          [1, 2, 0],
        ],
      );
    });

    it('gives every one of more than fit into an answer equally often', () => {
      const give = chooser(PICK_ALL, 8);
      const seen = new Array<number>(10).fill(0);
      for (let turn = 0; turn < 100; turn++) {
        for (const id of give(new Array<Given>(10).fill({}))) seen[id] = (seen[id] ?? 0) + 1;
      }
      assert.deepEqual(seen, new Array(10).fill(80));
    });
  });

  describe('least connections', () => {
    it('gives the one with the fewest connections for its weight', () => {
      const give = chooser(PICK_LEAST_CONNECTIONS, 3);
      assert.deepEqual(give([{ connections: 10 }, { connections: 3 }, { connections: 7 }]), [1, 2, 0]);
      assert.deepEqual(
        give([{ connections: 10, weight: 5 }, { connections: 3 }, { connections: 9, weight: 4 }]),
        [0, 2, 1],
      );
    });

    it('gives equals their turn', () => {
      const give = chooser(PICK_LEAST_CONNECTIONS);
      const counts = tally(300, () => String(give([{}, {}, {}])[0]));
      assert.deepEqual(counts, { 0: 100, 1: 100, 2: 100 });
    });
  });
});

describe('the dice', () => {
  it('are the same for the same bits, and even', () => {
    const [one, other] = [{ bits: 7 }, { bits: 7 }];
    const buckets = new Array<number>(10).fill(0);
    for (let count = 0; count < 20_000; count++) {
      const thrown = throwDice(one);
      assert.equal(thrown, throwDice(other));
      assert.ok(thrown >= 0 && thrown < 1);
      buckets[Math.floor(thrown * 10)] = (buckets[Math.floor(thrown * 10)] ?? 0) + 1;
    }
    for (const bucket of buckets) assertShare(bucket, 0.1, 20_000);
  });
});
