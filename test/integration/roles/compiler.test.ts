import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Compiler } from '../../../src/roles/compiler.ts';
import { openRevisionReader } from '../../../src/roles/read-revision.ts';
import { placeMapOf, WORLD } from '../../support/snapshot-fixture.ts';
import { revisionOf } from '../../unit/roles/fixture.ts';

const REVISION = revisionOf(1);

function compile(compiler: Compiler, serial: number) {
  const stated = openRevisionReader(() => undefined)(REVISION);
  assert.ok(stated.ok);
  return compiler.compile(stated.value, REVISION.objects, serial);
}

/** Threads of which those listed do something else than compiling. */
function spawnInstead(...codes: readonly string[]) {
  const spawned: Worker[] = [];
  const spawn = () => {
    const code = codes[spawned.length];
    const worker =
      code === undefined
        ? new Worker(new URL('../../../src/roles/compile-thread.ts', import.meta.url))
        : new Worker(`require('node:worker_threads').parentPort.on('message', ({ kind }) => { ${code} })`, {
            eval: true,
          });
    spawned.push(worker);
    return worker;
  };
  return { spawn, spawned };
}

const CRASH = "if (kind === 'compile') throw new Error('out of luck')";
const HANG = '';

describe('the compiler', () => {
  test('a thread that dies while compiling is replaced, and the job done there, for the same map of clients', async (context) => {
    const { spawn, spawned } = spawnInstead(CRASH);
    const compiler = new Compiler({ spawn });
    context.after(() => compiler.close());
    compiler.open();
    compiler.setPlaceMap(placeMapOf(WORLD));
    const outcome = await compile(compiler, 1);
    assert.ok(outcome.ok);
    assert.equal(spawned.length, 2);
    assert.ok((outcome.compiled.snapshot.rankings[0]?.v4.runs.length ?? 0) > 2, 'the map is more than one place');
    assert.ok((await compile(compiler, 2)).ok);
    assert.equal(spawned.length, 2);
  });

  test('a job on which a second thread dies is refused with the reason, and the next one compiles', async (context) => {
    const { spawn } = spawnInstead(CRASH, CRASH);
    const compiler = new Compiler({ spawn });
    context.after(() => compiler.close());
    assert.deepEqual(await compile(compiler, 1), {
      ok: false,
      reasons: ['compiling failed: out of luck'],
    });
    assert.ok((await compile(compiler, 2)).ok);
  });

  test('a job that does not end is refused in time, and holds up no other', async (context) => {
    const { spawn } = spawnInstead(HANG);
    const compiler = new Compiler({ spawn, limitMs: 3000 });
    context.after(() => compiler.close());
    const outcome = await compile(compiler, 1);
    assert.deepEqual(outcome, { ok: false, reasons: ['compiling took longer than 3 s'] });
    assert.ok((await compile(compiler, 2)).ok);
  });

  test('closing ends what is under way, and starts nothing any more', async () => {
    const { spawn, spawned } = spawnInstead(HANG);
    const compiler = new Compiler({ spawn });
    const underWay = compile(compiler, 1);
    await compiler.close();
    await compiler.close();
    compiler.open();
    compiler.setPlaceMap(placeMapOf(WORLD));
    assert.ok(!(await underWay).ok);
    assert.ok(!(await compile(compiler, 2)).ok);
    assert.equal(spawned.length, 1);
  });
});
