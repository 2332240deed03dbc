// The control side of a node over the real embedded store, without a GeoIP database.

import assert from 'node:assert/strict';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Revision } from '../../../src/model/revision.ts';
import { Control } from '../../../src/roles/control.ts';
import type { Serving } from '../../../src/roles/serving.ts';
import { openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { geoip2Record, writeMmdb } from '../../support/mmdb-writer.ts';
import { openDirectory, pause, recordLog, revisionOf, waitUntil } from '../../unit/roles/fixture.ts';

async function open(context: TestContext, reloadIntervalMs = 60_000) {
  const directory = await openDirectory(context);
  const store = openEmbeddedStore(directory);
  const log = recordLog();
  const control = new Control(
    {
      stateDirectory: directory,
      answerThreads: 1,
      isExplaining: false,
      heartbeatMs: 1000,
      geo: { directory, bundled: false, reloadIntervalMs },
    },
    { ...store, resolveLocation: () => undefined, logger: log.logger },
  );
  const served: Serving[] = [];
  control.onServing((serving) => void served.push(serving));
  context.after(async () => {
    await control.stop();
    await store.close();
    // Its own hook came first: what stopped here has written its last state since.
    await rm(directory, { recursive: true, force: true });
  });
  return {
    directory,
    store,
    control,
    log,
    served,
    numbers: () => served.map(({ revision }) => revision.manifest.id.number),
    commit: ({ manifest, objects }: Revision) => store.configuration.commit(manifest, objects),
  };
}

/** What builds a map beside answers is a process that leaves the processor to everybody else. */
const BUILD_LIMIT_MS = 20_000;

const on = (number: number) => ({ generation: 1, number });

describe('the control side', () => {
  test('serves what is committed, in the health and the load that it knows of', async (context) => {
    const { control, commit, numbers, store, log } = await open(context);
    await control.start();
    assert.equal(log.count('no GeoIP database'), 1);
    assert.equal(control.isHandedOn, false);
    await commit(revisionOf(1));
    await waitUntil(() => control.isHandedOn);
    await store.health.writeLoadReport({ subject: 'web-eu', connections: 5 });
    await waitUntil(() => control.serving?.state.clusterLoads.connections[0] === 5);
    await commit(revisionOf(2, 1, on(1)));
    await waitUntil(() => numbers().length === 2);
    assert.deepEqual(numbers(), [1, 2]);
    assert.equal(control.serving?.state.clusterLoads.connections[0], 5, 'before anybody reports anew');
  });

  test('stopping while a revision is compiled serves nothing afterwards, and leaves no thread behind', async (context) => {
    const { control, commit, numbers } = await open(context);
    const threads = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length;
    const before = threads();
    await control.start();
    await commit(revisionOf(1));
    await waitUntil(() => control.isHandedOn);
    await commit(revisionOf(2, 1, on(1)));
    await pause(1);
    await Promise.all([control.stop(), control.stop()]);
    const atStop = numbers().length;
    await commit(revisionOf(3, 1, on(2)));
    await pause(100);
    assert.equal(numbers().length, atStop);
    assert.ok(atStop <= 2);
    assert.equal(threads(), before);
  });

  test('stopping while it starts leaves nothing running', async (context) => {
    const { control, commit, numbers } = await open(context);
    await commit(revisionOf(1));
    const starting = control.start();
    await control.stop();
    await starting;
    await pause(50);
    assert.deepEqual(numbers(), []);
  });

  test('another GeoIP database is served together with what was compiled for it, and a revision beside it is not lost', async (context) => {
    const { control, commit, numbers, served, directory, log } = await open(context, 30);
    await control.start();
    await commit(revisionOf(1));
    await waitUntil(() => control.isHandedOn);
    const bytes = writeMmdb({
      ipVersion: 6,
      recordSize: 24,
      databaseType: 'GeoLite2-City',
      networks: [
        { prefix: '81.0.0.0/8', record: geoip2Record('GB', 51.5, -0.1) },
        { prefix: '12.0.0.0/8', record: geoip2Record('US', 40.7, -74) },
      ],
    });
    await writeFile(join(directory, 'city.mmdb'), bytes);
    await commit(revisionOf(2, 1, on(1)));
    await waitUntil(() => log.count('GeoIP database in force') === 1, 'the database coming into force', BUILD_LIMIT_MS);
    await waitUntil(() => numbers().at(-1) === 2);
    assert.equal(control.database?.placeMap, undefined, 'nobody here asks where a client is');
    assert.ok((served.at(-1)?.snapshot.rankings[0]?.v4.runs.length ?? 0) > 2);
  });

  test('a link to itself in the GeoIP directory is a file that cannot be read, and no more', async (context) => {
    const { control, commit, directory, log } = await open(context, 20);
    await control.start();
    await symlink(join(directory, 'loop.mmdb'), join(directory, 'loop.mmdb'));
    await waitUntil(() => log.count('loop.mmdb') === 1);
    await commit(revisionOf(1));
    await waitUntil(() => control.isHandedOn);
    await pause(100);
    assert.equal(log.count('loop.mmdb'), 1);
  });
});
