import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countRises,
  findNextStaleMs,
  forgetSlots,
  isAlive,
  MAX_RISES,
  mayBeAlive,
  NO_SIGHTINGS,
  noteVersions,
  seeSlots,
} from '../../../src/health/liveness.ts';
import { slot } from './fixtures.ts';

const HEARTBEAT_MS = 1000;
const ID = { vantage: 'v1', worker: 'w1' };
const at = (epoch: number, sequence: number) => [{ ...ID, epoch, sequence }];

test('does not count a slot that was merely found: it may be the last word of a worker long dead', () => {
  const sightings = noteVersions(NO_SIGHTINGS, at(1, 500), 0);
  assert.equal(isAlive(ID, sightings, 0, HEARTBEAT_MS), false);
  assert.equal(mayBeAlive(ID, sightings, 2999, HEARTBEAT_MS), true);
  assert.equal(mayBeAlive(ID, sightings, 3000, HEARTBEAT_MS), false);
});

test('counts a slot from its first movement until three heartbeats without another', () => {
  let sightings = noteVersions(NO_SIGHTINGS, at(1, 500), 0);
  sightings = noteVersions(sightings, at(1, 501), 700);
  assert.equal(isAlive(ID, sightings, 700, HEARTBEAT_MS), true);
  assert.equal(findNextStaleMs(sightings, 700, HEARTBEAT_MS), 3700);
  assert.equal(isAlive(ID, sightings, 3699, HEARTBEAT_MS), true);
  assert.equal(isAlive(ID, sightings, 3700, HEARTBEAT_MS), false);
  assert.equal(findNextStaleMs(sightings, 3700, HEARTBEAT_MS), undefined);
});

test('takes a new epoch as movement, and old or repeated versions as none', () => {
  let sightings = noteVersions(NO_SIGHTINGS, at(2, 9), 0);
  assert.equal(noteVersions(sightings, [...at(2, 9), ...at(1, 99), ...at(2, 8)], 100), sightings);
  sightings = noteVersions(sightings, at(3, 1), 200);
  assert.equal(isAlive(ID, sightings, 200, HEARTBEAT_MS), true);
});

test('counts how often a worker took a new epoch within the last minute', () => {
  let sightings = noteVersions(NO_SIGHTINGS, at(7, 1), 0);
  assert.equal(countRises(ID, sightings, 0), 0, 'that it was found is no rise');
  for (const [epoch, sequence, atMs] of [
    [7, 2, 500],
    [8, 1, 1000],
    [8, 2, 1500],
    [9, 1, 2000],
  ] as const)
    sightings = noteVersions(sightings, at(epoch, sequence), atMs);
  assert.equal(countRises(ID, sightings, 2000), 2);
  assert.equal(countRises(ID, sightings, 60_999), 2);
  assert.equal(countRises(ID, sightings, 61_000), 1);
  for (let epoch = 10; epoch < 100; epoch++) sightings = noteVersions(sightings, at(epoch, 1), 61_000);
  assert.equal(countRises(ID, sightings, 61_000), MAX_RISES);
  assert.equal(countRises({ ...ID, worker: 'other' }, sightings, 61_000), 0);
});

test('knows nothing of slots that it never saw, and forgets those that left', () => {
  let sightings = noteVersions(NO_SIGHTINGS, at(1, 1), 0);
  sightings = noteVersions(sightings, at(1, 2), 10);
  const seen = seeSlots([slot('v1', 'w1', {}), slot('v1', 'other', {})], sightings, 20, HEARTBEAT_MS);
  assert.deepEqual(
    seen.map(({ alive }) => alive),
    [true, false],
  );
  assert.equal(forgetSlots(sightings, [ID]).size, 0);
});
