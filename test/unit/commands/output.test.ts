import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { alignColumns, count, describeAge, outputOf } from '../../../src/commands/output.ts';

describe('output', () => {
  test('columns are aligned, whatever their colours, and lines end without spaces', () => {
    const red = styleText('red', 'down', { validateStream: false });
    const text = alignColumns(
      [
        ['a', red, 'x'],
        ['long one', 'up', ''],
        ['é', '', 'last'],
      ],
      '> ',
    );
    const plain = text.replaceAll(red, 'down');
    assert.equal(plain, '> a         down  x\n> long one  up\n> é               last');
  });

  test('colours are there only where the place that is written to has them', () => {
    for (const hasColors of [true, false]) {
      const command = new Command().configureOutput({ getOutHasColors: () => hasColors });
      assert.equal(outputOf(command).paint('red', 'x') === 'x', !hasColors);
    }
  });

  test('an age is told in the unit that people would use', () => {
    const ages = [-5000, 400, 12_000, 119_400, 120_000, 7_199_000, 7_200_000, 172_799_000, 172_800_000];
    assert.deepEqual(ages.map(describeAge), ['0 s', '0 s', '12 s', '119 s', '2 min', '119 min', '2 h', '47 h', '2 d']);
  });

  test('one is one, and more are many', () => {
    assert.deepEqual(
      [count(0, 'region'), count(1, 'region'), count(2, 'region')],
      ['0 regions', '1 region', '2 regions'],
    );
  });
});
