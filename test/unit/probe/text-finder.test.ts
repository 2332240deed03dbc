import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ANSWER_BYTES } from '../../../src/probe/observe.ts';
import { createTextFinder, type Finding, isExpectedText } from '../../../src/probe/text-finder.ts';

function find(expected: Parameters<typeof createTextFinder>[0], ...pieces: readonly string[]): Finding[] {
  const finder = createTextFinder(expected);
  return [...pieces.map((piece) => finder.push(Buffer.from(piece))), finder.finish()];
}

test('finds a text across pieces, and says when it cannot come any more', () => {
  assert.deepEqual(find('all ok', 'xal', 'l o', 'k'), ['more', 'more', 'found', 'found']);
  assert.deepEqual(find('all ok', 'all', 'ok'), ['more', 'more', 'missing']);
});

test('looks at the first 5,120 bytes alone', () => {
  assert.equal(MAX_ANSWER_BYTES, 5_120);
  const filler = 'x'.repeat(MAX_ANSWER_BYTES - 2);
  for (const expected of ['ok', { matches: 'ok' }]) {
    assert.deepEqual(find(expected, `${filler}ok`), ['found', 'found']);
    assert.deepEqual(find(expected, `${filler}-ok`), ['missing', 'missing']);
  }
});

test('finds the end of a text only where there is one within what is looked at', () => {
  assert.deepEqual(find({ matches: 'ok$' }, 'ok'), ['more', 'found']);
  assert.deepEqual(find({ matches: 'x$' }, 'x'.repeat(MAX_ANSWER_BYTES), 'y'), ['missing', 'missing', 'missing']);
});

test('finds in nothing what nothing matches', () => {
  assert.deepEqual(find({ matches: '^$' }), ['found']);
  assert.deepEqual(find({ matches: 'a*' }, 'b'), ['found', 'found']);
});

test('a header is as expected when it is the text, or matches', () => {
  assert.ok(isExpectedText('gzip', 'gzip') && !isExpectedText('gzip, br', 'gzip'));
  assert.ok(isExpectedText('gzip, br', { matches: 'gzip' }) && !isExpectedText('br', { matches: '^gzip' }));
});
