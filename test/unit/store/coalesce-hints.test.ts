import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { coalesceHints } from '../../../src/store/coalesce-hints.ts';
import { HINT_INTERVAL_MS, MAX_HINTED_ZONES } from '../../../src/store/hint-store.ts';

function open(context: TestContext) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const out: string[] = [];
  const coalescer = coalesceHints(({ zone, address }) => out.push(`${zone} ${address}`));
  const note = (zone: string, address: string) => coalescer.note({ zone, address });
  return { out, note, close: coalescer.close, tick: (ms: number) => context.mock.timers.tick(ms) };
}

describe('coalescing hints', () => {
  it('passes the first at once, and the latest of those within the interval at its end', (context) => {
    const { out, note, tick } = open(context);
    note('a', '1');
    note('a', '2');
    tick(HINT_INTERVAL_MS - 1);
    note('a', '3');
    assert.deepEqual(out.splice(0), ['a 1']);
    tick(1);
    assert.deepEqual(out.splice(0), ['a 3']);
    // What was passed late begins an interval of its own.
    note('a', '4');
    tick(HINT_INTERVAL_MS - 1);
    assert.deepEqual(out.splice(0), []);
    tick(1);
    assert.deepEqual(out.splice(0), ['a 4']);
  });

  it('passes nothing at the end of a quiet interval, and the next at once', (context) => {
    const { out, note, tick } = open(context);
    note('a', '1');
    tick(5 * HINT_INTERVAL_MS);
    note('a', '2');
    assert.deepEqual(out, ['a 1', 'a 2']);
  });

  it('remembers no more zones than its limit, and those only for an interval', (context) => {
    const { out, note, tick } = open(context);
    for (let zone = 0; zone <= MAX_HINTED_ZONES; zone++) note(`z${zone}`, '1');
    assert.equal(out.length, MAX_HINTED_ZONES);
    tick(HINT_INTERVAL_MS);
    note('beyond', '1');
    assert.equal(out.at(-1), 'beyond 1');
  });

  it('forgets all when it is closed', (context) => {
    const { out, note, tick, close } = open(context);
    note('a', '1');
    note('a', '2');
    close();
    note('b', '1');
    tick(HINT_INTERVAL_MS);
    assert.deepEqual(out, ['a 1']);
  });
});
