import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunningChecks } from '../../../src/probe/running-checks.ts';

const found = (reason: string) => ({ ok: true, reason, durationMs: 1 });

test('gives results in the order in which the checks began, whatever the order in which they end', () => {
  const running = new RunningChecks();
  const [a, b, c] = [running.begin(1), running.begin(2), running.begin(3)];
  assert.deepEqual(running.end(b, found('b')), []);
  assert.equal(running.count, 2);
  assert.deepEqual(
    running.end(a, found('a')).map(({ observation }) => observation.reason),
    ['a', 'b'],
  );
  assert.deepEqual(running.end(c, found('c')), [{ startedAtMs: 3, observation: found('c') }]);
  assert.equal(running.count, 0);
});

test('lets a failure wait for nobody, and gives what began before it and has ended along with it', () => {
  const running = new RunningChecks();
  const [a, b, c, d] = [running.begin(1), running.begin(2), running.begin(3), running.begin(4)];
  const reasons = (results: ReturnType<RunningChecks['end']>) => results.map(({ observation }) => observation.reason);
  assert.deepEqual(running.end(b, found('b')), []);
  assert.deepEqual(running.end(d, found('d')), []);
  assert.deepEqual(reasons(running.end(c, { ...found('c'), ok: false })), ['b', 'c']);
  assert.equal(running.count, 1);
  assert.deepEqual(reasons(running.end(a, { ...found('a'), ok: false })), ['a', 'd']);
  assert.equal(running.count, 0);
});

test('gives nothing of checks that were aborted, and holds up none that begin later', () => {
  const running = new RunningChecks();
  const old = running.begin(1);
  running.abort();
  assert.equal(old.abort.signal.aborted, true);
  const fresh = running.begin(2);
  assert.deepEqual(running.end(old, found('old')), []);
  assert.equal(running.end(fresh, found('fresh')).length, 1);
});
