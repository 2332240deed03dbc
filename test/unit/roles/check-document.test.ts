import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkDocument } from '../../../src/roles/check-document.ts';
import { DOCUMENT } from '../api/fixture.ts';

const OPTIONS = { resolveLocation: () => undefined, allowNetworks: [] };

function withEndpoints(endpoints: readonly object[], monitor: string | undefined = 'web') {
  const [first, ...rest] = DOCUMENT.clusters;
  const { monitor: _, ...cluster } = first ?? {};
  return { ...DOCUMENT, clusters: [{ ...cluster, ...(monitor !== '' && { monitor }), endpoints }, ...rest] };
}

describe('checking a document before it is committed', () => {
  test('lets a valid one through as it is', () => {
    assert.deepEqual(checkDocument(DOCUMENT, OPTIONS), { ok: true, value: DOCUMENT });
  });

  test('refuses to check addresses that the settings do not allow, each at its place', () => {
    const checked = checkDocument(
      withEndpoints([
        { id: 'a', address: '10.0.0.1' },
        { id: 'b', address: '203.0.113.1', check: { address: '127.0.0.1' } },
        { id: 'c', address: '203.0.113.2' },
        { id: 'd', address: '10.0.0.2', check: { address: '203.0.113.3' } },
      ]),
      OPTIONS,
    );
    assert.equal(checked.ok, false);
    assert.deepEqual(checked.ok ? [] : checked.problems.map(({ path }) => path), [
      '/clusters/0/endpoints/0/address',
      '/clusters/0/endpoints/1/check/address',
    ]);
    assert.match(checked.ok ? '' : (checked.problems[0]?.message ?? ''), /10\.0\.0\.1 .*private.*probe\.allowNetworks/);
  });

  test('two monitors that check the very same of an endpoint are refused, whatever their timing', () => {
    const [web] = DOCUMENT.monitors;
    const monitors = [web, { ...web, id: 'fast', interval: '1s' }, { ...web, id: 'other', port: 8443 }];
    const check = (names: readonly string[], endpoint: object = {}) => {
      const [first] = DOCUMENT.clusters;
      const { monitor: _, ...cluster } = first ?? {};
      const endpoints = [{ id: 'a', address: '203.0.113.1', ...endpoint }];
      const document = { ...DOCUMENT, monitors, clusters: [{ ...cluster, monitors: names, endpoints }], services: [] };
      const checked = checkDocument(document, OPTIONS);
      return checked.ok ? [] : checked.problems.map(({ path, message }) => `${path} ${message}`);
    };
    assert.deepEqual(check(['web', 'other']), []);
    assert.deepEqual(check(['web', 'fast']), [
      '/clusters/0/monitors the monitors "web" and "fast" check the very same of the endpoint "a": keep one of them.',
    ]);
    assert.equal(check(['web', 'other'], { check: { port: 9443 } }).length, 1, 'the endpoint states the port of both');
  });

  test('the cloud metadata address is refused like any other link-local one', () => {
    const sneaky = withEndpoints([{ id: 'a', address: '203.0.113.1', check: { address: '169.254.169.254' } }]);
    assert.equal(checkDocument(sneaky, OPTIONS).ok, false);
  });

  test('allows them where the settings do, and where nothing is checked', () => {
    const document = withEndpoints([{ id: 'a', address: '10.0.0.1' }]);
    assert.equal(checkDocument(document, { ...OPTIONS, allowNetworks: ['10.0.0.0/8'] }).ok, true);
    assert.equal(checkDocument(withEndpoints([{ id: 'a', address: '10.0.0.1' }], ''), OPTIONS).ok, true);
  });

  describe('refuses zones that no node could serve', () => {
    const [zone] = DOCUMENT.zones;
    const withRecords = (...records: readonly object[]) => ({
      ...DOCUMENT,
      zones: [{ ...zone, records: [...(zone?.records ?? []), ...records] }],
    });
    const told = (document: unknown, checkedZones = new WeakMap()) => {
      const checked = checkDocument(document, { ...OPTIONS, checkedZones });
      return checked.ok ? [] : checked.problems.map(({ path, message }) => `${path} ${message}`);
    };
    const base = zone?.records?.length ?? 0;

    test('each fault at the record that states it', () => {
      const found = told(
        withRecords(
          { name: 'x', type: 'A', data: ['192.0.2.1'] },
          // The model makes one RRset of these two: places are those of the document all the same.
          { name: 'x', type: 'A', data: ['192.0.2.2'] },
          { name: 'sub', type: 'NS', data: ['ns.sub'] },
        ),
      );
      assert.equal(found.length, 1, found.join());
      assert.match(found[0] ?? '', new RegExp(`^/zones/0/records/${base + 2} .*cannot be found without its address`));
    });

    test('what was found good is not looked at again, until its services change', () => {
      const checkedZones = new WeakMap();
      assert.deepEqual(told(DOCUMENT, checkedZones), []);
      const [first] = DOCUMENT.zones;
      assert.ok(first !== undefined && checkedZones.has(first));
      const before = checkedZones.get(first);
      assert.deepEqual(told({ ...DOCUMENT, services: [] }, checkedZones), []);
      assert.notEqual(checkedZones.get(first), before);
    });
  });
});
