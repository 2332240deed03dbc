import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, createFixture } from '../../support/snapshot-fixture.ts';

const zone = (name: string, ...records: readonly object[]) => ({ name, ns: ['ns.elsewhere.'], records });

describe('the addresses that go with a host', () => {
  it('are those of that very name, not of the nearest name above it that exists', () => {
    const { desk } = createFixture({
      zones: [
        zone(
          'x.test',
          { name: '@', type: 'A', data: ['192.0.2.1'] },
          { name: 'm', type: 'MX', data: ['1 missing', '2 there'] },
          { name: 'there', type: 'A', data: ['192.0.2.2'] },
        ),
      ],
    });
    const { answers, additionals } = ask(desk, { name: 'm.x.test.', type: 'MX' });
    assert.equal(answers.length, 2);
    assert.deepEqual(additionals, ['there.x.test 3600 A 192.0.2.2']);
  });

  it('are no glue where they come from another zone, though that one be laid out alike', () => {
    const sub = { name: 'sub', type: 'NS', data: ['h.sub.y.test.'] };
    const many = Array.from({ length: 60 }, (_, host) => `192.0.2.${host}`);
    const { desk } = createFixture({
      zones: [zone('x.test', sub), zone('y.test', sub, { name: 'h.sub', type: 'A', data: many })],
    });
    const outside = ask(desk, { name: 'a.sub.x.test.', udpSize: 512 });
    assert.deepEqual([outside.authorities.length, outside.message.isTruncated], [1, false]);
    const inside = ask(desk, { name: 'a.sub.y.test.', udpSize: 512 });
    assert.deepEqual([inside.authorities.length, inside.message.isTruncated], [1, true]);
  });
});
