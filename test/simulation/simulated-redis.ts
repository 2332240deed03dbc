// A Redis server as its scripts see it: what the scripts of src/store/redis do, in TypeScript, over maps, one command at a
// time. It may be emptied, or go back to what it was a while ago, as when a replica that lagged is promoted; every write
// leaves behind how to undo it. test/integration/simulated-redis.test.ts holds it to the real scripts on a real server.

import { compareSlotVersions, slotKey } from '../../src/health/merge-slots.ts';
import type { Slot, SlotDelta, SlotId, SlotVersion } from '../../src/health/slot.ts';
import { compareRevisionIds, formatRevisionId, type Manifest, type RevisionId } from '../../src/model/revision.ts';
import type { CommitResult } from '../../src/store/configuration-store.ts';
import { composeManifest } from '../../src/store/manifest-text.ts';

export type Publication =
  | { readonly kind: 'head' }
  | { readonly kind: 'delta'; readonly delta: SlotDelta }
  | { readonly kind: 'removal'; readonly last: SlotVersion };

export type RedisDependencies = {
  /** The server's own clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly publish: (publication: Publication) => void;
  /** Told of every epoch that is given out, and of every slot that is stored: for whoever holds the server to its promises. */
  readonly onEpoch: (id: SlotId, epoch: number) => void;
  readonly onStored: (slot: Slot) => void;
  /** It was emptied or went back: what it promised before holds no longer. */
  readonly onLost: () => void;
};

type Write = { readonly atMs: number; readonly undo: () => void };

export class SimulatedRedis {
  readonly #dependencies: RedisDependencies;
  readonly #epochs = new Map<string, number>();
  readonly #index = new Map<string, SlotVersion>();
  readonly #slots = new Map<string, Slot>();
  readonly #manifests = new Map<string, Manifest>();
  readonly #objects = new Map<string, string>();
  #head: RevisionId | undefined;
  #writes: Write[] = [];

  constructor(dependencies: RedisDependencies) {
    this.#dependencies = dependencies;
  }

  empty(): void {
    this.goBack(Number.NEGATIVE_INFINITY);
  }

  /** To what it held at `atMs`, by its own clock. */
  goBack(atMs: number): void {
    for (let last = this.#writes.at(-1); last !== undefined && last.atMs > atMs; last = this.#writes.at(-1)) {
      last.undo();
      this.#writes.pop();
    }
    this.#dependencies.onLost();
  }

  allocateEpoch(id: SlotId): number {
    const key = slotKey(id);
    const epoch = Math.max((this.#epochs.get(key) ?? 0) + 1, Math.floor(this.#dependencies.nowMs()));
    this.#set(this.#epochs, key, epoch);
    this.#dependencies.onEpoch(id, epoch);
    return epoch;
  }

  writeSlot(slot: Slot, delta: SlotDelta | undefined): 'stored' | 'refused' {
    const key = slotKey(slot);
    const fence = this.#epochs.get(key) ?? 0;
    if (slot.epoch < fence) return 'refused';
    const known = this.#index.get(key);
    if (known !== undefined && compareSlotVersions(slot, known) <= 0) return 'refused';
    this.#dependencies.onStored(slot);
    this.#set(this.#slots, key, slot);
    this.#set(this.#index, key, versionOf(slot));
    if (slot.epoch > fence) this.#set(this.#epochs, key, slot.epoch);
    if (delta !== undefined) this.#dependencies.publish({ kind: 'delta', delta });
    return 'stored';
  }

  readSlots(ids: readonly SlotId[]): readonly Slot[] {
    return ids.flatMap((id) => this.#slots.get(slotKey(id)) ?? []);
  }

  readIndexEntry(id: SlotId): SlotVersion | undefined {
    return this.#index.get(slotKey(id));
  }

  readIndex(): readonly SlotVersion[] {
    return [...this.#index.values()];
  }

  /** @param last the entry of the index that was seen. */
  removeSlot(last: SlotVersion): boolean {
    const key = slotKey(last);
    const known = this.#index.get(key);
    if (known === undefined || compareSlotVersions(known, last) !== 0) return false;
    if (last.epoch + 1 > (this.#epochs.get(key) ?? 0)) this.#set(this.#epochs, key, last.epoch + 1);
    this.#delete(this.#index, key);
    this.#delete(this.#slots, key);
    this.#dependencies.publish({ kind: 'removal', last });
    return true;
  }

  readHead(): RevisionId | undefined {
    return this.#head;
  }

  readManifest(id: RevisionId): Manifest | undefined {
    return this.#manifests.get(formatRevisionId(id));
  }

  readObjects(hashes: readonly string[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const hash of hashes) {
      const text = this.#objects.get(hash);
      if (text !== undefined) found.set(hash, text);
    }
    return found;
  }

  commit(manifest: Manifest, objects: ReadonlyMap<string, string>): CommitResult | 'incomplete' {
    const id = formatRevisionId(manifest.id);
    const head = this.#head;
    const isHead = head !== undefined && compareRevisionIds(head, manifest.id) === 0;
    const known = this.#manifests.get(id);
    if (isHead && known !== undefined && composeManifest(known) === composeManifest(manifest)) {
      return { status: 'committed' };
    }
    const isOnHead =
      head && manifest.parent ? compareRevisionIds(head, manifest.parent) === 0 : !head && !manifest.parent;
    if (!isOnHead) return { status: 'conflict', head: head ?? null };
    const hashes = Object.values(manifest.objects);
    if (hashes.some((hash) => !objects.has(hash) && !this.#objects.has(hash))) return 'incomplete';
    for (const hash of hashes) {
      const text = objects.get(hash);
      if (text !== undefined) this.#set(this.#objects, hash, text);
    }
    this.#set(this.#manifests, id, manifest);
    this.#note(() => {
      this.#head = head;
    });
    this.#head = manifest.id;
    this.#dependencies.publish({ kind: 'head' });
    return { status: 'committed' };
  }

  #set<Value>(map: Map<string, Value>, key: string, value: Value): void {
    const before = map.get(key);
    this.#note(() => (before === undefined ? map.delete(key) : map.set(key, before)));
    map.set(key, value);
  }

  #delete<Value>(map: Map<string, Value>, key: string): void {
    const before = map.get(key);
    if (before === undefined) return;
    this.#note(() => map.set(key, before));
    map.delete(key);
  }

  #note(undo: () => void): void {
    this.#writes.push({ atMs: this.#dependencies.nowMs(), undo });
  }
}

function versionOf({ vantage, worker, epoch, sequence }: SlotVersion): SlotVersion {
  return { vantage, worker, epoch, sequence };
}
