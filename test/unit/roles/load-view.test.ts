import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { LOAD_REPORT_FRESH_MS } from '../../../src/load/apply-reports.ts';
import type { StoredLoadReport } from '../../../src/model/load-report.ts';
import { LoadView, MAX_SUBJECTS } from '../../../src/roles/load-view.ts';
import { recordLog } from './fixture.ts';

function open(context: TestContext) {
  let nowMs = 5000;
  context.mock.timers.enable({ apis: ['setTimeout'] });
  context.mock.method(performance, 'now', () => nowMs);
  let listener: (reports: readonly StoredLoadReport[]) => void = () => assert.fail('nobody follows');
  const told: (readonly string[])[] = [];
  const view = new LoadView({
    health: {
      followLoadReports(given) {
        listener = given;
        return { close: () => undefined };
      },
    },
    logger: recordLog().logger,
    onReports: (subjects) => told.push(subjects),
  });
  view.start();
  return {
    view,
    told,
    pass(ms: number) {
      nowMs += ms;
      context.mock.timers.tick(ms);
    },
    report: (...reports: readonly StoredLoadReport[]) => listener(reports),
    fresh: () =>
      Object.fromEntries(Array.from(view.freshReports(), ([subject, { connections }]) => [subject, connections])),
  };
}

const of = (subject: string, sequence: number, connections = sequence) => ({ subject, sequence, connections });

describe('the load view', () => {
  test('the latest report of each subject counts while it is fresh, by the own clock', (context) => {
    const { report, fresh, pass, view } = open(context);
    report(of('eu', 10), of('us', 11));
    report(of('eu', 12), of('us', 9));
    assert.deepEqual(fresh(), { eu: 12, us: 11 });
    pass(LOAD_REPORT_FRESH_MS - 1);
    report(of('us', 13));
    pass(1);
    assert.deepEqual(fresh(), { us: 13 });
    assert.equal(view.listReports().length, 2, 'what is stale is still shown');
  });

  test('thousands of messages are told of together, each subject once', (context) => {
    const { report, told, pass } = open(context);
    for (let sequence = 1; sequence <= 3000; sequence++) report(of(`c${sequence % 100}`, sequence));
    assert.equal(told.length, 0);
    pass(100);
    assert.equal(told.length, 1);
    assert.equal(told[0]?.length, 100);
    report(of('c1', 4000));
    report(of('c1', 3999));
    pass(100);
    assert.deepEqual(told[1], ['c1']);
  });

  test('reports that a node finds at its start count as old as they are', (context) => {
    const { report, fresh } = open(context);
    const now = Date.UTC(2026, 0, 1);
    report(of('dead', now - LOAD_REPORT_FRESH_MS, 1), of('slow', now - LOAD_REPORT_FRESH_MS + 1, 2), of('eu', now, 3));
    assert.deepEqual(fresh(), { slow: 2, eu: 3 });
  });

  test('a store that was lost and counts from a lower number is heard once the reports of before are stale', (context) => {
    const { report, fresh, pass } = open(context);
    report(of('eu', 1_000_000, 1));
    report(of('eu', 10, 2));
    assert.deepEqual(fresh(), { eu: 1 });
    pass(LOAD_REPORT_FRESH_MS);
    report(of('eu', 11, 3));
    assert.deepEqual(fresh(), { eu: 3 });
    report(of('eu', 12, 4));
    assert.deepEqual(fresh(), { eu: 4 });
  });

  test('whatever is reported, memory is bounded: who has been silent longest is forgotten first', (context) => {
    const { report, view } = open(context);
    report(of('eu', 1), of('us', 2));
    report(of('eu', 3));
    report(...Array.from({ length: MAX_SUBJECTS - 1 }, (_, index) => of(`x${index}`, 4 + index)));
    const subjects = view.listReports().map((seen) => seen.report.subject);
    assert.equal(subjects.length, MAX_SUBJECTS);
    assert.ok(subjects.includes('eu'));
    assert.ok(!subjects.includes('us'));
  });

  test('nothing is told after it has been stopped', (context) => {
    const { report, told, pass, view } = open(context);
    report(of('eu', 1));
    view.stop();
    pass(1000);
    assert.deepEqual(told, []);
  });
});
