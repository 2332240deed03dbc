// What a node says of itself: ready or not, and what it cannot do as it should.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readinessOf, readinessOfWorker } from '../../../src/roles/readiness.ts';
import type { StoreServer } from '../../../src/store/store-server.ts';

type Follower = Parameters<typeof readinessOfWorker>[0];
const id = (generation: number, number: number) => ({ generation, number });
const manifest = { id: id(1, 7), parent: id(1, 6), author: 'a', message: '', createdAtMs: 0, objects: {} };
const current = { manifest, objects: new Map() };
const SOUND: Follower = { condition: 'ok', storeFault: '', current, refused: undefined, behind: undefined };

describe('readiness', () => {
  const ask = (follower: Partial<Follower>, servers: readonly StoreServer[] = []) =>
    readinessOf({ serving: {}, isHandedOn: true, follower: { ...SOUND, ...follower }, servers });

  test('a node that serves the newest revision of a store that is there has nothing to say', () => {
    assert.deepEqual(ask({}), { ready: true, reasons: [] });
    assert.deepEqual(readinessOfWorker(SOUND), { ready: true, reasons: [] });
  });

  test('without a configuration, or before it is answered from, it is not ready', () => {
    const early = { follower: SOUND, servers: [], isHandedOn: false };
    assert.deepEqual(readinessOf({ ...early, serving: undefined }).ready, false);
    assert.match(readinessOf({ ...early, serving: {} }).reasons.join(), /about to be answered from/);
    const worker = readinessOfWorker({ ...SOUND, current: undefined });
    assert.deepEqual(worker, { ready: false, reasons: ['no configuration is known yet'] });
  });

  test('a store that holds an older revision than what is served is told, with the command that ends it', () => {
    const { ready, reasons } = ask({ behind: id(1, 2) });
    assert.equal(ready, true);
    assert.match(reasons.join(), /holds 1\.2, older than 1\.7, .*azimuth apply FILE --above 1\.7/);
    assert.deepEqual(readinessOfWorker({ ...SOUND, behind: id(1, 2) }).reasons, reasons);
  });

  test('a revision that is refused is told with its first reason, and how many there are', () => {
    const { reasons } = ask({ refused: { id: id(1, 8), reasons: ['first', 'second', 'third'] } });
    assert.deepEqual(reasons, ['the newest configuration, 1.8, is refused here: first (and 2 more)']);
  });

  test('a store that is empty, or does not answer, is told', () => {
    assert.match(ask({ condition: 'empty' }).reasons.join(), /holds no configuration/);
    const silent = { condition: 'unavailable', storeFault: 'the store does not answer' } as const;
    assert.deepEqual(ask(silent).reasons, ['the store does not answer: the configuration cannot be changed']);
    const worker = readinessOfWorker({ ...SOUND, ...silent });
    assert.deepEqual(worker, { ready: true, reasons: ['the store does not answer: nobody hears votes through it'] });
  });
});
