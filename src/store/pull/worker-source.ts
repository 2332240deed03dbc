// The slot of one worker, asked for at the worker itself: one more source of slots beside the store (merged/slots.ts). Its
// version is asked for every second, whatever the store does, so that the way is known to work when it is needed; the slot
// itself only when the version is newer than what anybody else told. A worker speaks for the vantage (and the worker)
// that the settings say it is: whatever names another is refused, so that it can lie about its own votes alone.

import { Agent, request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { unpackSlot } from '../../health/pack-slot.ts';
import type { Slot, SlotId, SlotVersion } from '../../health/slot.ts';
import { formatEndpoint } from '../../model/store-address.ts';
import type { WorkerAddress } from '../../model/worker-address.ts';
import type { SlotSource } from '../merged/slots.ts';
import { startPoll } from '../poll.ts';
import { createStoreError, describeCause } from '../store-error.ts';

export type WorkerSourceOptions = {
  readonly address: WorkerAddress;
  /** What to speak TLS with: read for every request. */
  readonly tls: () => ConnectionOptions;
  readonly pollIntervalMs: number;
};

export type WorkerSource = SlotSource & {
  /** For metrics: `vantage[/worker]@host:port`. */
  readonly name: string;
  readonly counters: { answered: number; failed: number; refused: number };
  close(): void;
};

const VERSION_TIMEOUT_MS = 900;
const VERSION_LIMIT_BYTES = 1024;
const SLOT_TIMEOUT_MS = 5000;
/** Of PACKED_VOTE_LIMIT votes with reasons of some length. */
const SLOT_LIMIT_BYTES = 1 << 25;
const HEADER_LIMIT_BYTES = 4096;

export function openWorkerSource({ address, tls, pollIntervalMs }: WorkerSourceOptions): WorkerSource {
  const name = `${address.vantage}${address.worker === undefined ? '' : `/${address.worker}`}@${formatEndpoint(address.endpoint)}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 2, maxFreeSockets: 1 });
  const counters = { answered: 0, failed: 0, refused: 0 };
  const isClosed = { value: false };
  let seen: SlotVersion | undefined;
  /** One that is slow is asked once. */
  let reading: Promise<Slot> | undefined;
  return {
    name,
    counters,
    followSlots(listener) {
      const poll = startPoll({
        intervalMs: pollIntervalMs,
        read: readVersion,
        deliver: (version) => listener.onIndex([version]),
        onError: (error) => listener.onError(error),
      });
      return { close: poll.close };
    },
    async readSlots(ids) {
      const own = seen;
      if (own === undefined || !ids.some((id) => isSame(id, own))) return [];
      reading ??= readSlot().finally(() => {
        reading = undefined;
      });
      return [await reading];
    },
    close() {
      isClosed.value = true;
      agent.destroy();
    },
  };

  async function readSlot(): Promise<Slot> {
    return accept(unpackSlot(await get('/slot', SLOT_LIMIT_BYTES, SLOT_TIMEOUT_MS)));
  }

  async function readVersion(): Promise<SlotVersion> {
    const bytes = await get('/version', VERSION_LIMIT_BYTES, VERSION_TIMEOUT_MS);
    seen = accept(readVersionText(bytes.toString('utf8')));
    return seen;
  }

  function accept<Found extends SlotVersion>(found: Found | undefined): Found {
    const { vantage, worker } = address;
    if (found !== undefined && found.vantage === vantage && (worker === undefined || found.worker === worker)) {
      counters.answered++;
      return found;
    }
    counters.refused++;
    const what = found === undefined ? 'nonsense' : `the slot of ${found.vantage}/${found.worker}`;
    throw createStoreError('STORE_REJECTED', `${name} answers with ${what}: refused`);
  }

  async function get(path: string, limitBytes: number, timeoutMs: number): Promise<Buffer> {
    if (isClosed.value) throw createStoreError('STORE_CLOSED', 'the store is closed');
    try {
      const { host, port } = address.endpoint;
      return await fetchBytes({ ...tls(), host, port, path, agent }, limitBytes, timeoutMs);
    } catch (cause) {
      counters.failed++;
      throw createStoreError('STORE_UNAVAILABLE', `${name} cannot be asked: ${describeCause(cause)}`, cause);
    }
  }
}

type Target = ConnectionOptions & {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly agent: Agent;
};

/** The body, whole, within the time, and not more of it than the limit. */
function fetchBytes(target: Target, limitBytes: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...target, method: 'GET', maxHeaderSize: HEADER_LIMIT_BYTES, minVersion: 'TLSv1.3' });
    const timer = setTimeout(() => asking.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      asking.destroy();
      reject(error);
    };
    asking.on('error', fail);
    asking.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      if (response.statusCode !== 200) return fail(new Error(`status ${response.statusCode}`));
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > limitBytes) fail(new Error(`an answer of more than ${limitBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        clearTimeout(timer);
        resolve(Buffer.concat(chunks));
      });
    });
    asking.end();
  });
}

/** Undefined for anything that is not one. */
export function readVersionText(text: string): SlotVersion | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { vantage, worker, epoch, sequence }: Partial<Record<keyof SlotVersion, unknown>> = value;
  if (typeof vantage !== 'string' || typeof worker !== 'string' || !isCount(epoch) || !isCount(sequence))
    return undefined;
  return { vantage, worker, epoch, sequence };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isSame(one: SlotId, other: SlotId): boolean {
  return one.vantage === other.vantage && one.worker === other.worker;
}
