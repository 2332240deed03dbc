import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigurationDocument } from '../../../src/model/configuration.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import type { Revision } from '../../../src/model/revision.ts';
import { openRevisionReader } from '../../../src/roles/read-revision.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';

function revisionWith(number: number, records: number, nsTtl = 3600, edit = new Map<string, string>()): Revision {
  const zone = {
    name: 'a.test',
    ns: ['ns.elsewhere.'],
    nsTtl,
    records: Array.from({ length: records }, (_, index) => ({ name: `n${index}`, type: 'A', data: ['192.0.2.1'] })),
  };
  const id = { generation: 1, number };
  const words = { id, parent: null, author: 'test', message: '', createdAtMs: 0 };
  return composeRevision(words, new Map([...splitObjects({ zones: [zone] }), ...edit]));
}

function read(reader: ReturnType<typeof openRevisionReader>, revision: Revision) {
  const stated = reader(revision);
  assert.ok(stated.ok, JSON.stringify(stated));
  return stated.value;
}

describe('reading revisions', () => {
  it('gives the same configuration again while only records differ, and another when a head does', () => {
    const reader = openRevisionReader(() => undefined);
    const first = read(reader, revisionWith(1, 2));
    const second = read(reader, revisionWith(2, 3));
    assert.equal(second.configuration, first.configuration);
    assert.notDeepEqual(second.records, first.records);
    const third = read(reader, revisionWith(3, 3, 60));
    assert.notEqual(third.configuration, second.configuration);
    assert.equal(third.configuration.zones[0]?.nsTtlSeconds, 60);
  });

  it('serves what was committed by a version that asked less of monitors: only new changes are refused for it', () => {
    const document: ConfigurationDocument = {
      zones: [{ name: 'a.test', ns: ['ns.elsewhere.'], records: [] }],
      monitors: [
        { id: 'groups', type: 'tcp', port: 80, quorum: { groups: 'majority' } },
        { id: 'ends', type: 'tls', port: 443, tls: { certificate: { warnBefore: '1d', failBefore: '2d' } } },
        {
          ...{ id: 'names', type: 'dns', query: { name: 'a.test.', type: 'A' } },
          expect: { data: 'no address' },
        },
        { id: 'type', type: 'dns', query: { name: 'a.test.', type: 'DS' } },
        { id: 'code', type: 'dns', query: { name: 'a.test.' }, expect: { rcode: 'BADCODE' } },
      ],
    };
    const asked = parseConfiguration(document, { resolveLocation: () => undefined });
    const refused = asked.ok ? [] : asked.problems.map(({ path }) => path.split('/').slice(0, 3).join('/'));
    assert.deepEqual(refused, ['/monitors/0', '/monitors/1', '/monitors/2', '/monitors/3', '/monitors/4']);
    const words = { id: { generation: 1, number: 1 }, parent: null, author: 'test', message: '', createdAtMs: 0 };
    const revision = composeRevision(words, splitObjects(document));
    const { configuration } = read(
      openRevisionReader(() => undefined),
      revision,
    );
    assert.deepEqual(
      configuration.monitors.map(({ id }) => id),
      ['groups', 'ends', 'names', 'type', 'code'],
    );
  });

  it('says in order which objects hold the records of a zone', () => {
    const reader = openRevisionReader(() => undefined);
    for (const records of [10, 5000, 10]) {
      const revision = revisionWith(records, records);
      const names = Object.keys(revision.manifest.objects);
      const holders = records > 1000 ? names.filter((name) => name.startsWith('records/')).sort() : ['zones/a.test'];
      const hashes = holders.map((name) => revision.manifest.objects[name]);
      assert.deepEqual(read(reader, revision).records, [{ zone: 'a.test', hashes }]);
    }
  });

  it('refuses a zone of which it cannot be said where its records are, and reads the next revision', () => {
    const reader = openRevisionReader(() => undefined);
    const good = read(reader, revisionWith(1, 2));
    const head = '{"name":"a.test","ns":["ns.elsewhere."],"recordChunks":"2"}';
    const refused = reader(revisionWith(2, 2, 3600, new Map([['zones/a.test', head]])));
    assert.deepEqual(!refused.ok && refused.problems.map(({ path }) => path), ['/zones~1a.test/recordChunks']);
    assert.equal(read(reader, revisionWith(3, 2)).configuration, good.configuration);
  });
});
