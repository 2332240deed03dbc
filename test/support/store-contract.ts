// What both drivers of the store promise, as one suite of tests run against each: see src/store/*-store.ts.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Slot, SlotDelta, SlotVersion } from '../../src/health/slot.ts';
import type { StoredLoadReport } from '../../src/model/load-report.ts';
import { formatRevisionId, type Manifest, type RevisionId } from '../../src/model/revision.ts';
import type { ConfigurationStore } from '../../src/store/configuration-store.ts';
import { fetchRevision } from '../../src/store/fetch-revision.ts';
import { followSlotTable, type SlotTableChange } from '../../src/store/follow-slots.ts';
import { hashObject } from '../../src/store/hash-object.ts';
import type { HealthStore } from '../../src/store/health-store.ts';
import type { HintStore } from '../../src/store/hint-store.ts';
import { describeHintContract } from './hint-contract.ts';

export type OpenStore = {
  readonly configuration: ConfigurationStore;
  readonly health: HealthStore;
  readonly hints: HintStore;
  close(): Promise<void>;
};

export type StoreFixture = {
  /** Before the first test and after the last one. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A store with nothing in it, that polls every `CONTRACT_POLL_MS` and keeps `CONTRACT_HISTORY` revisions. */
  openEmpty(): Promise<OpenStore>;
};

export const CONTRACT_POLL_MS = 100;
export const CONTRACT_HISTORY = 5;

