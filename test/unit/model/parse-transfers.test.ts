// Who may copy a zone, and who is told: what is accepted, what it becomes, and what is said of the rest.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';

function parseOf(transfers: unknown) {
  const document = { regions: [], zones: [{ name: 'copy.test', ns: ['ns.elsewhere.test'], transfers }] };
  const parsed = parseConfiguration(document, { resolveLocation: () => undefined });
  return parsed.ok
    ? { transfers: parsed.value.zones[0]?.transfers, problems: [] }
    : { transfers: undefined, problems: parsed.problems.map(({ path, message }) => `${path}: ${message}`) };
}

describe('the transfers of a zone', () => {
  test('are for nobody when nothing is said of them', () => {
    assert.deepEqual(parseOf(undefined), { transfers: undefined, problems: [] });
    assert.deepEqual(parseOf({}).transfers, { allow: [], notify: [] });
  });

  test('go by key, by prefix, by address, by key and prefix; names and prefixes become canonical', () => {
    const allow = ['192.0.2.7/24', '2001:DB8::1', { key: 'Secondary.1.' }, { key: 'a', prefix: '10.0.0.0/8' }];
    const notify = [{ address: '2001:DB8:0::5' }, { address: '192.0.2.5', port: 5353, key: 'A' }];
    assert.deepEqual(parseOf({ allow, notify }).transfers, {
      allow: [
        { prefix: '192.0.2.0/24' },
        { prefix: '2001:db8::1/128' },
        { key: 'secondary.1' },
        { key: 'a', prefix: '10.0.0.0/8' },
      ],
      notify: [
        { address: '2001:db8::5', port: 53 },
        { address: '192.0.2.5', port: 5353, key: 'a' },
      ],
    });
  });

  test('have every fault told with its place', () => {
    const { problems } = parseOf({
      allow: ['10.0.0.0/33', {}, { key: 'a..b' }, { key: 'a', prefix: 'x' }],
      notify: [{ address: 'host.test' }, { address: '192.0.2.1', key: 'b..c' }],
    });
    const places = problems.map((problem) => problem.slice(0, problem.indexOf(':')));
    assert.deepEqual(places, [
      '/zones/0/transfers/allow/0',
      '/zones/0/transfers/allow/1',
      '/zones/0/transfers/allow/2/key',
      '/zones/0/transfers/allow/3/prefix',
      '/zones/0/transfers/notify/0/address',
      '/zones/0/transfers/notify/1/key',
    ]);
    assert.match(problems[1] ?? '', /would let everybody copy the zone/);
  });
});
