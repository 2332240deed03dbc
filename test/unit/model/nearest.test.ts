import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findNearest } from '../../../src/model/nearest.ts';

describe('findNearest', () => {
  it('finds the word that was meant when a letter is wrong, missing, too many or swapped', () => {
    const known = ['eu-west', 'us-east', 'ap-south'];
    for (const word of ['eu-wast', 'eu-wst', 'eu-wesst', 'eu-wset', 'EU-West'])
      assert.equal(findNearest(word, known), 'eu-west', word);
  });

  it('finds nothing where a third of the word would have to change', () => {
    assert.equal(findNearest('moon', ['eu-west', 'noun']), undefined);
    assert.equal(findNearest('x', ['y']), 'y');
  });

  it('does not search among too many or in too long words', () => {
    assert.equal(findNearest('a'.repeat(65), ['a'.repeat(64)]), undefined);
    assert.equal(
      findNearest(
        'n1',
        Array.from({ length: 3000 }, (_, index) => `n${index}`),
      ),
      undefined,
    );
  });
});
