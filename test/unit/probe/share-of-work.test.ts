import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rankWorkers } from '../../../src/health/rendezvous.ts';
import type { TargetVote, Vote } from '../../../src/health/slot.ts';
import type { Target } from '../../../src/health/target.ts';
import { SETTLED_AFTER_HEARTBEATS } from '../../../src/probe/peers.ts';
import { createShareOfWork, type Division, type ShareOfWork } from '../../../src/probe/share-of-work.ts';
import { targets } from '../health/fixtures.ts';

const HEARTBEAT_MS = 1000;
const NAMES = ['w1', 'w2', 'w3', 'w4'];
const OF = targets(60);
const SETTLED_MS = SETTLED_AFTER_HEARTBEATS * HEARTBEAT_MS;

type VotesByTarget = ReadonlyMap<string, TargetVote>;

/** Workers that see each other's votes at once. Each is one of NAMES. */
class Vantage {
  readonly present = new Map<string, ShareOfWork>();
  readonly fresh = new Set<string>();
  readonly begunAtMs = new Map<string, number>();
  readonly votes = new Map<string, VotesByTarget>();
  mayStandIn = true;
  lookups = 0;
  nowMs = 0;

  begin(worker: string, of: readonly Target[] = OF): ShareOfWork {
    const { votes, fresh, present, begunAtMs } = this;
    begunAtMs.set(worker, this.nowMs);
    votes.set(worker, this.#table([]));
    const share = createShareOfWork(
      { worker, heartbeatMs: HEARTBEAT_MS },
      {
        peers: {
          listColleagues: () =>
            [...present.keys()].flatMap((name) =>
              name === worker
                ? []
                : [{ worker: name, isSettled: !fresh.has(name), begunAtMs: begunAtMs.get(name) ?? 0 }],
            ),
          votesOf: (name) => votes.get(name) ?? new Map(),
        },
        hasVote: (id) => isVote(votes.get(worker)?.get(id)?.vote),
      },
    );
    share.setTargets(of);
    present.set(worker, share);
    return share;
  }

  vote(worker: string, target: string, vote: Vote = 'up'): void {
    this.#change(worker, [[target, { target, vote, reason: '' }]]);
  }

  /** Tables are never written to: another vote is another table. */
  #change(worker: string, changed: readonly [string, TargetVote][], without: readonly string[] = []): void {
    const before = [...(this.votes.get(worker) ?? [])];
    this.votes.set(worker, this.#table([...before.filter(([id]) => !without.includes(id)), ...changed]));
  }

  #table(entries: readonly [string, TargetVote][]): VotesByTarget {
    const table = new Map(entries);
    const get = (id: string) => {
      this.lookups++;
      return table.get(id);
    };
    return Object.assign(new Map(entries), { get });
  }

  /** A heartbeat of one worker: what it hands over it has no vote on any more. */
  beat(worker: string): Division {
    const share = this.present.get(worker);
    assert.ok(share !== undefined);
    share.meetColleagues(this.nowMs);
    const division = share.divide(this.nowMs, this.mayStandIn);
    if (division.handedOver.length > 0) this.#change(worker, [], division.handedOver);
    return division;
  }

  /** Everybody's heartbeat; those that check vote. */
  round(): void {
    for (const worker of this.present.keys()) this.beat(worker);
    for (const [worker, share] of this.present) {
      for (const { id } of OF) if (share.isOurs(id)) this.vote(worker, id);
    }
    this.nowMs += HEARTBEAT_MS;
  }

  checking(id: string): readonly string[] {
    return [...this.present].filter(([, share]) => share.isOurs(id)).map(([worker]) => worker);
  }
}

function isVote(vote: Vote | undefined): boolean {
  return vote !== undefined && vote !== 'abstain';
}

/** Workers that have been at it for long. */
function settle(...workers: readonly string[]): Vantage {
  const vantage = new Vantage();
  for (const worker of workers) vantage.begin(worker);
  while (vantage.nowMs <= SETTLED_MS) vantage.round();
  return vantage;
}

test('checks nothing before it looked around, and its own share as soon as it has', () => {
  const vantage = new Vantage();
  const share = vantage.begin('w1');
  vantage.begin('w2');
  assert.deepEqual(share.divide(0, true), { taken: [], orphans: [], handedOver: [] });
  const { orphans } = vantage.beat('w1');
  const owned = OF.filter(({ id }) => rankWorkers(id, ['w1', 'w2'])[0] === 'w1').map(({ id }) => id);
  assert.deepEqual(orphans, owned);
  assert.equal(share.countOurs(), owned.length);
});

test('has each target checked by the one that rendezvous prefers, once all have voted', () => {
  const vantage = settle('w1', 'w2', 'w3');
  for (const { id } of OF) assert.deepEqual(vantage.checking(id), [rankWorkers(id, ['w1', 'w2', 'w3'])[0]]);
});

test('takes at leisure what others check, and is left alone with it only once it has voted and is there for some time', () => {
  const vantage = settle('w1');
  vantage.begin('w2');
  vantage.fresh.add('w2');
  const { taken, orphans } = vantage.beat('w2');
  assert.deepEqual(orphans, []);
  assert.ok(taken.length > 15 && taken.length < 45, `${taken.length}`);
  assert.deepEqual(vantage.beat('w1').handedOver, []);
  for (const id of taken.slice(1)) vantage.vote('w2', id);
  assert.deepEqual(vantage.beat('w1').handedOver, [], 'it has only just begun');
  vantage.fresh.clear();
  assert.deepEqual(vantage.beat('w1').handedOver, taken.slice(1), 'all but the one that it has not voted on');
});

