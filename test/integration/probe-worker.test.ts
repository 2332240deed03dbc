// Workers, demonstration backends, the embedded store and the verdicts of a follower, all real, over loopback.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoBackends, openDemoBackends, startDemoBackend } from '../../src/demo/backends.ts';
import { NO_SIGHTINGS, noteVersions, seeSlots } from '../../src/health/liveness.ts';
import { listTargets } from '../../src/health/target.ts';
import { decideVerdicts, NO_VERDICTS, type Verdicts } from '../../src/health/verdict.ts';
import { systemClock } from '../../src/native/system-clock.ts';
import { createRunCheck } from '../../src/probe/run-check.ts';
import { ProbeWorker } from '../../src/probe/worker.ts';
import { openEmbeddedStore } from '../../src/store/embedded/open-embedded-store.ts';
import { followSlotTable, type SlotTable } from '../../src/store/follow-slots.ts';
import { cluster, configuration, endpoint, HTTP_MONITOR } from '../unit/health/fixtures.ts';

const HEARTBEAT_MS = 1000;
const REGIONS = ['eu', 'us', 'ap'];
const VANTAGES = [{ id: 'v1' }, { id: 'v2' }, { id: 'v3' }];
const SILENT_LOGGER = { info: () => undefined, warn: () => undefined };
const ignore = () => undefined;

type Running = {
  readonly backends: DemoBackends;
  readonly workers: readonly ProbeWorker[];
  verdictOf(region: string): string | undefined;
  /** Milliseconds until the verdict on the region's endpoint is this. */
  waitFor(region: string, verdict: string): Promise<number>;
};

async function start(context: TestContext): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'azimuth-probe-'));
  const store = openEmbeddedStore(directory);
  const backends = openDemoBackends();
  await backends.arrange(REGIONS.map((region) => ({ region, port: 0 })));
  const clusters = backends
    .list()
    .map(({ region, listen }) =>
      cluster(region, [endpoint('a', '192.0.2.1', { check: { address: listen.host, port: listen.port } })]),
    );
  const targets = listTargets(configuration({ monitors: [HTTP_MONITOR], clusters }));
  const workers = VANTAGES.map(({ id }) => {
    const worker = new ProbeWorker(
      { vantage: id, worker: 'w', heartbeatMs: HEARTBEAT_MS, concurrency: 16 },
      {
        health: store.health,
        followSlots: (onChange) => followSlotTable(store.health, { onError: ignore }, onChange),
        clock: systemClock,
        random: Math.random,
        logger: SILENT_LOGGER,
        runCheck: createRunCheck({ allowNetworks: ['127.0.0.0/8'] }),
      },
    );
    worker.setTargets(targets, VANTAGES);
    worker.start();
    return worker;
  });

  let sightings = NO_SIGHTINGS;
  let verdicts: Verdicts = NO_VERDICTS;
  let slots: SlotTable = new Map();
  const judge = () => {
    const seen = seeSlots(slots.values(), sightings, performance.now(), HEARTBEAT_MS);
    verdicts = decideVerdicts({ targets, vantages: VANTAGES, slots: seen, previous: verdicts, nowMs: Date.now() });
  };
  const following = followSlotTable(store.health, { onError: ignore }, (change) => {
    slots = change.slots;
    sightings = noteVersions(sightings, change.advanced, performance.now());
    judge();
  });
  context.after(async () => {
    following.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await backends.close();
    await store.close();
    await rm(directory, { recursive: true });
  });

  const idOf = new Map(targets.map((target) => [target.cluster, target.id]));
  const verdictOf = (region: string) => verdicts.get(idOf.get(region) ?? '')?.verdict;
  return {
    backends,
    workers,
    verdictOf,
    async waitFor(region, verdict) {
      const startedAtMs = performance.now();
      while (verdictOf(region) !== verdict) {
        const waitedMs = performance.now() - startedAtMs;
        assert.ok(waitedMs < 15_000, `${region} is still ${verdictOf(region)}, not ${verdict}`);
        await sleep(5);
      }
      return performance.now() - startedAtMs;
    },
  };
}

test('sees a backend die within 1.3 s and come back, and leaves the others alone', async (context) => {
  const { backends, workers, verdictOf, waitFor } = await start(context);
  for (const region of REGIONS) await waitFor(region, 'up');
  // A busy test machine may add some.
  const limitMs = 1300 + 700;

  await backends.fail('eu');
  const downMs = await waitFor('eu', 'down');
  assert.ok(downMs <= limitMs, `down after ${downMs} ms`);
  await backends.heal('eu');
  const upMs = await waitFor('eu', 'up');
  assert.ok(upMs <= limitMs, `up after ${upMs} ms`);
  assert.deepEqual(REGIONS.map(verdictOf), ['up', 'up', 'up']);
  for (const { counters } of workers) {
    assert.ok(counters.slotsStored > 0 && counters.slotsDropped === 0);
    assert.ok(counters.checks.http.succeeded > 0 && counters.checks.http.failed > 0);
    assert.equal(counters.checks.http.inconclusive, 0);
  }
  context.diagnostic(`down after ${Math.round(downMs)} ms, up after ${Math.round(upMs)} ms`);
});

test('demo backend: answers when healthy, refuses and breaks connections when failed, and answers again when healed', async () => {
  const backends = openDemoBackends();
  await backends.arrange([{ region: 'eu', port: 0 }]);
  const [backend] = backends.list();
  assert.ok(backend !== undefined);
  const url = `http://${backend.listen.host}:${backend.listen.port}/healthz`;
  const read = async () => {
    const response = await fetch(url);
    return `${response.status} ${(await response.text()).trim()}`;
  };
  assert.equal(await read(), '200 ok');
  const open = connect({ host: backend.listen.host, port: backend.listen.port });
  const closed = new Promise<void>((resolve) => open.once('close', () => resolve()));
  open.on('error', ignore);
  await new Promise<void>((resolve) => open.once('connect', () => resolve()));

  assert.equal(await backends.fail('eu'), true);
  assert.equal(backend.isHealthy(), false);
  await closed;
  await assert.rejects(read());
  assert.equal(await backends.fail('eu'), true, 'twice is fine');

  assert.equal(await backends.heal('eu'), true);
  assert.equal(await backends.heal('eu'), true);
  assert.equal(await read(), '200 ok');
  assert.equal(await backends.fail('mars'), false);
  await backends.close();
  await assert.rejects(read());
});

test('demo backend: says which port is taken and what to do, and leaves none behind', async () => {
  const taken = await startDemoBackend({ region: 'eu', listen: { host: '127.0.0.1', port: 0 } });
  const { port } = taken.listen;
  const free = await startDemoBackend({ region: 'us', listen: { host: '127.0.0.1', port: 0 } });
  await free.close();
  const regions = [
    { region: 'us', port: free.listen.port },
    { region: 'ap', port },
  ];
  await assert.rejects(openDemoBackends().arrange(regions), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`demonstration backend of ap cannot listen on 127.0.0.1:${port}: the port is taken`),
    );
    return true;
  });
  await assert.rejects(fetch(`http://127.0.0.1:${free.listen.port}/healthz`));
  await taken.close();
});
