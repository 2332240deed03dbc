// Changes a record through each api node, again and again, as operators and their programs do; remembers what was
// acknowledged. An acknowledged value may later only be replaced by a newer one of the same record.

import { setTimeout as pause } from 'node:timers/promises';
import { tryAsk } from '../support/dns-ask.ts';
import { ZONE } from '../support/fleet.ts';
import type { Api, Installation } from './installation.ts';
import { MARKERS } from './limits.ts';

export type Committer = {
  readonly records: readonly CommitRecord[];
  /** The next changes are begun now. */
  hurry(): void;
  close(): Promise<void>;
};

export type CommitRecord = {
  readonly marker: string;
  readonly api: Api;
  tried: number;
  acknowledged: number;
  lastValue: number;
  /** When it was begun; monotonic. */
  lastBegunMs: number;
};

/** Between two changes: each is work for all of an installation that has two processors. */
const PAUSE_MS = 1000;
/** After one that was not acknowledged. */
const RETRY_MS = 300;

export function startCommitter(installation: Installation): Committer {
  const records = installation.apis.map((api, index): CommitRecord => {
    const marker = MARKERS[index] ?? MARKERS[0];
    return { marker, api, tried: 0, acknowledged: 0, lastValue: 0, lastBegunMs: 0 };
  });
  let isClosed = false;
  let pauses = new AbortController();
  let hurriedAtMs = 0;
  const running = records.map(async (record) => {
    let value = 0;
    while (!isClosed) {
      value++;
      record.tried++;
      const begunMs = performance.now();
      const isAcknowledged = await commit(installation, record, value);
      if (isAcknowledged) {
        record.acknowledged++;
        record.lastValue = value;
        record.lastBegunMs = begunMs;
      }
      // Begun before there was a hurry, it does not tell what whoever hurries wants to know.
      if (isAcknowledged && begunMs < hurriedAtMs) continue;
      await pause(isAcknowledged ? PAUSE_MS : RETRY_MS, undefined, { signal: pauses.signal }).catch(() => undefined);
    }
  });
  return {
    records,
    hurry() {
      hurriedAtMs = performance.now();
      pauses.abort();
      pauses = new AbortController();
    },
    async close() {
      isClosed = true;
      await Promise.all(running);
    },
  };
}

async function commit({ call }: Installation, { api, marker }: CommitRecord, value: number): Promise<boolean> {
  const body = { ttl: 1, data: [String(value)] };
  try {
    const path = `/v1/zones/${ZONE}/records/${marker}/TXT`;
    const { status } = await call(api, 'PUT', path, body, { 'if-match': '*' });
    return status === 200;
  } catch {
    return false;
  }
}

/** What the nodes answer now for each record; undefined where one does not answer. */
export async function readAnswers({ nodes }: Installation, marker: string): Promise<readonly (number | undefined)[]> {
  return Promise.all(
    nodes.map(async ({ place }) => {
      const server = { host: place.address, port: 53 };
      const reply = await tryAsk(server, { name: `${marker}.${ZONE}`, type: 'TXT', timeoutMs: 500 });
      const text = reply?.data[0];
      return text === undefined ? undefined : Number(/\d+/.exec(decodeText(text))?.[0]);
    }),
  );
}

/** dns-packet gives the strings of a TXT record as buffers, which stand here as JSON. */
function decodeText(json: string): string {
  const parsed: unknown = JSON.parse(json);
  const [first] = Array.isArray(parsed) ? parsed : [];
  return Buffer.from(first ?? []).toString();
}