test('hurries where whoever checked what it took at leisure is gone', () => {
  const vantage = settle('w1');
  vantage.begin('w2');
  const { taken } = vantage.beat('w2');
  assert.deepEqual(vantage.beat('w2').orphans, []);
  vantage.vote('w2', taken[0] ?? '');
  vantage.present.delete('w1');
  const { orphans } = vantage.beat('w2');
  assert.equal(orphans.length, OF.length - 1);
  assert.equal(orphans.includes(taken[0] ?? ''), false);
});

test('hands nothing to workers that only ever begin, and lets none of what they would own wait for them', () => {
  const vantage = settle('w1', 'w2');
  vantage.begin('w3');
  vantage.fresh.add('w3');
  vantage.present.delete('w2');
  // It even votes before it ends.
  vantage.beat('w3');
  for (const { id } of OF) if (vantage.present.get('w3')?.isOurs(id)) vantage.vote('w3', id);
  vantage.beat('w1');
  assert.equal(vantage.present.get('w1')?.countOurs(), OF.length);
});

test('does not take back what it handed over while it was new itself, unless the other begins anew', () => {
  const vantage = new Vantage();
  vantage.begin('w1');
  vantage.round();
  vantage.begin('w2');
  vantage.fresh.add('w2');
  vantage.round();
  vantage.round();
  const share = vantage.present.get('w1')?.countOurs() ?? 0;
  assert.ok(share < OF.length);
  for (let round = 0; round < 5; round++) {
    vantage.round();
    assert.equal(vantage.present.get('w1')?.countOurs(), share);
  }
  vantage.begin('w2');
  vantage.beat('w1');
  assert.equal(vantage.present.get('w1')?.countOurs(), OF.length);
});

test('lets the next in line look after an interval and a heartbeat where the owner does not vote, and one more each heartbeat', () => {
  const vantage = settle('w1', 'w2', 'w3');
  const [target] = OF;
  assert.ok(target !== undefined);
  const [owner = '', second = '', third = ''] = rankWorkers(target.id, ['w1', 'w2', 'w3']);
  vantage.vote(owner, target.id, 'abstain');
  const sinceMs = vantage.nowMs;
  const takesOnAt = (worker: string) => {
    for (let ms = 0; ms < 20_000; ms += 100) {
      vantage.nowMs = sinceMs + ms;
      if (vantage.beat(worker).orphans.includes(target.id)) return ms;
    }
    return undefined;
  };
  const waitMs = HEARTBEAT_MS + target.timing.intervalMs;
  vantage.mayStandIn = false;
  assert.equal(takesOnAt(second), undefined, 'not while it has trouble itself');
  vantage.mayStandIn = true;
  vantage.nowMs = sinceMs;
  vantage.vote(owner, target.id);
  vantage.beat(second);
  vantage.vote(owner, target.id, 'abstain');
  assert.equal(takesOnAt(second), waitMs);
  assert.equal(takesOnAt(third), waitMs + HEARTBEAT_MS);
  vantage.vote(second, target.id);
  assert.deepEqual(vantage.beat(third).handedOver, [target.id]);
  vantage.vote(owner, target.id);
  assert.deepEqual(vantage.beat(second).handedOver, [target.id]);
  assert.deepEqual(vantage.checking(target.id), [owner]);
});

test('always has somebody check each target, and one alone in the end, whoever comes and goes', () => {
  const step = fc.tuple(fc.constantFrom('begin', 'end', 'settle', 'beat', 'vote'), fc.constantFrom(...NAMES));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const vantage = settle('w1', 'w2');
      for (const [what, worker] of steps) {
        vantage.nowMs += 500;
        if (what === 'begin' && !vantage.present.has(worker)) {
          vantage.begin(worker);
          vantage.fresh.add(worker);
        } else if (what === 'end' && vantage.present.size > 1) {
          vantage.present.delete(worker);
          for (const left of vantage.present.keys()) vantage.beat(left);
        } else if (what === 'settle') vantage.fresh.delete(worker);
        else if (what === 'beat' && vantage.present.has(worker)) vantage.beat(worker);
        else if (what === 'vote') {
          for (const { id } of OF) if (vantage.present.get(worker)?.isOurs(id)) vantage.vote(worker, id);
        }
        if (![...vantage.present.keys()].some((name) => !vantage.fresh.has(name))) continue;
        const unchecked = OF.filter(({ id }) => vantage.checking(id).length === 0 && !hasWaited(vantage, id));
        assert.deepEqual(unchecked, []);
      }
      vantage.fresh.clear();
      for (let round = 0; round < 12; round++) vantage.round();
      for (const { id } of OF) {
        assert.deepEqual(vantage.checking(id), rankWorkers(id, [...vantage.present.keys()]).slice(0, 1));
      }
    }),
    { numRuns: 200 },
  );
});

/** Between a change and the heartbeat at which it is seen nobody is at fault. */
function hasWaited(vantage: Vantage, id: string): boolean {
  for (const worker of vantage.present.keys()) vantage.beat(worker);
  return vantage.checking(id).length > 0;
}

test('asks once per target of others where their votes changed, and not at all at a heartbeat where none did', () => {
  const vantage = settle(...NAMES);
  vantage.beat('w1');
  vantage.lookups = 0;
  vantage.beat('w1');
  assert.equal(vantage.lookups, 0);
  vantage.vote('w2', OF.find(({ id }) => vantage.present.get('w2')?.isOurs(id))?.id ?? '');
  vantage.beat('w1');
  assert.equal(vantage.lookups, vantage.present.get('w2')?.countOurs());
});
