// Fetches a zone from primaries that answer as a test says, and sees that no connection is left behind.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { FETCH_LIMITS, type FetchLimits, type FetchOutcome, fetchZone } from '../../src/replication/fetch-zone.ts';
import { encodeName } from './dns-client.ts';
import { type Asked, type FakePrimary, openPrimary } from './fake-primary.ts';
import { TEST_KEY } from './tsig.ts';
import { COPY_NAME, describeRecord, host, soa } from './zone-answers.ts';

const KEY = { name: encodeName(TEST_KEY.name), algorithm: 'hmac-sha256' as const, secret: TEST_KEY.secret };
export const A = host('a.copy.test.', 1);
export const B = host('b.copy.test.', 2);
export const WHOLE = {
  status: 'whole',
  serial: 9,
  records: ['SOA', 'a.copy.test 300 A 192.0.2.1', 'b.copy.test 300 A 192.0.2.2'],
};
const LIMIT_MS = 5000;

export type Request = {
  readonly held?: number;
  readonly hasKey?: boolean;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<FetchLimits>;
};

export type Fetcher = {
  open(answer: (asked: Asked) => void): Promise<FakePrimary>;
  fetch(port: number, request?: Request): Promise<Told>;
  /** @throws where a connection stays open, whatever came of it. */
  close(): Promise<void>;
};

export function createFetcher(): Fetcher {
  const primaries: FakePrimary[] = [];
  return {
    async open(answer) {
      const primary = await openPrimary(answer);
      primaries.push(primary);
      return primary;
    },
    fetch: async (port, { held, hasKey = false, signal = new AbortController().signal, limits } = {}) => {
      const primary = { address: '127.0.0.1', port };
      const request = { zone: COPY_NAME, primary, tsigKey: hasKey ? KEY : undefined, heldSerial: held, signal };
      return tell(await fetchZone(request, { limits: { ...FETCH_LIMITS, silenceMs: 1000, ...limits } }));
    },
    async close() {
      const end = performance.now() + LIMIT_MS;
      for (const { open } of primaries) while (open.size > 0 && performance.now() < end) await sleep(5);
      const left = primaries.reduce((sum, { open }) => sum + open.size, 0);
      for (const primary of primaries.splice(0)) await primary.close();
      assert.equal(left, 0);
    },
  };
}

type Told = ReturnType<typeof tell>;

/** The serial 9, and the whole zone to whoever asks for more. */
export function answerWhole() {
  return (asked: Asked): void => asked.send(asked.compose(asked.type === 'SOA' ? [soa(9)] : [soa(9), A, B, soa(9)]));
}

/** What came, in words, SOAs by their name alone. */
function tell(outcome: FetchOutcome) {
  switch (outcome.status) {
    case 'whole': {
      const { status, serial, records } = outcome;
      return { status, serial, records: records.map((record) => (record.type === 6 ? 'SOA' : describeRecord(record))) };
    }
    case 'changes': {
      const { status, serial, changes } = outcome;
      const describeChange = ({ fromSerial, toSerial, deletions, additions }: (typeof changes)[number]) =>
        [
          `${fromSerial} → ${toSerial}:`,
          ...deletions.map((record) => `- ${describeRecord(record)}`),
          ...additions.map((record) => `+ ${describeRecord(record)}`),
        ].join(' ');
      return { status, serial, changes: changes.map(describeChange) };
    }
    default:
      return outcome;
  }
}
