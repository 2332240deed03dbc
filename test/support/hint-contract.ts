// What both drivers promise of hints: src/store/hint-store.ts.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { HINT_INTERVAL_MS, type Hint } from '../../src/store/hint-store.ts';
import { type OpenStore, waitUntil } from './store-contract.ts';

const hintOf = (zone: string, last = 1): Hint => ({ zone, address: `192.0.2.${last}` });

export function describeHintContract(store: () => OpenStore): void {
  /** Of Redis: until it is there, hints are lost. */
  const open = async () => {
    const { configuration, hints } = store();
    await configuration.readHead();
    return hints;
  };

  describe('hints', () => {
    test('reach all who follow at that moment, and nobody who comes later', async (context) => {
      const hints = await open();
      const heard: [Hint[], Hint[], Hint[]] = [[], [], []];
      const parts = [heard[0], heard[1]].map((list) => hints.follow((hint) => list.push(hint), assert.fail));
      const hint = { zone: '0/25.2.0.192.in-addr.arpa', address: '2001:db8::1' };
      await hints.publish(hint);
      await waitUntil(() => heard[0].length + heard[1].length === 2);
      parts.push(hints.follow((late) => heard[2].push(late), assert.fail));
      context.after(() => parts.forEach((part) => void part.close()));
      await pause(50);
      assert.deepEqual(heard, [[hint], [hint], []]);
      parts[0]?.close();
      await hints.publish(hintOf('other.test'));
      await waitUntil(() => heard[1].length === 2 && heard[2].length === 1);
      assert.equal(heard[0].length, 1);
    });

    test('of one zone come once a second, the last of them at the end of it; other zones do not wait', async (context) => {
      const hints = await open();
      const heard: { readonly hint: Hint; readonly atMs: number }[] = [];
      const following = hints.follow((hint) => heard.push({ hint, atMs: performance.now() }));
      context.after(() => following.close());
      for (let turn = 1; turn <= 20; turn++) await hints.publish(hintOf('busy.test', turn));
      await hints.publish(hintOf('calm.test'));
      await waitUntil(() => heard.length === 2, HINT_INTERVAL_MS / 2);
      assert.deepEqual(
        heard.map(({ hint }) => hint),
        [hintOf('busy.test', 1), hintOf('calm.test')],
      );
      await waitUntil(() => heard.length === 3);
      const [first, , third] = heard;
      assert.deepEqual(third?.hint, hintOf('busy.test', 20));
      const afterMs = (third?.atMs ?? 0) - (first?.atMs ?? 0);
      assert.ok(afterMs > HINT_INTERVAL_MS - 20, `${afterMs} ms`);
    });

    test('are not said any more once the store is closed, nor those that were held back', async () => {
      const hints = await open();
      const heard: Hint[] = [];
      const following = hints.follow((hint) => heard.push(hint));
      for (const last of [1, 2]) await hints.publish(hintOf('a.test', last));
      await waitUntil(() => heard.length === 1);
      await store().close();
      await assert.rejects(hints.publish(hintOf('a.test', 3)), { code: 'STORE_CLOSED' });
      await pause(HINT_INTERVAL_MS + 100);
      assert.deepEqual(heard, [hintOf('a.test', 1)]);
      following.close();
    });
  });
}