export function describeStoreContract(title: string, fixture: StoreFixture, skip: string | undefined): void {
  describe(title, skip === undefined ? {} : { skip }, () => {
    let store: OpenStore;
    before(() => fixture.start());
    after(() => fixture.stop());
    beforeEach(async () => {
      store = await fixture.openEmpty();
    });
    afterEach(() => store.close());

    describe('configuration', () => {
      test('an empty store has no head, no manifests and no objects', async () => {
        assert.equal(await store.configuration.readHead(), undefined);
        assert.equal(await store.configuration.readManifest({ generation: 1, number: 1 }), undefined);
        assert.equal((await store.configuration.readObjects([hashObject('x')])).size, 0);
        assert.deepEqual(await store.configuration.listManifests(10), []);
      });

      test('a commit can be read back whole', async () => {
        const { manifest, objects } = makeRevision(1, null, { regions: '[]', 'zones/example.com': '{"ä":"🌍"}' });
        assert.deepEqual(await store.configuration.commit(manifest, objects), { status: 'committed' });
        assert.deepEqual(await store.configuration.readHead(), manifest.id);
        assert.deepEqual(await store.configuration.readManifest(manifest.id), manifest);
        const fetched = await fetchRevision(store.configuration, manifest.id, new Map());
        assert.ok(fetched.ok);
        assert.deepEqual(new Map(fetched.value.objects), new Map(objects));
      });

      test('of many commits on the same parent exactly one wins, and the others learn the head', async () => {
        const first = makeRevision(1, null, { regions: 'a' });
        await store.configuration.commit(first.manifest, first.objects);
        const rivals = Array.from({ length: 8 }, (_, index) => makeRevision(2, 1, { regions: `rival ${index}` }));
        const results = await Promise.all(
          rivals.map(({ manifest, objects }) => store.configuration.commit(manifest, objects)),
        );
        const winner = results.findIndex(({ status }) => status === 'committed');
        for (const [index, result] of results.entries()) {
          if (index === winner) continue;
          assert.deepEqual(result, { status: 'conflict', head: { generation: 1, number: 2 } });
        }
        const manifest = await store.configuration.readManifest({ generation: 1, number: 2 });
        assert.deepEqual(manifest, rivals[winner]?.manifest);
      });

      test('a loser writes nothing, neither objects nor manifest', async () => {
        const first = makeRevision(1, null, { regions: 'a' });
        await store.configuration.commit(first.manifest, first.objects);
        const loser = makeRevision(3, 2, { regions: 'never' });
        assert.equal((await store.configuration.commit(loser.manifest, loser.objects)).status, 'conflict');
        const late = makeRevision(4, null, { regions: 'never' });
        assert.equal((await store.configuration.commit(late.manifest, late.objects)).status, 'conflict');
        assert.equal((await store.configuration.readObjects([hashObject('never')])).size, 0);
        assert.equal(await store.configuration.readManifest(loser.manifest.id), undefined);
      });

      test('a commit with a parent conflicts with an empty store, whose head is null', async () => {
        const { manifest, objects } = makeRevision(5, 4, { regions: 'a' });
        assert.deepEqual(await store.configuration.commit(manifest, objects), { status: 'conflict', head: null });
      });

      test('repeating a commit that went through counts as committed', async () => {
        const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
        await store.configuration.commit(manifest, objects);
        assert.deepEqual(await store.configuration.commit(manifest, objects), { status: 'committed' });
        assert.equal((await store.configuration.listManifests(10)).length, 1);
      });

      test('objects that the store holds already need not be passed, others must', async () => {
        const first = makeRevision(1, null, { regions: 'a' });
        await store.configuration.commit(first.manifest, first.objects);
        const second = makeRevision(2, 1, { regions: 'a', monitors: 'b' });
        const monitors = new Map([[hashObject('b'), 'b']]);
        await assert.rejects(store.configuration.commit(second.manifest, new Map()), { code: 'STORE_INCOMPLETE' });
        assert.deepEqual(await store.configuration.readHead(), first.manifest.id);
        assert.equal((await store.configuration.commit(second.manifest, monitors)).status, 'committed');
        assert.ok((await fetchRevision(store.configuration, second.manifest.id, new Map())).ok);
      });

      test('a text under a wrong hash, and an id that is not newer than its parent, are refused as bugs', async () => {
        const { manifest } = makeRevision(1, null, { regions: 'a' });
        const forged = new Map([[hashObject('a'), 'not a']]);
        await assert.rejects(store.configuration.commit(manifest, forged), RangeError);
        const backwards = makeRevision(2, 2, { regions: 'a' });
        await assert.rejects(store.configuration.commit(backwards.manifest, backwards.objects), RangeError);
      });

      test('manifests are listed newest first, by generation and then number, below a bound', async () => {
        const ids = [id(1, 9), id(1, 10), id(2, 1)];
        let parent: RevisionId | null = null;
        for (const next of ids) {
          const { manifest, objects } = makeRevisionOf(next, parent, { regions: formatRevisionId(next) });
          assert.equal((await store.configuration.commit(manifest, objects)).status, 'committed');
          parent = next;
        }
        const list = async (limit: number, before?: RevisionId): Promise<string[]> =>
          (await store.configuration.listManifests(limit, before)).map((manifest) => formatRevisionId(manifest.id));
        assert.deepEqual(await list(10), ['2.1', '1.10', '1.9']);
        assert.deepEqual(await list(1), ['2.1']);
        assert.deepEqual(await list(10, id(2, 1)), ['1.10', '1.9']);
        assert.deepEqual(await list(10, id(1, 10)), ['1.9']);
        assert.deepEqual(await list(0), []);
      });

      test('beyond the limit of history old revisions go, with the objects that only they name', async () => {
        for (let number = 1; number <= CONTRACT_HISTORY + 2; number++) {
          const texts = { regions: 'same in all', monitors: `of ${number}` };
          const { manifest, objects } = makeRevision(number, number === 1 ? null : number - 1, texts);
          await store.configuration.commit(manifest, objects);
        }
        const numbers = (await store.configuration.listManifests(100)).map((manifest) => manifest.id.number);
        assert.deepEqual(numbers, [7, 6, 5, 4, 3]);
        const held = await store.configuration.readObjects(['of 2', 'of 3', 'same in all'].map(hashObject));
        assert.deepEqual([...held.values()].sort(), ['of 3', 'same in all']);
      });

      test('fetching takes only objects that are not known, and names all that are missing', async () => {
        const { manifest, objects } = makeRevision(1, null, { regions: 'a', monitors: 'b' });
        await store.configuration.commit(manifest, objects);
        const asked: string[] = [];
        const spy = {
          readManifest: store.configuration.readManifest,
          readObjects: (hashes: readonly string[]) => {
            asked.push(...hashes);
            return store.configuration.readObjects(hashes);
          },
        };
        assert.ok((await fetchRevision(spy, manifest.id, new Map([[hashObject('a'), 'a']]))).ok);
        assert.deepEqual(asked, [hashObject('b')]);
        const absent = await fetchRevision(store.configuration, id(1, 2), new Map());
        assert.ok(!absent.ok);
        assert.match(absent.problems[0]?.message ?? '', /1\.2 is not in the store/);
      });

      test('a follower hears the head at once, then every change, until it is closed', async (context) => {
        const heads: (string | undefined)[] = [];
        const following = store.configuration.followHead(
          (head) => heads.push(head && formatRevisionId(head)),
          assert.fail,
        );
        context.after(() => following.close());
        await waitUntil(() => heads.length === 1);
        for (const number of [1, 2]) {
          const { manifest, objects } = makeRevision(number, number === 1 ? null : number - 1, {
            regions: `${number}`,
          });
          await store.configuration.commit(manifest, objects);
          await waitUntil(() => heads.length === number + 1);
        }
        assert.deepEqual(heads, [undefined, '1.1', '1.2']);
        following.close();
        const third = makeRevision(3, 2, { regions: '3' });
        await store.configuration.commit(third.manifest, third.objects);
        await pause(2 * CONTRACT_POLL_MS);
        assert.equal(heads.length, 3);
      });
    });

    describe('slots', () => {
      test('epochs grow, and start at the time of the store', async () => {
        const first = await store.health.allocateEpoch(WORKER);
        const second = await store.health.allocateEpoch(WORKER);
        assert.ok(Math.abs(first - Date.now()) < 10_000);
        assert.ok(second > first);
      });

      test('a slot is read back as it was written, and unknown ones are absent', async () => {
        const slot = makeSlot(7, 1, ['down', 'up']);
        assert.equal(await store.health.writeSlot(slot, undefined), 'stored');
        assert.deepEqual(await store.health.readSlots([WORKER, { vantage: 'nowhere', worker: 'none' }]), [slot]);
        assert.deepEqual(await store.health.readSlots([]), []);
      });

      test('whatever is not newer by epoch and sequence is refused and changes nothing', async () => {
        const kept = makeSlot(7, 5, ['up']);
        await store.health.writeSlot(kept, undefined);
        for (const [epoch, sequence] of [
          [7, 5],
          [7, 4],
          [6, 9],
        ] as const) {
          assert.equal(await store.health.writeSlot(makeSlot(epoch, sequence, ['down']), undefined), 'refused');
        }
        assert.deepEqual(await store.health.readSlots([WORKER]), [kept]);
        assert.equal(await store.health.writeSlot(makeSlot(7, 6, ['up']), undefined), 'stored');
        assert.equal(await store.health.writeSlot(makeSlot(8, 1, ['up']), undefined), 'stored');
      });

      test('sequences and epochs compare as numbers, not as texts', async () => {
        assert.equal(await store.health.writeSlot(makeSlot(9, 9, ['up']), undefined), 'stored');
        assert.equal(await store.health.writeSlot(makeSlot(9, 10, ['up']), undefined), 'stored');
        assert.equal(await store.health.writeSlot(makeSlot(10, 1, ['up']), undefined), 'stored');
        assert.equal(await store.health.writeSlot(makeSlot(9, 11, ['up']), undefined), 'refused');
      });

      test('a worker is fenced off as soon as its successor has allocated an epoch', async () => {
        const old = await store.health.allocateEpoch(WORKER);
        assert.equal(await store.health.writeSlot(makeSlot(old, 1, ['up']), undefined), 'stored');
        const successor = await store.health.allocateEpoch(WORKER);
        assert.equal(await store.health.writeSlot(makeSlot(old, 2, ['up']), undefined), 'refused');
        assert.equal(await store.health.writeSlot(makeSlot(successor, 1, ['up']), undefined), 'stored');
      });

      test('followers hear deltas, and the index at every poll', async (context) => {
        const deltas: SlotDelta[] = [];
        const indexes: (readonly SlotVersion[])[] = [];
        const following = store.health.followSlots({
          onDelta: (delta) => deltas.push(delta),
          onRemoved: () => {},
          onIndex: (index) => indexes.push(index),
          onError: assert.fail,
        });
        context.after(() => following.close());
        await waitUntil(() => indexes.length > 0);
        const slot = makeSlot(7, 1, ['down']);
        const delta: SlotDelta = { ...WORKER, epoch: 7, sequence: 1, changed: slot.votes, removed: ['gone'] };
        await store.health.writeSlot(slot, delta);
        await store.health.writeSlot(slot, delta);
        await waitUntil(() => deltas.length > 0 && (indexes.at(-1)?.length ?? 0) > 0);
        assert.deepEqual(deltas, [delta]);
        assert.deepEqual(indexes.at(-1), [{ ...WORKER, epoch: 7, sequence: 1 }]);
      });

      test('a removed slot leaves the index, its followers are told, and late writes do not bring it back', async (context) => {
        const changes: SlotTableChange[] = [];
        let size = -1;
        const following = followSlotTable(store.health, { onError: assert.fail }, (change) => {
          changes.push(change);
          size = change.slots.size;
        });
        context.after(() => following.close());
        await store.health.writeSlot(makeSlot(7, 1, ['up']), undefined);
        await waitUntil(() => size === 1);
        await store.health.removeSlot(WORKER);
        await waitUntil(() => size === 0);
        assert.deepEqual(changes.at(-1)?.removed, [{ ...WORKER, epoch: 7, sequence: 1 }]);
        assert.deepEqual(await store.health.readSlots([WORKER]), []);
        assert.equal(await store.health.writeSlot(makeSlot(7, 2, ['up']), undefined), 'refused');
        assert.equal(await store.health.writeSlot(makeSlot(8, 1, ['up']), undefined), 'stored');
        await waitUntil(() => size === 1);
        await store.health.removeSlot({ vantage: 'nowhere', worker: 'none' });
      });

      test('a follower has the whole table within a poll, though not one delta was published', async (context) => {
        const tables = new Map<string, Slot>();
        const following = followSlotTable(store.health, { onError: assert.fail }, ({ advanced }) => {
          for (const slot of advanced) tables.set(slot.worker, slot);
        });
        context.after(() => following.close());
        for (let worker = 0; worker < 100; worker++) {
          await store.health.writeSlot({ ...makeSlot(7, 1, ['up']), worker: `w${worker}` }, undefined);
        }
        await waitUntil(() => tables.size === 100);
      });
    });

    describe('load reports', () => {
      test('sequences grow, and followers hear what is known and then what is new, each once', async (context) => {
        const first = await store.health.writeLoadReport({ subject: 'web-eu', connections: 10, capacity: 100 });
        const other = await store.health.writeLoadReport({ subject: 'web-eu/a', utilisation: 0.5 });
        assert.ok(other.sequence > first.sequence);
        const heard: StoredLoadReport[] = [];
        const following = store.health.followLoadReports((reports) => heard.push(...reports), assert.fail);
        context.after(() => following.close());
        await waitUntil(() => heard.length === 2);
        const second = await store.health.writeLoadReport({ subject: 'web-eu', connections: 20 });
        await waitUntil(() => heard.length === 3);
        await pause(2 * CONTRACT_POLL_MS);
        assert.deepEqual(heard, [first, other, second]);
      });
    });

    describeHintContract(() => store);

    test('closing ends all following without a word, and calls say so from then on', async () => {
      let heard = 0;
      const hear = (): void => void heard++;
      const following = [
        store.configuration.followHead(hear, hear),
        store.health.followLoadReports(hear, hear),
        followSlotTable(store.health, { onError: hear }, hear),
      ];
      await waitUntil(() => heard === 1);
      await store.close();
      await pause(3 * CONTRACT_POLL_MS);
      assert.equal(heard, 1);
      await assert.rejects(store.configuration.readHead(), { code: 'STORE_CLOSED' });
      await assert.rejects(store.health.allocateEpoch(WORKER), { code: 'STORE_CLOSED' });
      for (const subscription of following) subscription.close();
      await store.close();
    });
  });
}

