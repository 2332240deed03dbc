// A process's way to the store: the two interfaces of src/store over a simulated connection to a simulated server. Requests
// and replies take time, in order; either may be lost; what its caller gave up on may still be carried out; words of changes
// come late, twice, in another order or not at all.

import type { SlotId, SlotVersion } from '../../src/health/slot.ts';
import { formatRevisionId, type RevisionId } from '../../src/model/revision.ts';
import { checkCommit } from '../../src/store/check-commit.ts';
import { type ConfigurationStore, POLL_INTERVAL_MS, type Subscription } from '../../src/store/configuration-store.ts';
import type { HealthStore, SlotListener } from '../../src/store/health-store.ts';
import { startPoll } from '../../src/store/poll.ts';
import { settle } from '../../src/store/settle.ts';
import { createStoreError } from '../../src/store/store-error.ts';
import type { StoreNetwork } from './network.ts';
import type { SimulatedProcess } from './process.ts';
import type { Publication, SimulatedRedis } from './simulated-redis.ts';

/** As `store.commandTimeout`. */
export const COMMAND_TIMEOUT_MS = 1000;

export type StoreClient = {
  readonly configuration: Omit<ConfigurationStore, 'close' | 'listManifests'>;
  readonly health: Pick<HealthStore, 'allocateEpoch' | 'writeSlot' | 'readSlots' | 'removeSlot' | 'followSlots'>;
};

/** What a client needs of the network. */
export type StoreLink = Pick<StoreNetwork, 'send' | 'subscribe' | 'onReady' | 'returnedForMs'>;

/** For one life of the process. */
export function openStoreClient(process: SimulatedProcess, network: StoreLink): StoreClient {
  const { life, clock } = process;

  function call<Reply>(command: (redis: SimulatedRedis) => Reply): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timer = clock.schedule(COMMAND_TIMEOUT_MS, () => {
        reject(createStoreError('STORE_TIMEOUT', `Redis did not answer within ${COMMAND_TIMEOUT_MS} ms`));
      });
      network.send(process, life, command, {
        reply(value) {
          timer.cancel();
          resolve(value);
        },
        refuse(reason) {
          timer.cancel();
          reject(createStoreError('STORE_UNAVAILABLE', reason));
        },
      });
    });
  }

  function subscribe(
    kinds: readonly Publication['kind'][],
    listener: (publication: Publication) => void,
  ): Subscription {
    return network.subscribe(process, life, kinds, listener);
  }

  function followHead(listener: (head: RevisionId | undefined) => void, onError: (error: Error) => void): Subscription {
    let last: string | undefined;
    const poll = startPoll({
      intervalMs: POLL_INTERVAL_MS,
      clock,
      read: () => call((redis) => redis.readHead()),
      deliver(head) {
        const text = head ? formatRevisionId(head) : '';
        if (text === last) return;
        last = text;
        listener(head);
      },
      onError(error) {
        last = undefined;
        onError(error);
      },
    });
    const words = subscribe(['head'], poll.wake);
    return closeAll([poll, words, network.onReady(process, life, poll.wake)]);
  }

  function followSlots(listener: SlotListener): Subscription {
    const poll = startPoll<readonly SlotVersion[]>({
      intervalMs: POLL_INTERVAL_MS,
      clock,
      read: () => call((redis) => redis.readIndex()),
      deliver: (index) => listener.onIndex(index),
      onError: (error) => listener.onError(error),
    });
    const words = subscribe(['delta', 'removal'], (publication) => {
      if (publication.kind === 'delta') listener.onDelta(publication.delta);
      if (publication.kind === 'removal') listener.onRemoved(publication.last);
    });
    return closeAll([poll, words, network.onReady(process, life, poll.wake)]);
  }

  async function removeSlot(id: SlotId): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      const last = await call((redis) => redis.readIndexEntry(id));
      if (last === undefined || (await call((redis) => redis.removeSlot(last)))) return;
    }
    throw createStoreError('STORE_REJECTED', 'the slot goes on being written while it is removed');
  }

  return {
    configuration: {
      readHead: () => call((redis) => redis.readHead()),
      readManifest: (id) => call((redis) => redis.readManifest(id)),
      readObjects: (hashes) => call((redis) => redis.readObjects(hashes)),
      async commit(manifest, objects) {
        const given = checkCommit(manifest, objects);
        await settle(manifest, { isGuided: true, returnedForMs: network.returnedForMs(process) }, clock);
        const result = await call((redis) => redis.commit(manifest, given));
        if (result !== 'incomplete') return result;
        throw createStoreError('STORE_INCOMPLETE', 'an object is neither given nor stored');
      },
      followHead,
    },
    health: {
      allocateEpoch: (id) => call((redis) => redis.allocateEpoch(id)),
      writeSlot: (slot, delta) => call((redis) => redis.writeSlot(slot, delta)),
      readSlots: (ids) => call((redis) => redis.readSlots(ids)),
      removeSlot,
      followSlots,
    },
  };
}

function closeAll(parts: readonly Subscription[]): Subscription {
  return { close: () => parts.forEach((part) => void part.close()) };
}
