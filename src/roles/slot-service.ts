// The slot of this process's worker, served to the nodes themselves, where the settings say so.

import type { Logger } from 'pino';
import type { Settings } from '../model/settings.ts';
import { backgroundClock } from '../native/system-clock.ts';
import type { HealthStore } from '../store/health-store.ts';
import { keepLatestSlot } from '../store/pull/latest-slot.ts';
import { startSlotServer } from '../store/pull/slot-server.ts';
import { openTlsFiles } from '../store/redis/tls-files.ts';

export type SlotService = {
  /** The store that the worker is to write to. */
  readonly health: HealthStore;
  close(): Promise<void>;
};

/** @throws StoreError STORE_BAD_TLS; Error with advice when the address cannot be had. */
export async function openSlotService(settings: Settings, health: HealthStore, logger: Logger): Promise<SlotService> {
  const { serve } = settings.probe;
  if (serve === undefined) return { health, close: async () => {} };
  const { listen, certificate, key, clientCa } = serve;
  const readTls = openTlsFiles({ ca: clientCa, certificate, key, serverName: '' }, 'the nodes');
  const latest = keepLatestSlot(health, backgroundClock);
  const onWarning = (reason: string) =>
    logger.warn({ reason }, 'the certificate for serving the slot cannot be read: the one before stays in force');
  const server = await startSlotServer({ listen, tls: readTls, onWarning }, latest.read);
  logger.info({ address: server.address }, 'serving the slot to nodes that ask for it');
  return { health: latest.health, close: server.close };
}
