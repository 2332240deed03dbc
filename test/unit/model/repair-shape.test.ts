import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkShape, compileShape } from '../../../src/model/check-shape.ts';
import { ConfigurationSchema } from '../../../src/model/configuration.ts';
import { createProblemList } from '../../../src/model/problem-list.ts';
import { repairShape } from '../../../src/model/repair-shape.ts';
import { changeDocument, createDocument } from './fixtures.ts';
import { nearDocuments } from './near-documents.ts';

const SHAPE = compileShape(ConfigurationSchema);

function explain(value: unknown): { readonly problems: number; readonly repaired: unknown } {
  const problems = createProblemList();
  const repaired = repairShape(SHAPE.schema, value, '', problems);
  return { problems: problems.toArray().length, repaired };
}

describe('repairShape', () => {
  it('finds a problem exactly when TypeBox refuses the value', () => {
    const anything = fc.oneof(fc.jsonValue(), nearDocuments);
    fc.assert(
      fc.property(anything, (value) => assert.equal(explain(value).problems === 0, SHAPE.accepts(value))),
      { numRuns: 500 },
    );
  });

  it('answers a value that TypeBox accepts, unless a monitor has no type', () => {
    const value = changeDocument({
      '/zones/0/ns': [],
      '/zones/0/records/0/type': 'A A',
      '/regions/0/location': { latitude: 'north' },
      '/regions/1/color': 'red',
      '/clusters/0/endpoints': 'none',
      '/services/0/rank/0': {},
      '/services/0/ttl': [],
      '/overrides/0': 7,
    });
    const { problems, repaired } = explain(value);
    assert.equal(problems, 9);
    assert.ok(SHAPE.accepts(repaired));
  });

  it('leaves a right value as it is', () => {
    const document = createDocument();
    assert.deepEqual(explain(document), { problems: 0, repaired: document });
  });

  it('begins its paths with the path that it is given', () => {
    const checked = checkShape(SHAPE, { zones: 3 }, '/body');
    assert.deepEqual(!checked.ok && checked.problems, [{ path: '/body/zones', message: 'must be a list, not 3.' }]);
  });
});
