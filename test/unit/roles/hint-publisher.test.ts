import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHintPublisher, MAX_HINTS_UNDER_WAY } from '../../../src/roles/hint-publisher.ts';
import type { Hint } from '../../../src/store/hint-store.ts';
import { createStoreError } from '../../../src/store/store-error.ts';
import { pause, recordLog } from './fixture.ts';

const HINT: Hint = { zone: 'copy.test', address: '192.0.2.1' };
const fail = () => Promise.reject(createStoreError('STORE_UNAVAILABLE', 'no connection'));

describe('publishing hints', () => {
  it('warns once of a store that does not take them, and again only when it has taken one since', async () => {
    const { logger, lines } = recordLog();
    let answer: () => Promise<void> = fail;
    const publish = createHintPublisher({ publish: () => answer() }, logger);
    const say = async (times: number) => {
      for (let turn = 0; turn < times; turn++) publish(HINT);
      await pause(1);
    };
    await say(3);
    await say(1);
    assert.equal(lines.length, 1);
    assert.deepEqual(
      [lines[0]?.level, lines[0]?.['zone'], lines[0]?.['code'], lines[0]?.['reason']],
      ['warn', 'copy.test', 'STORE_UNAVAILABLE', 'no connection'],
    );
    answer = () => Promise.resolve();
    await say(1);
    assert.equal(lines.length, 1);
    answer = fail;
    await say(1);
    assert.equal(lines.length, 2);
  });

  it('keeps none for a store that is slow', async () => {
    const { logger } = recordLog();
    const asked: (() => void)[] = [];
    const publish = createHintPublisher({ publish: () => new Promise((resolve) => asked.push(resolve)) }, logger);
    for (let turn = 0; turn < 2 * MAX_HINTS_UNDER_WAY; turn++) publish(HINT);
    assert.equal(asked.length, MAX_HINTS_UNDER_WAY);
    for (const answer of asked.splice(0)) answer();
    await pause(1);
    assert.equal(asked.length, 0);
    publish(HINT);
    assert.equal(asked.length, 1);
  });
});
