import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runLossyWorld } from '../../../bench/failover/lossy-world.ts';
import { seededRandom } from '../../../bench/failover/seeded-random.ts';
import { TIMING } from '../../health/fixtures.ts';

const RUN = { timing: TIMING, targets: 10, hours: 1 / 60 };

describe('the world of lost checks', () => {
  test('a seed gives the same chance again, evenly', () => {
    const [first, again, other] = [seededRandom(7), seededRandom(7), seededRandom(8)];
    const values = Array.from({ length: 10_000 }, () => first());
    assert.deepEqual(
      values.slice(0, 5),
      Array.from({ length: 5 }, () => again()),
    );
    assert.notEqual(values[0], other());
    const below = values.filter((value) => value < 0.05).length;
    assert.ok(below > 400 && below < 600, `${below} of 10,000 below 0.05`);
  });

  test('without losses nobody votes down, and every vantage checks every target each interval', async () => {
    const { checks, lost, downVotes, falseDowns } = await runLossyWorld({ ...RUN, seed: 1, lossShare: 0 });
    assert.deepEqual([lost, downVotes, falseDowns.length], [0, 0, 0]);
    assert.ok(checks >= 3 * 10 * 59 && checks <= 3 * 10 * 62, `${checks} checks`);
  });

  test('where most checks are lost the verdicts turn, so that the count can be trusted; and the same seed counts the same', async () => {
    const first = await runLossyWorld({ ...RUN, seed: 1, lossShare: 0.6 });
    assert.ok(first.falseDowns.length >= 10, `${first.falseDowns.length} verdicts`);
    assert.deepEqual(await runLossyWorld({ ...RUN, seed: 1, lossShare: 0.6 }), first);
  });
});
