// Very many targets fall silent at once: each check keeps its place for the whole timeout. How long one worker alone takes to
// vote the last of them down, in simulated time; docs/monitors.md has the formula.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Slot } from '../../../src/health/slot.ts';
import { ProbeWorker } from '../../../src/probe/worker.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { targets } from '../health/fixtures.ts';

const TIMING = { intervalMs: 5000, timeoutMs: 1000, fall: 3 };
const LATENCY_MS = 5;
const SILENT_LOGGER = { info: () => undefined, warn: () => undefined };

type Storm = {
  /** From the beginning until the last was suspected, and voted down; on average until voted down. */
  readonly suspectedMs: number;
  readonly downMs: number;
  readonly meanDownMs: number;
  /** Of one that began to refuse in the middle of it. */
  readonly refusedMs: number;
};

async function measureStorm(count: number, concurrency: number): Promise<Storm> {
  const of = targets(count, TIMING);
  const refusing = of[Math.floor(count / 2)]?.id ?? '';
  const conditions = new Map<string, 'silent' | 'refusing'>();
  const time = simulateTime(1_000_000);
  const downAtMs = new Map<string, number>();
  const suspectedAtMs = new Map<string, number>();
  const note = ({ votes }: Slot): void => {
    for (const { target, vote } of votes) {
      if (vote === 'suspect' || vote === 'down') setOnce(suspectedAtMs, target, time.nowMs());
      if (vote === 'down') setOnce(downAtMs, target, time.nowMs());
    }
  };
  const worker = new ProbeWorker(
    { vantage: 'v1', worker: 'w', heartbeatMs: 1000, concurrency },
    {
      health: {
        allocateEpoch: async () => 1,
        writeSlot: async (slot) => {
          note(slot);
          return 'stored';
        },
        removeSlot: async () => undefined,
      },
      followSlots: () => ({ close: () => undefined }),
      clock: time.clock,
      random: () => 0.5,
      logger: SILENT_LOGGER,
      runCheck: async ({ id }) => {
        const condition = conditions.get(id);
        const durationMs = condition === 'silent' ? TIMING.timeoutMs : LATENCY_MS;
        await new Promise<void>((resolve) => time.clock.schedule(durationMs, resolve));
        return { ok: condition === undefined, reason: condition ?? 'connected', durationMs };
      },
    },
  );
  worker.setTargets(of, [{ id: 'v1' }]);
  worker.start();
  await time.pass(30_000);
  const stormAtMs = time.nowMs();
  for (const { id } of of) if (id !== refusing) conditions.set(id, 'silent');
  await time.pass(10_000);
  const refusedAtMs = time.nowMs();
  conditions.set(refusing, 'refusing');
  for (let seconds = 0; downAtMs.size < count && seconds < 600; seconds++) await time.pass(1000);
  assert.equal(downAtMs.size, count);
  const afterMs = [...downAtMs].filter(([id]) => id !== refusing).map(([, atMs]) => atMs - stormAtMs);
  return {
    suspectedMs: Math.max(...suspectedAtMs.values()) - stormAtMs,
    downMs: Math.max(...afterMs),
    meanDownMs: afterMs.reduce((sum, ms) => sum + ms, 0) / afterMs.length,
    refusedMs: (downAtMs.get(refusing) ?? 0) - refusedAtMs,
  };
}

function setOnce(map: Map<string, number>, key: string, value: number): void {
  if (!map.has(key)) map.set(key, value);
}

// A tenth and a twentieth of 10,000 targets on 1,024 and on 256 places.
for (const [count, concurrency] of [
  [1000, 102],
  [500, 13],
] as const) {
  test(`looks at ${count} silent targets once each before any again, and votes the last down in the time that its ${concurrency} places allow`, async () => {
    const { intervalMs, timeoutMs, fall } = TIMING;
    const { suspectedMs, downMs, refusedMs } = await measureStorm(count, concurrency);
    const roundMs = (count * timeoutMs) / (concurrency - 2 * Math.floor(concurrency / 8));
    const allMs = (count * fall * timeoutMs) / (concurrency - Math.floor(concurrency / 8));
    assert.ok(suspectedMs <= roundMs + intervalMs, `the last was suspected after ${suspectedMs} ms`);
    assert.ok(downMs <= allMs + intervalMs, `the last was down after ${downMs} ms`);
    assert.ok(downMs >= (count * fall * timeoutMs) / concurrency, `${downMs} ms: less than the checks take`);
    assert.ok(refusedMs <= roundMs + intervalMs, `what refused meanwhile was down after ${refusedMs} ms`);
  });
}
