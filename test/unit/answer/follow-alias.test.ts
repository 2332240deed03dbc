import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, createFixture } from '../../support/snapshot-fixture.ts';

it('follows an alias through zones that are laid out alike, and ends where it comes round', () => {
  const zone = (name: string, target: string) => ({
    name,
    ns: ['ns.elsewhere.'],
    records: [{ name: 'www', type: 'CNAME', data: [target] }],
  });
  const { desk } = createFixture({
    zones: [zone('a.test', 'www.b.test.'), zone('b.test', 'www.c.test.'), zone('c.test', 'www.a.test.')],
  });
  assert.deepEqual(ask(desk, { name: 'www.a.test.', type: 'A' }).data, ['www.b.test.', 'www.c.test.', 'www.a.test.']);
});