const WORKER = { vantage: 'eu', worker: 'w1' };

/** Waits for what other processes or timers bring about. */
export async function waitUntil(condition: () => boolean, limitMs = 3000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`nothing within ${limitMs} ms: ${condition}`);
    await pause(5);
  }
}

export function makeSlot(epoch: number, sequence: number, votes: readonly Slot['votes'][number]['vote'][]): Slot {
  return {
    ...WORKER,
    epoch,
    sequence,
    votes: votes.map((vote, index) => ({ target: `t${index}`, vote, reason: vote === 'up' ? '' : 'refused' })),
  };
}

/** Revision 1.`number` on 1.`parent`, naming these texts. */
export function makeRevision(
  number: number,
  parent: number | null,
  texts: Readonly<Record<string, string>>,
): { manifest: Manifest; objects: ReadonlyMap<string, string> } {
  return makeRevisionOf(id(1, number), parent === null ? null : id(1, parent), texts);
}

export function makeRevisionOf(
  revision: RevisionId,
  parent: RevisionId | null,
  texts: Readonly<Record<string, string>>,
): { manifest: Manifest; objects: ReadonlyMap<string, string> } {
  const named = Object.entries(texts).map(([name, text]) => [name, hashObject(text)] as const);
  const manifest: Manifest = {
    id: revision,
    parent,
    author: 'test',
    message: 'a change',
    createdAtMs: 1_780_000_000_000,
    objects: Object.fromEntries(named),
  };
  return { manifest, objects: new Map(Object.values(texts).map((text) => [hashObject(text), text])) };
}

function id(generation: number, number: number): RevisionId {
  return { generation, number };
}
