import assert from 'node:assert/strict';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { restoreVerdict, type VerdictState, type Verdicts } from '../../../src/health/verdict.ts';
import { readVerdicts, VerdictKeeper } from '../../../src/roles/verdict-keeper.ts';
import { writePersistedState } from '../../../src/store/persisted-state.ts';
import { openDirectory, recordLog } from './fixture.ts';

function verdictsOf(states: Readonly<Record<string, VerdictState>>, reason = ''): Verdicts {
  const votes = [{ vantage: 'fra', worker: 'w', vote: 'down', reason, fresh: true, sinceMs: 5 } as const];
  return new Map(
    Object.entries(states).map(([target, verdict]) => [
      target,
      { ...restoreVerdict({ target, verdict, sinceMs: 7 }), votes },
    ]),
  );
}

const FILE = 'verdicts.state';

describe('the keeper of verdicts', () => {
  test('what was judged is there after a restart, without the evidence', async (context) => {
    const directory = await openDirectory(context);
    const { logger, lines } = recordLog();
    const keeper = new VerdictKeeper(directory, logger);
    await keeper.flush(verdictsOf({ a: 'down', b: 'up', c: 'unknown' }));
    assert.deepEqual(await readVerdicts(directory, logger), [
      restoreVerdict({ target: 'a', verdict: 'down', sinceMs: 7 }),
      restoreVerdict({ target: 'b', verdict: 'up', sinceMs: 7 }),
      restoreVerdict({ target: 'c', verdict: 'unknown', sinceMs: 7 }),
    ]);
    assert.deepEqual(lines, []);
  });

  test('a node that stops before it knew anything leaves what is there', async (context) => {
    const directory = await openDirectory(context);
    const { logger } = recordLog();
    await new VerdictKeeper(directory, logger).flush(verdictsOf({ a: 'down' }));
    await new VerdictKeeper(directory, logger).flush(new Map());
    assert.equal((await readVerdicts(directory, logger)).length, 1);
  });

  test('many changes at a time are one write, and changed evidence alone is none', async (context) => {
    const directory = await openDirectory(context);
    const { logger } = recordLog();
    const keeper = new VerdictKeeper(directory, logger);
    keeper.keep(verdictsOf({ a: 'up' }));
    keeper.keep(verdictsOf({ a: 'down' }, 'refused'));
    await keeper.flush(new Map());
    const { ino } = await stat(join(directory, FILE));
    assert.equal((await readVerdicts(directory, logger))[0]?.verdict, 'down');
    keeper.keep(verdictsOf({ a: 'down' }, 'timeout'));
    await keeper.flush(new Map());
    assert.equal((await stat(join(directory, FILE))).ino, ino, 'the file was not replaced');
    keeper.keep(verdictsOf({ a: 'up' }));
    await keeper.flush(new Map());
    assert.notEqual((await stat(join(directory, FILE))).ino, ino);
  });

  test('writes by itself a second after a change', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const directory = await openDirectory(context);
    const { logger } = recordLog();
    new VerdictKeeper(directory, logger).keep(verdictsOf({ a: 'down' }));
    context.mock.timers.tick(999);
    assert.deepEqual(await readVerdicts(directory, logger), []);
    context.mock.timers.tick(1);
    let kept = await readVerdicts(directory, logger);
    for (let tries = 0; tries < 1000 && kept.length === 0; tries++) kept = await readVerdicts(directory, logger);
    assert.equal(kept[0]?.verdict, 'down');
  });

  test('a disk that refuses is told once, and again only after it has worked', async (context) => {
    const directory = await openDirectory(context);
    const log = recordLog();
    // Where a directory of that name is, no file can be put.
    await mkdir(join(directory, FILE, 'in the way'), { recursive: true });
    const keeper = new VerdictKeeper(directory, log.logger);
    for (const state of ['up', 'down', 'up'] as const) await keeper.flush(verdictsOf({ a: state }));
    assert.equal(log.count('could not be kept'), 1);
  });

  test('what a disk refused is tried again until it takes it, though nothing else is to be kept', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const directory = await openDirectory(context);
    const log = recordLog();
    await mkdir(join(directory, FILE, 'in the way'), { recursive: true });
    new VerdictKeeper(directory, log.logger).keep(verdictsOf({ a: 'down' }));
    context.mock.timers.tick(1000);
    for (let tries = 0; tries < 1000 && log.count('could not be kept') === 0; tries++) await setImmediate();
    await rm(join(directory, FILE), { recursive: true });
    let kept = await readVerdicts(directory, log.logger);
    for (let tries = 0; tries < 1000 && kept.length === 0; tries++) {
      context.mock.timers.tick(1000);
      kept = await readVerdicts(directory, log.logger);
    }
    assert.equal(kept[0]?.verdict, 'down');
    assert.equal(log.count('could not be kept'), 1);
  });

  test('a file that is torn, of another shape, or unreadable is no verdict and no failure', async (context) => {
    const directory = await openDirectory(context);
    const log = recordLog();
    assert.deepEqual(await readVerdicts(directory, log.logger), []);
    await writePersistedState(directory, 'verdicts', [{ target: 'a', verdict: 'sideways', sinceMs: 1 }, null, 7]);
    assert.deepEqual(await readVerdicts(directory, log.logger), []);
    await writePersistedState(directory, 'verdicts', { not: 'a list' });
    assert.deepEqual(await readVerdicts(directory, log.logger), []);
    const text = await readFile(join(directory, FILE), 'utf8');
    await writeFile(join(directory, FILE), text.slice(0, -3));
    assert.deepEqual(await readVerdicts(directory, log.logger), []);
    assert.equal(log.count('not used'), 1);
  });
});
