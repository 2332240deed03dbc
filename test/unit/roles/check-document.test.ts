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

  test('the cloud metadata address is refused like any other link-local one', () => {
    const sneaky = withEndpoints([{ id: 'a', address: '203.0.113.1', check: { address: '169.254.169.254' } }]);
    assert.equal(checkDocument(sneaky, OPTIONS).ok, false);
  });

  test('allows them where the settings do, and where nothing is checked', () => {
    const document = withEndpoints([{ id: 'a', address: '10.0.0.1' }]);
    assert.equal(checkDocument(document, { ...OPTIONS, allowNetworks: ['10.0.0.0/8'] }).ok, true);
    assert.equal(checkDocument(withEndpoints([{ id: 'a', address: '10.0.0.1' }], ''), OPTIONS).ok, true);
  });
});
