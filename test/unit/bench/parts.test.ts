import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { FAILOVER_PARTS } from '../../bench/failover/parts.ts';
import { PARTS } from '../../bench/parts.ts';

const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8');

describe('parts of the bench', () => {
  for (const name of [...Object.keys(PARTS), ...Object.keys(FAILOVER_PARTS)]) {
    test(`${name} has a place for its tables in docs/performance.md, and a line in the README`, () => {
      assert.match(page, new RegExp(`<!-- bench: ${name} -->\\n[^]*<!-- end of bench: ${name} -->`));
      assert.match(readme, new RegExp(`^\\| \`${name}\` \\|`, 'm'));
    });
  }
});
