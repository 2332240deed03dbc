// Which keys zones name in vain.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMissingKeys } from '../../../src/roles/replication.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';

test('keys that zones name and the file does not hold are found, each once', () => {
  const zone = (name: string, transfers?: object) => ({ name, ns: ['ns.elsewhere.test'], transfers });
  const { configuration } = createFixture({
    zones: [
      zone('a.test', { allow: [{ key: 'b' }, { key: 'known' }, '192.0.2.0/24'], notify: [{ address: '192.0.2.1' }] }),
      zone('b.test', { allow: [{ key: 'b' }], notify: [{ address: '192.0.2.1', key: 'a' }] }),
      zone('c.test'),
      { name: 'd.test', primaries: [{ address: '192.0.2.1', key: 'c' }, { address: '192.0.2.2' }] },
    ],
  });
  assert.deepEqual(findMissingKeys(configuration, new Set(['known'])), ['a', 'b', 'c']);
  assert.deepEqual(findMissingKeys(configuration, new Set(['known', 'a', 'b', 'c'])), []);
});
