import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ENDPOINT_FORCED_DOWN, ENDPOINT_UP } from '../../../src/health/cluster-health.ts';
import type { Slot, SlotId, SlotVersion, Vote } from '../../../src/health/slot.ts';
import { listTargets } from '../../../src/health/target.ts';
import { restoreVerdict } from '../../../src/health/verdict.ts';
import { HealthView } from '../../../src/roles/health-view.ts';
import type { SlotListener } from '../../../src/store/health-store.ts';
import { simulateTime } from '../../support/simulated-time.ts';
import { configurationOf, DOCUMENT, recordLog } from './fixture.ts';

const HEARTBEAT_MS = 1000;
const WORKERS = [
  { vantage: 'fra', worker: 'w' },
  { vantage: 'nyc', worker: 'w' },
  { vantage: 'sin', worker: 'w' },
] as const;
const VANTAGES = WORKERS.map(({ vantage }) => ({ id: vantage }));
const THREE = { ...DOCUMENT, vantages: VANTAGES };

/** A node's view over a store and a time that are the test's. */
function open(document: unknown = THREE) {
  const time = simulateTime(Date.UTC(2026, 0, 1));
  const slots = new Map<string, Slot>();
  let listener: SlotListener | undefined;
  const log = recordLog();
  let changes = 0;
  const view = new HealthView(
    { heartbeatMs: HEARTBEAT_MS },
    {
      health: {
        readSlots: async (ids: readonly SlotId[]) => ids.flatMap(({ vantage }) => slots.get(vantage) ?? []),
        followSlots(given) {
          listener = given;
          return { close: () => undefined };
        },
      },
      logger: log.logger,
      onChange: () => changes++,
      clock: time.clock,
    },
  );
  const configuration = configurationOf(document);
  const [target] = listTargets(configuration);
  if (target === undefined) throw new Error('the fixture has targets');
  const settle = () => time.pass(0);
  let sequence = 0;
  return {
    view,
    log,
    configuration,
    target: target.id,
    settle,
    changes: () => changes,
    fail: (message: string) => listener?.onError(new Error(message)),
    /** Time passes, and nothing else happens. */
    pass: time.pass,
    /** The process stands still. */
    stall: time.stall,
    /** Each worker that has a word writes its slot, and the index tells. */
    async vote(words: readonly (Vote | undefined)[], votedOn: string | readonly string[] = target.id) {
      sequence++;
      const index: SlotVersion[] = [];
      for (const [position, vote] of words.entries()) {
        const id = WORKERS[position];
        if (vote === undefined || id === undefined) continue;
        const reason = vote === 'up' ? '' : 'refused';
        slots.set(id.vantage, {
          ...id,
          epoch: 1,
          sequence,
          votes: [votedOn].flat().map((each) => ({ target: each, vote, reason })),
        });
        index.push({ ...id, epoch: 1, sequence });
      }
      listener?.onIndex(index);
      await settle();
    },
    verdict: () => view.verdicts.get(target.id)?.verdict,
  };
}

