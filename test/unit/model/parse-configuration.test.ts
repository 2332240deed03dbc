import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_PROBLEMS } from '../../../src/model/limits.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { splitPointer } from '../../../src/model/pointer.ts';
import { changeDocument, createDocument, findProblems, OPTIONS } from './fixtures.ts';
import { nearDocuments } from './near-documents.ts';

describe('parseConfiguration', () => {
  it('fills in every default', () => {
    const parsed = parseConfiguration(createDocument(), OPTIONS);
    assert.ok(parsed.ok);
    const { zones, regions, vantages, monitors, clusters, services, overrides } = parsed.value;
    assert.deepEqual(zones[0]?.soa, {
      mname: 'ns1.gtm.example.com',
      rname: 'hostmaster.gtm.example.com',
      refreshSeconds: 1800,
      retrySeconds: 600,
      expireSeconds: 604_800,
      minimumSeconds: 60,
      ttlSeconds: 3600,
    });
    assert.deepEqual(zones[0]?.records[0], {
      name: 'ns1.gtm.example.com',
      type: 'A',
      ttlSeconds: 3600,
      data: ['192.0.2.53'],
    });
    assert.deepEqual(regions[1], {
      id: 'us-east',
      name: 'us-east',
      location: { latitude: 38.9, longitude: -77.4 },
      bias: 10,
      state: 'enabled',
    });
    assert.deepEqual(vantages, [{ id: 'local' }]);
    assert.deepEqual(monitors[0], {
      id: 'web',
      intervalMs: 5000,
      timeoutMs: 2000,
      fall: 3,
      rise: 2,
      maxHoldDownMs: 300_000,
      quorum: 'majority',
      check: {
        type: 'https',
        port: 443,
        method: 'GET',
        path: '/healthz',
        verifyCertificate: true,
        expect: {
          status: [
            { low: 200, high: 299 },
            { low: 304, high: 304 },
          ],
          body: 'ok',
        },
      },
    });
    assert.deepEqual(clusters[0]?.minHealthy, { share: 0.5 });
    assert.equal(clusters[0]?.balance, 'all');
    assert.deepEqual(clusters[0]?.endpoints[1], {
      id: 'b',
      target: { family: 'AAAA', address: '2001:db8::10' },
      weight: 100,
      check: { address: '127.0.0.1', port: 8101 },
    });
    assert.deepEqual(services[0], {
      id: 'www.gtm.example.com',
      zone: 'gtm.example.com',
      ttl: { minSeconds: 10, maxSeconds: 30 },
      clusters: ['web-eu', 'web-us'],
      rank: [
        { kind: 'match', match: { country: ['CN'] }, use: ['web-us'], fence: true },
        { kind: 'proximity', tolerance: 0 },
      ],
      pick: { by: 'weighted', shed: { low: 0.8, high: 1 } },
      lastResort: { kind: 'fail-open' },
      https: [],
      svcb: [],
    });
    assert.deepEqual(overrides[0], {
      kind: 'endpoints',
      id: 'web-eu/b',
      state: 'drain',
      reason: 'kernel update',
      author: 'kim',
    });
  });

  it('has a default mailbox for every name that a zone can have', () => {
    const longest = ['a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63), 'd'.repeat(61)].join('.');
    for (const name of ['-1s', '0/25.2.0.192.in-addr.arpa', longest]) {
      assert.deepEqual(findProblems({ zones: [{ name, ns: ['ns.example.net'] }] }), []);
    }
  });

  it('accepts a configuration that is empty but for its zones', () => {
    assert.deepEqual(findProblems({ zones: [] }), []);
  });

  it('finds all problems of one entity in one pass, faulty shape or not', () => {
    const problems = findProblems(
      changeDocument({
        '/services/0/lastResort': 'fail-opn',
        '/services/0/ttl': { min: 100, max: 60 },
        '/services/0/clusters/1': 'web-usa',
        '/services/0/rank': [{ match: { cidr: ['10.0.0.1/8'] }, use: ['web-eu'] }, { by: 'latency' }],
        '/clusters/0/region': 'eu-wst',
        '/clusters/0/colour': 'red',
      }),
    );
    assert.deepEqual(problems.map(({ path }) => path).sort(), [
      '/clusters/0/colour',
      '/clusters/0/region',
      '/services/0/clusters/1',
      '/services/0/lastResort',
      '/services/0/rank/0/match/cidr/0',
      '/services/0/rank/1/by',
      '/services/0/ttl/min',
    ]);
  });

  it('does not blame references to an entity that is itself faulty', () => {
    const problems = findProblems(
      changeDocument({ '/regions/0/location': 'atlantis', '/clusters/0/endpoints/0/address': 5 }),
    );
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['/clusters/0/endpoints/0/address', '/regions/0/location'].toReversed(),
    );
  });

  it('does not conclude from a misspelt key that its value is the default', () => {
    const problems = findProblems(changeDocument({ '/monitors/0/intervall': '20s', '/monitors/0/timeout': '9s' }));
    assert.deepEqual(problems, [
      { path: '/monitors/0/intervall', message: 'unknown key "intervall"; did you mean "interval"?' },
    ]);
  });

  it('does not compare what stands in for faulty values', () => {
    const problems = findProblems(
      changeDocument({ '/clusters/0/endpoints/0/address': 5, '/clusters/0/endpoints/1/address': 6 }),
    );
    const paths = problems.map(({ path }) => path);
    assert.deepEqual(paths, ['/clusters/0/endpoints/0/address', '/clusters/0/endpoints/1/address']);
  });

  it('does not miss what a misspelt list would have held', () => {
    const { regions, ...rest } = createDocument();
    const problems = findProblems({ ...rest, regoins: regions });
    assert.deepEqual(problems, [{ path: '/regoins', message: 'unknown key "regoins"; did you mean "regions"?' }]);
  });

  it('shortens the default timeout to a shorter interval', () => {
    const parsed = parseConfiguration(changeDocument({ '/monitors/0/interval': '500ms' }), OPTIONS);
    assert.equal(parsed.ok && parsed.value.monitors[0]?.timeoutMs, 500);
  });

  it('lets cross-checked record data speak through the options', () => {
    const checkRecordData = (type: string, data: string, zone: string) =>
      type === 'MX' ? `${zone}: ${data}` : undefined;
    assert.deepEqual(findProblems(createDocument(), { ...OPTIONS, checkRecordData }), [
      { path: '/zones/0/records/1/data/0', message: 'gtm.example.com: 10 mail.example.net.' },
    ]);
  });

  it('merges records of one name, type and TTL', () => {
    const more = { name: 'NS1.gtm.example.com.', type: 'a', data: ['192.0.2.54', '192.0.2.53'] };
    const parsed = parseConfiguration(changeDocument({ '/zones/0/records/-': more }), OPTIONS);
    assert.deepEqual(parsed.ok && parsed.value.zones[0]?.records[0]?.data, ['192.0.2.53', '192.0.2.54']);
  });

  it('stops listing at the limit, and says so', () => {
    const problems = findProblems({ zones: [], regions: Array.from({ length: 900 }, () => ({})) });
    assert.equal(problems.length, MAX_PROBLEMS + 1);
    assert.match(problems.at(-1)?.message ?? '', /more than 1000 problems/);
  });

  it('never throws on arbitrary documents, and every path leads into the document or one step out of it', () => {
    const anything = fc.oneof({ weight: 1, arbitrary: fc.jsonValue() }, { weight: 4, arbitrary: nearDocuments });
    fc.assert(
      fc.property(anything, (document) => {
        for (const { path, message } of findProblems(document)) {
          assert.ok(message.length > 0 && leadsInto(document, splitPointer(path).slice(0, -1)), `${path}: ${message}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function leadsInto(document: unknown, keys: readonly string[]): boolean {
  let at = document;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = Reflect.get(at, key);
  }
  return true;
}
