import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findOddities } from '../../../src/model/find-oddities.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { changeDocument, OPTIONS } from './fixtures.ts';

function oddities(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const parsed = parseConfiguration(changeDocument({ '/overrides': [], ...changes }), OPTIONS);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return findOddities(parsed.value).map(({ path, message }) => `${path}: ${message}`);
}

const ONE = [{ id: 'a', address: '203.0.113.10' }];
const KEY = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
const OLD_KEY = KEY.replace('Gb9E', 'Hb9E');
const THREE = ['1', '2', '3'].map((id) => ({ id, address: `203.0.113.${id}` }));

describe('what is odd, and no fault:', () => {
  const rows: readonly (readonly [title: string, changes: Readonly<Record<string, unknown>>, told: string])[] = [
    [
      'a monitor that no cluster has',
      { '/monitors/-': { id: 'spare', type: 'icmp' } },
      '/monitors/1: no cluster has the monitor "spare": it checks nothing.',
    ],
    [
      'a vantage that admits no worker',
      { '/vantages': [{ id: 'a' }, { id: 'b', workers: [] }] },
      '/vantages/1/workers: nobody\'s votes count from "b": list its workers, or take the key away.',
    ],
    [
      'one key for the workers of two vantages',
      {
        '/vantages': [
          { id: 'a', workers: [{ id: 'w', publicKey: [OLD_KEY, KEY] }] },
          { id: 'b', workers: [{ id: 'w', publicKey: KEY }] },
        ],
      },
      '/vantages/1/workers/0/publicKey: "a/w" has this key too, so that one worker can speak for both: copy the key of "b/w".',
    ],
    [
      'panic where nothing is checked',
      { '/clusters/1/panic': '50%' },
      '/clusters/1/panic: nothing checks the cluster "web-us", so it never panics.',
    ],
    [
      'panic with a single endpoint of each family',
      { '/clusters/0/panic': '50%' },
      '/clusters/0/panic: a single endpoint is up or down, so "web-eu" never panics: leave it out.',
    ],
    [
      'panic below one endpoint of three',
      { '/clusters/0/panic': '33%', '/clusters/0/endpoints': THREE },
      '/clusters/0/panic: with 3 endpoints of a family never fewer than this share are up without all being down, so "web-eu" never panics: raise it above 33%.',
    ],
    [
      'a place to check that nothing checks',
      { '/clusters/1/endpoints': [{ ...ONE[0], check: { port: 81 } }] },
      '/clusters/1/endpoints/0/check: nothing checks the endpoint "a", for its cluster has no monitor.',
    ],
    [
      'a port for a monitor without ports',
      {
        '/monitors/0': { id: 'web', type: 'icmp' },
        '/clusters/0/endpoints': [{ ...ONE[0], check: { port: 81 } }],
      },
      '/clusters/0/endpoints/0/check/port: icmp has no ports: it is not used.',
    ],
  ];
  for (const [title, changes, told] of rows) it(title, () => assert.deepEqual(oddities(changes), [told]));

  it('none of what has its effect', () => {
    assert.deepEqual(oddities({}), []);
    assert.deepEqual(oddities({ '/clusters/0/panic': '34%', '/clusters/0/endpoints': THREE }), []);
    const worker = (id: string, publicKey: unknown) => ({ id, workers: [{ id: 'w', publicKey }] });
    assert.deepEqual(oddities({ '/vantages': [worker('a', KEY), worker('b', OLD_KEY)] }), []);
    const both = { '/monitors/-': { id: 'ping', type: 'icmp' }, '/clusters/0/monitors': ['web', 'ping'] };
    assert.deepEqual(oddities({ ...both, '/clusters/0/monitor': undefined }), []);
  });
});