describe('the health view', () => {
  test('a verdict turns when a majority of vantages that are alive says so, and is logged with its evidence', async () => {
    const { view, log, configuration, vote, verdict } = open();
    view.setConfiguration(configuration);
    view.start();
    await vote(['down', 'down', 'up']);
    assert.equal(verdict(), 'unknown', 'slots that were just found may be the last words of the dead');
    await vote(['down', 'down', 'up']);
    assert.equal(verdict(), 'down');
    assert.deepEqual(log.lines.at(-1)?.evidence, ['fra: down (refused)', 'nyc: down (refused)', 'sin: up']);
    await vote(['up', 'down', 'up']);
    assert.equal(verdict(), 'up');
    assert.equal(log.count('verdict turned'), 2);
    view.stop();
  });

  test('that everything is up at first is one line, not one for each', async () => {
    const { view, log, configuration, vote, verdict } = open();
    view.setConfiguration(configuration);
    view.start();
    await vote(['up', 'up', 'up']);
    await vote(['up', 'up', 'up']);
    assert.equal(verdict(), 'up');
    assert.deepEqual([log.count('first verdicts'), log.count('verdict turned')], [1, 0]);
    assert.equal(log.lines.at(-1)?.up, 1);
    view.stop();
  });

  test('verdicts hold when the workers fall silent or the store is gone, and hold again in a new configuration', async () => {
    const { view, log, configuration, vote, verdict, pass, fail } = open();
    view.setConfiguration(configuration);
    view.start();
    await vote(['down', 'down', 'down']);
    await vote(['down', 'down', 'down']);
    fail('gone');
    await pass(10 * HEARTBEAT_MS);
    assert.equal(verdict(), 'down');
    assert.ok(view.listWorkers().every(({ alive }) => !alive));
    view.setConfiguration({ ...configuration, services: [] });
    assert.equal(verdict(), 'down');
    assert.equal(log.count('cannot be followed'), 1);
    view.stop();
  });

  test('verdicts that are frozen are told once, and so is that they are free again', async () => {
    const { view, log, configuration, vote, pass } = open();
    view.setConfiguration(configuration);
    view.start();
    await pass(10 * HEARTBEAT_MS);
    assert.deepEqual([view.isFrozen, log.count('frozen')], [true, 0], 'at a start nobody has spoken yet');
    const all = [...view.verdicts.keys()];
    await vote(['up', 'up', 'up'], all);
    await vote(['up', 'up', 'up'], all);
    assert.deepEqual([view.isFrozen, view.frozenCount], [false, 0]);
    await pass(10 * HEARTBEAT_MS);
    assert.deepEqual([view.isFrozen, log.count('frozen')], [true, 1]);
    assert.equal(view.frozenCount, all.length);
    await vote(['up', 'up', 'up'], all);
    assert.deepEqual([view.isFrozen, log.count('free to turn')], [false, 1]);
    view.stop();
  });

  test('a node whose own loop stood still calls nobody stale, and turns nothing by the first word that it reads', async () => {
    const monitors = [{ ...THREE.monitors[0], quorum: 'one' }];
    const { view, configuration, vote, verdict, pass, stall } = open({ ...THREE, monitors });
    view.setConfiguration(configuration);
    view.start();
    await vote(['up', 'up', 'up']);
    await vote(['up', 'up', 'up']);
    await pass(100);
    stall(10_000);
    // It wakes: timers are due, and one vantage of three is read before the others.
    await vote(['down', undefined, undefined]);
    assert.ok(view.listWorkers().every(({ alive }) => alive));
    assert.equal(verdict(), 'up');
    await vote([undefined, 'up', 'up']);
    assert.equal(verdict(), 'up');
    // Whoever is silent from then on is stale as soon as ever.
    await pass(4 * HEARTBEAT_MS);
    assert.ok(view.listWorkers().every(({ alive }) => !alive));
    view.stop();
  });

  test('a worker is silent since its slot moved last, by the own clock', async () => {
    const { view, configuration, vote, pass } = open();
    view.setConfiguration(configuration);
    view.start();
    await vote(['up']);
    assert.deepEqual(view.listWorkers(), [
      { vantage: 'fra', worker: 'w', alive: false, silentMs: undefined, epochRises: 0 },
    ]);
    await vote(['up']);
    await pass(500);
    assert.deepEqual(view.listWorkers(), [{ vantage: 'fra', worker: 'w', alive: true, silentMs: 500, epochRises: 0 }]);
    view.stop();
  });

  test('health is stale while nobody who is alive checks what is to be checked', async () => {
    const { view, configuration, vote, pass } = open();
    view.setConfiguration(configuration);
    view.start();
    assert.equal(view.isStale, true);
    await vote(['up']);
    await vote(['up']);
    assert.equal(view.isStale, false);
    await pass(10 * HEARTBEAT_MS);
    assert.equal(view.isStale, true);
    // Where nothing is checked, nothing is missed.
    view.setConfiguration({ ...configuration, monitors: [], clusters: [], services: [] });
    assert.equal(view.isStale, false);
    view.stop();
  });

  test('an override expires without anybody touching anything', async () => {
    const expiresAt = new Date(Date.UTC(2026, 0, 1) + 60_000).toISOString();
    const override = { kind: 'clusters', id: 'web-eu', state: 'force-down', reason: 'test', author: 'ann', expiresAt };
    const { view, configuration, pass, changes } = open({ ...THREE, overrides: [override] });
    view.setConfiguration(configuration);
    view.start();
    assert.equal(view.judgement?.endpointClass[0], ENDPOINT_FORCED_DOWN);
    const before = changes();
    await pass(59_750);
    assert.equal(view.judgement?.endpointClass[0], ENDPOINT_FORCED_DOWN);
    assert.equal(changes(), before);
    await pass(250);
    assert.equal(view.judgement?.endpointClass[0], ENDPOINT_UP);
    assert.equal(changes(), before + 1);
    await pass(60_000);
    assert.equal(changes(), before + 1, 'once');
    view.stop();
  });

  test('restored verdicts count until votes say otherwise; those on targets that are gone are dropped', async () => {
    const { view, configuration, target, vote, verdict } = open();
    view.restoreVerdicts(
      [target, 'web-old/a#0'].map((each) => restoreVerdict({ target: each, verdict: 'down', sinceMs: 7 })),
    );
    view.setConfiguration(configuration);
    view.start();
    assert.equal(verdict(), 'down');
    assert.deepEqual(
      [...view.verdicts.keys()].sort(),
      listTargets(configuration)
        .map(({ id }) => id)
        .sort(),
    );
    await vote(['up', 'up', undefined]);
    await vote(['up', 'up', undefined]);
    assert.equal(verdict(), 'up');
    view.stop();
  });

  test('tells of no change when nothing changed, and of none at all after it was stopped', async () => {
    const { view, configuration, vote, changes, pass, settle } = open();
    view.setConfiguration(configuration);
    view.start();
    await vote(['up', 'up', 'up']);
    await vote(['up', 'up', 'up']);
    const before = changes();
    await vote(['up', 'up', 'up']);
    await vote(['up', 'up', 'up'], 'web-old/a#0');
    // The vote on the target itself is gone now: that is a change of the evidence.
    assert.equal(changes(), before + 1);
    const late = vote(['down', 'down', 'down']);
    // The slots are read within a few microtasks; then the look at them is due, but has not come.
    for (let step = 0; step < 20; step++) await Promise.resolve();
    const atStop = changes();
    view.stop();
    await late;
    await pass(10_000);
    await settle();
    assert.equal(changes(), atStop);
  });
});
