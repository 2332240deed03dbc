import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GUIDED_SETTLE_MS, MAX_SETTLE_MS, type Presence, SETTLE_MS, settle } from '../../../src/store/settle.ts';
import { simulateTime } from '../../support/simulated-time.ts';

const CHANGE = { id: { generation: 1, number: 8 }, parent: { generation: 1, number: 7 } };
const RECOVERY = { id: { generation: 2, number: 8 }, parent: { generation: 1, number: 7 } };

/** A store that came back at the time 0, and at those times once more. */
function setUp(isGuided: boolean, returnsMs: readonly number[] = []) {
  const time = simulateTime();
  const startMs = time.clock.monotonicMs();
  const presence: Presence = {
    isGuided,
    get returnedForMs() {
      const nowMs = time.clock.monotonicMs() - startMs;
      return nowMs - Math.max(0, ...returnsMs.filter((atMs) => atMs <= nowMs));
    },
    whenThere: async () => undefined,
  };
  /** When the change may be committed. */
  const wait = async (manifest: typeof CHANGE) => {
    let doneMs: number | string | undefined;
    Promise.resolve(settle(manifest, presence, time.clock)).then(
      () => {
        doneMs = time.clock.monotonicMs() - startMs;
      },
      (error: Error) => {
        doneMs = error.message;
      },
    );
    await time.pass(0);
    for (let step = 0; step < 100 && doneMs === undefined; step++) await time.pass(100);
    return doneMs;
  };
  return { wait };
}

test('a change waits after a return of the store, a recovery does not', async () => {
  assert.equal(await setUp(false).wait(CHANGE), SETTLE_MS);
  assert.equal(await setUp(true).wait(CHANGE), GUIDED_SETTLE_MS);
  assert.equal(await setUp(false).wait(RECOVERY), 0);
  assert.equal(await setUp(false).wait({ ...CHANGE, parent: null as never }), 0);
});

test('a store that is lost and comes back once more while a change waits may have forgotten once more: it waits as long again', async () => {
  assert.equal(await setUp(true, [700]).wait(CHANGE), 700 + GUIDED_SETTLE_MS);
});

test('no change waits for ever for a store that comes and goes', async () => {
  const returnsMs = Array.from({ length: 40 }, (_, index) => index * 500);
  assert.match(String(await setUp(false, returnsMs).wait(CHANGE)), /comes and goes/);
  assert.ok(MAX_SETTLE_MS >= 2 * SETTLE_MS);
});
