// The process that builds the map of clients, from outside: whatever it does, the node has a map or a sentence, and nothing
// is left of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fingerprintFiles } from '../../../src/databases/fingerprint.ts';
import { CACHE_VERSION, readCachedMap } from '../../../src/databases/map-cache.ts';
import { openPlaceMap, type PlaceMapOptions } from '../../../src/databases/open-place-map.ts';
import { type BuildOptions, runBuild } from '../../../src/databases/run-build.ts';
import { describeDatabaseFiles, watchDatabases } from '../../../src/databases/watch-databases.ts';
import { explainPlaceV4 } from '../../../src/geo/find-place.ts';
import { shapeOf } from '../../../src/geo/place-map-image.ts';
import { defaultDatabasePaths } from '../../support/default-map.ts';
import { findFreePort } from '../../support/free-port.ts';
import { geoip2Record, writeMmdb } from '../../support/mmdb-writer.ts';
import { openProcesses } from '../../support/processes.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/databases/build-map.ts', import.meta.url));
const LIMIT_MS = 20_000;

let root: string;
let options: PlaceMapOptions;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'azimuth-build-'));
  mkdirSync(join(root, 'geo'));
  options = { directory: join(root, 'geo'), bundled: false, stateDirectory: join(root, 'state') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A program in the place of the one that builds. It leaves its id behind. */
function pretend(source: string): { readonly program: string; pid(): number } {
  const [program, idFile] = [join(root, 'pretend.mjs'), join(root, 'pretend.pid')];
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs';
     import { getPriority } from 'node:os';
     writeFileSync(${JSON.stringify(idFile)}, String(process.pid));
     writeFileSync(${JSON.stringify(join(root, 'pretend.starts'))}, '.', { flag: 'a' });
     process.stdin.resume();
     ${source}`,
  );
  return { program, pid: () => Number(readFileSync(idFile, 'utf8')) };
}

async function buildWith(source: string, more: BuildOptions = {}): Promise<string> {
  const { program, pid } = pretend(source);
  const task = { pathV4: '/geo/city.mmdb', pathV6: undefined, cacheDirectory: join(root, 'cache'), fingerprint: 'f' };
  const outcome = await runBuild(task, { program, ...more });
  assert.ok(outcome.kind === 'fault', 'a map out of nothing');
  await waitFor(() => !isAlive(pid()), 'it is gone');
  return outcome.message;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function waitFor(isTrue: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, `not within ${LIMIT_MS / 1000} s: ${what}`);
    await sleep(5);
  }
}

function drop(country: string, buildEpochSeconds: number): void {
  const networks = [{ prefix: '1.0.0.0/8', record: geoip2Record(country, 10, 20) }];
  const bytes = writeMmdb({ networks, databaseType: 'GeoLite2-City', buildEpochSeconds });
  writeFileSync(join(options.directory, 'GeoLite2-City.mmdb'), bytes);
}

describe('a process that builds the map and fails', () => {
  test('is named with its database and what it died of', async () => {
    assert.equal(
      await buildWith('process.kill(process.pid, "SIGKILL")'),
      '/geo/city.mmdb: the process that builds the map ended without one (SIGKILL; the system may be short of memory)',
    );
    assert.match(await buildWith('process.exit(3)'), /ended without one \(exit code 3\)$/);
    assert.match(await buildWith('throw new Error("boom")'), /ended without one \(exit code 1; Error: boom\)$/);
    assert.match(await buildWith('process.abort()'), /ended without one \(SIGABRT/);
  });

  test('is out of memory, and says so', async () => {
    const work = 'const all = []; for (;;) all.push(new Array(1000).fill(all.length))';
    const source = `const { spawnSync } = await import('node:child_process');
      const args = ['--max-old-space-size=16', '--eval', ${JSON.stringify(work)}];
      process.kill(process.pid, spawnSync(process.execPath, args, { stdio: 'inherit' }).signal);`;
    assert.match(await buildWith(source), /ended without one \(SIG\w+; FATAL ERROR: .*heap out of memory\)$/);
  });

  test('is ended when it talks nonsense', async () => {
    const talk = 'process.stdout.write("7\\n"); setInterval(() => process.stdout.write("more\\n"), 1);';
    assert.equal(await buildWith(talk), '/geo/city.mmdb: the process that builds the map makes no sense: it said "7"');
  });

  test('is ended when it never comes to an end', async () => {
    assert.match(
      await buildWith('setInterval(() => undefined, 1000)', { limitMs: 500 }),
      /city\.mmdb: the process that builds the map has none after 0\.5 s: the database is damaged, fetch it again$/,
    );
  });

  test('in the middle of the map has sent none', async () => {
    const shape = { wordsV4: 1000, wordsV6: 0, places: 1, countries: [''], subdivisions: [''] };
    const line = JSON.stringify(`${JSON.stringify({ kind: 'map', shape })}\n`);
    assert.match(
      await buildWith(`process.stdout.write(${line} + 'x'.repeat(100), () => process.exit(0))`),
      /ended without one \(exit code 0\)$/,
    );
  });

  test('keeps nothing of a file that took the place of the one that it was to read', async () => {
    drop('FR', 1_781_000_000);
    const path = join(options.directory, 'GeoLite2-City.mmdb');
    const fingerprint = fingerprintFiles([path], CACHE_VERSION);
    drop('JP', 1_782_000_000);
    const cacheDirectory = join(root, 'cache');
    const outcome = await runBuild({ pathV4: path, pathV6: undefined, cacheDirectory, fingerprint }, {});
    assert.deepEqual(outcome, { kind: 'fault', message: `${path}: it was replaced while it was read` });
    assert.equal(existsSync(cacheDirectory), false);
  });

  test('cannot even be started', async () => {
    const task = { pathV4: '/geo/city.mmdb', pathV6: undefined, cacheDirectory: '', fingerprint: '' };
    const { execPath } = process;
    process.execPath = join(root, 'no-such-node');
    try {
      const outcome = await runBuild(task, {});
      assert.ok(outcome.kind === 'fault');
      assert.match(outcome.message, /^\/geo\/city\.mmdb: the process that builds the map cannot be started: .*ENOENT/);
    } finally {
      process.execPath = execPath;
    }
  });

  test('is not started by a system that throws the reason at once', async () => {
    const task = { pathV4: 'x'.repeat(200_000), pathV6: undefined, cacheDirectory: '', fingerprint: '' };
    const outcome = await runBuild(task, {});
    assert.ok(outcome.kind === 'fault');
    assert.match(outcome.message, /x: the process that builds the map cannot be started: .*E2BIG/);
  });

  test('leaves the map in use in force', async (context) => {
    drop('FR', 1_781_000_000);
    const files = describeDatabaseFiles(options.directory);
    const opened = await openPlaceMap(options);
    assert.equal(explainPlaceV4(opened.placeMap, 0x01020304).country, 'FR');
    const { program } = pretend('process.kill(process.pid, "SIGSEGV")');
    const errors: string[] = [];
    const watch = watchDatabases(
      { ...options, program, reloadIntervalMs: 20, fingerprint: opened.fingerprint, files, isMapRead: true },
      () => assert.fail('there is no other map'),
      (message) => errors.push(message),
    );
    context.after(() => watch.close());
    drop('JP', 1_782_000_000);
    await waitFor(() => errors.length > 0, 'the fault is told');
    assert.match(errors.join(), /GeoLite2-City\.mmdb: .* ended without one \(SIGSEGV\); the database in use stays$/);
  });

  test('is started again some time later, though no file has changed', async (context) => {
    drop('FR', 1_781_000_000);
    const { program } = pretend('process.kill(process.pid, "SIGKILL")');
    const files = describeDatabaseFiles(options.directory);
    const { fingerprint } = await openPlaceMap({ ...options, program });
    assert.equal(fingerprint, '');
    const found: (string | undefined)[] = [];
    const errors: string[] = [];
    const watch = watchDatabases(
      { ...options, program, reloadIntervalMs: 20, retryIntervalMs: 100, fingerprint, files, isMapRead: false },
      ({ database }) => found.push(database?.name),
      (message) => errors.push(message),
    );
    context.after(() => watch.close());
    const starts = (): number => readFileSync(join(root, 'pretend.starts'), 'utf8').length;
    await waitFor(() => starts() >= 4, 'it is started again and again');
    assert.equal(errors.length, 1, 'and the fault told once');
    // The system has memory again.
    writeFileSync(program, `import ${JSON.stringify(PROGRAM)};`);
    await waitFor(() => found.length > 0, 'the map is there');
    assert.deepEqual(found, ['GeoLite2 City 2026-06']);
  });

  test('is passed over for the next database at a start', async () => {
    drop('FR', 1_781_000_000);
    const { program } = pretend('process.exit(9)');
    const opened = await openPlaceMap({ ...options, program });
    assert.equal(opened.database, undefined);
    assert.match(opened.warnings.join('\n'), /GeoLite2-City\.mmdb: .*exit code 9.*\n.*no GeoIP database/);
  });
});

describe('a process that builds the map', () => {
  const tellPriority = `process.stdout.write(JSON.stringify({ kind: 'fault', message: String(getPriority()) }) + '\\n')`;

  test('is as urgent as the node at a start, and yields to those that answer later', async () => {
    const { PRIORITY_BELOW_NORMAL, PRIORITY_NORMAL } = constants.priority;
    assert.equal(await buildWith(tellPriority), String(PRIORITY_NORMAL));
    assert.equal(await buildWith(tellPriority, { isYielding: true }), String(PRIORITY_BELOW_NORMAL));
  });

  test('has none of the options that the environment has for the node', async (context) => {
    const preloaded = join(root, 'preloaded.cjs');
    writeFileSync(preloaded, 'console.log("an agent is at work")');
    const before = process.env.NODE_OPTIONS;
    process.env.NODE_OPTIONS = `${before ?? ''} --require ${preloaded}`;
    context.after(() => {
      if (before === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = before;
    });
    assert.equal(await buildWith(tellPriority), String(constants.priority.PRIORITY_NORMAL));
  });

  test('is ended when the node closes', async () => {
    const closing = new AbortController();
    const { pid } = pretend('');
    const outcome = buildWith('setInterval(() => undefined, 1000)', { signal: closing.signal });
    await waitFor(() => existsSync(join(root, 'pretend.pid')) && isAlive(pid()), 'it runs');
    closing.abort();
    assert.match(await outcome, /the process that builds the map was ended/);
  });

  test('is not begun when the node is closing', async () => {
    drop('FR', 1_781_000_000);
    const { program } = pretend('');
    const opened = await openPlaceMap({ ...options, program, signal: AbortSignal.abort() });
    assert.match(opened.warnings.join(), /not started any more/);
    assert.equal(existsSync(join(root, 'pretend.pid')), false);
  });

  test('serves though its map cannot be kept, and says why', async () => {
    drop('FR', 1_781_000_000);
    mkdirSync(options.stateDirectory);
    writeFileSync(join(options.stateDirectory, 'cache'), 'a file where the folder should be');
    const said: string[] = [];
    for (let start = 0; start < 2; start++) {
      const opened = await openPlaceMap({ ...options, onProgress: (message) => said.push(message) });
      assert.deepEqual([opened.isCached, explainPlaceV4(opened.placeMap, 0x01020304).country], [false, 'FR']);
      assert.deepEqual(opened.warnings, []);
    }
    assert.equal(said.filter((message) => /is not kept for the next start: E/.test(message)).length, 2);
  });

  test('keeps the map of the default database, or sends it where the disk refuses: the same', async () => {
    const { v4, v6 } = defaultDatabasePaths();
    const cacheDirectory = join(root, 'cache');
    const fingerprint = fingerprintFiles([v4, v6], CACHE_VERSION);
    const task = { pathV4: v4, pathV6: v6, cacheDirectory, fingerprint };
    assert.deepEqual(await runBuild(task, {}), { kind: 'kept' });
    const kept = readCachedMap(cacheDirectory, fingerprint);
    const full = join(root, 'file');
    writeFileSync(full, 'where the folder should be');
    // Tens of megabytes: far more than the kernel holds between two processes.
    const outcome = await runBuild({ ...task, cacheDirectory: full }, {});
    assert.ok(outcome.kind === 'map' && kept !== undefined, JSON.stringify(outcome));
    assert.deepEqual(shapeOf(outcome.map), shapeOf(kept));
    const [sent, written] = [outcome.map, kept].map(({ v4 }) => Buffer.from(v4.words.buffer));
    assert.ok(sent !== undefined && written !== undefined && sent.equals(written));
  });

  test('gives up at once when nobody is at the other end of its standard input', async () => {
    const { v4, v6 } = defaultDatabasePaths();
    const task = { pathV4: v4, pathV6: v6, cacheDirectory: join(root, 'cache'), fingerprint: 'f' };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      // By now its threads are at work.
      child.stdin.destroy();
    });
    assert.deepEqual(await once(child, 'close'), [null, 'SIGKILL']);
    assert.match(said, /"kind":"progress"/);
    assert.doesNotMatch(said, /"kind":"map"/);
  });
});

test('a node that is killed while its map is built takes the process that builds with it', {
  skip: process.platform !== 'linux',
}, async (context) => {
  const processes = await openProcesses();
  context.after(() => processes.close());
  const settingsFile = join(root, 'settings.json');
  const settings = {
    dns: { listen: [`127.0.0.1:${await findFreePort()}`], threads: 1 },
    telemetry: { listen: `127.0.0.1:${await findFreePort()}` },
    stateDirectory: options.stateDirectory,
    geo: { directory: options.directory, bundled: true },
  };
  writeFileSync(settingsFile, JSON.stringify(settings));
  const node = processes.azimuth(['dns', '--settings', settingsFile, '--store', 'redis://127.0.0.1:1'], {
    name: 'dns',
  });
  const readBuilder = (): number | undefined => childrenOf(node.pid).find(isBuilding);
  await waitFor(() => readBuilder() !== undefined, 'the map is being built');
  const builder = readBuilder() ?? 0;
  await node.kill();
  await waitFor(() => !isBuilding(builder), 'nobody builds any more');
  assert.equal(existsSync(join(options.stateDirectory, 'cache')), false, 'it went on to the end');
});

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Of the process itself: its id may be another one's by the time that it is looked at. */
function isBuilding(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('build-map.ts');
  } catch {
    return false;
  }
}
