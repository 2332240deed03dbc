import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cutPage, readCursor, writeCursor } from '../../../src/api/page.ts';

const items = ['delta', 'alpha', 'charlie', 'bravo', 'echo'];
const itself = (item: string) => item;

describe('pages', () => {
  test('show every item once, in the order of their keys', () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = cutPage(items, itself, { limit: 2, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual(seen, ['alpha', 'bravo', 'charlie', 'delta', 'echo']);
  });

  test('go on behind an item that was deleted meanwhile', () => {
    const { next = '' } = cutPage(items, itself, { limit: 2 });
    const rest = items.filter((item) => item !== 'bravo');
    assert.deepEqual(cutPage(rest, itself, { limit: 2, cursor: next }).items, ['charlie', 'delta']);
  });

  test('the last one names no next one, even when it is full', () => {
    assert.equal(cutPage(items, itself, { limit: 5 }).next, undefined);
    assert.deepEqual(cutPage([], itself, {}), { items: [] });
  });

  test('a cursor that is none of ours is refused', () => {
    assert.equal(readCursor(writeCursor('web-eu/ä')), 'web-eu/ä');
    for (const cursor of ['***', 'a', 'YQ==']) assert.throws(() => readCursor(cursor), { code: 'MALFORMED' });
  });
});
