import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { alignColumns, count, outputOf } from '../../../src/commands/output.ts';

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

  test('one is one, and more are many', () => {
    assert.deepEqual(
      [count(0, 'region'), count(1, 'region'), count(2, 'region')],
      ['0 regions', '1 region', '2 regions'],
    );
  });
});
