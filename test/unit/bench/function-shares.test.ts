import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareByFunction } from '../../bench/function-shares.ts';

const frame = (functionName: string, url: string, lineNumber: number) => ({ functionName, url, lineNumber });
const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame('answer', 'file:///a.ts', 9) },
    { id: 2, callFrame: frame('(idle)', '', -1) },
    { id: 3, callFrame: frame('start', 'file:///b.ts', 0) },
    // The same function, called from elsewhere.
    { id: 4, callFrame: frame('answer', 'file:///a.ts', 9) },
    { id: 5, callFrame: frame('send', 'file:///a.ts', 19) },
  ],
  samples: [3, 1, 2, 4, 5],
  timeDeltas: [1000, 30, 500, 30, 40],
};

describe('shares of a CPU profile', () => {
  test('are summed by function, without idle time and without what came before', () => {
    assert.deepEqual(shareByFunction(PROFILE, 600), [
      { name: 'answer', file: 'file:///a.ts', line: 10, share: 0.6 },
      { name: 'send', file: 'file:///a.ts', line: 20, share: 0.4 },
    ]);
  });

  test('idle time is there when asked for', () => {
    assert.equal(shareByFunction(PROFILE, 600, true).find(({ name }) => name === '(idle)')?.share, 500 / 600);
  });
});
