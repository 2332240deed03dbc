import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileZone } from '../../../src/snapshot/compile-zone.ts';
import { compileZones } from '../../../src/snapshot/compile-zones.ts';

const NUMBERS = { refreshSeconds: 1, retrySeconds: 1, expireSeconds: 1, minimumSeconds: 1, ttlSeconds: 60 };

function imageOf(name: string) {
  const soa = { mname: 'ns.elsewhere', rname: 'ops.elsewhere', ...NUMBERS };
  const compiled = compileZone({ name, soa, ns: ['ns.elsewhere'], nsTtlSeconds: 60 }, [], []);
  assert.ok(compiled.ok);
  return compiled.value;
}

describe('the zone table', () => {
  it('knows the services of each zone, of the third and later ones too', () => {
    const names = ['a.test', 'b.test', 'c.test', 'd.c.test'];
    const steered = [[4], [2, 0], [], [1, 3]];
    const { serviceStarts, services, deepestApex } = compileZones(names, names.map(imageOf), steered);
    for (const [zone, expected] of steered.entries()) {
      assert.deepEqual([...services.slice(serviceStarts[zone], serviceStarts[zone + 1])], expected);
    }
    assert.equal(deepestApex, 3);
  });

  it('knows the primaries of each zone that has any, their addresses as numbers', () => {
    const names = ['a.test', 'b.test'];
    const primaries = [
      undefined,
      [
        { address: '192.0.2.1', port: 53 },
        { address: '2001:db8::1', port: 5353, key: 'k' },
      ],
    ];
    assert.deepEqual(compileZones(names, names.map(imageOf), [[], []], [], primaries).primaries, [
      undefined,
      [
        { address: { family: 4, words: [0xc0000201] }, key: undefined },
        { address: { family: 6, words: [0x20010db8, 0, 0, 1] }, key: 'k' },
      ],
    ]);
  });
});
