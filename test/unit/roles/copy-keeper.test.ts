// The keeper of copies over a real writer, with primaries that say what the test lets them say, and clocks that it sets.

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ConfigurationDocument } from '../../../src/model/configuration.ts';
import type { Copy } from '../../../src/model/copies.ts';
import { splitObjects } from '../../../src/model/objects.ts';
import type { FetchOutcome, FetchRequest } from '../../../src/replication/fetch-zone.ts';
import { openCopyCommits } from '../../../src/roles/copy-commits.ts';
import { startCopyKeeper } from '../../../src/roles/copy-keeper.ts';
import { FIRST_REVISION } from '../../../src/roles/reconcile.ts';
import { composeRevision } from '../../../src/roles/revision-texts.ts';
import { openEmbeddedStore } from '../../../src/store/embedded/open-embedded-store.ts';
import { received as receivedOf } from '../../support/received.ts';
import { DOCUMENT, NOW_MS, openDirectory, openWriter } from '../api/fixture.ts';

const ZONE = 'fed.test';
const DAY_MS = 86_400_000;
const PRIMARIES = [{ address: '192.0.2.1' }, { address: '192.0.2.2', port: 5353, key: 'k' }];
const received = (owner: string, type: string, data: string) => receivedOf(ZONE, owner, type, data);
const soa = (serial: number) => received(ZONE, 'SOA', `ns hostmaster ${serial} 3600 600 86400 60`);
const whole = (serial: number, ...more: readonly ReturnType<typeof received>[]): FetchOutcome => ({
  status: 'whole',
  serial,
  records: [soa(serial), received(ZONE, 'NS', 'ns'), received(`ns.${ZONE}`, 'A', '192.0.2.9'), ...more],
});

function documentWith(zone: object) {
  return { ...DOCUMENT, zones: [...DOCUMENT.zones, { name: ZONE, ...zone }] };
}

/** `before`: what the store holds already, unchecked. */
async function open(
  context: TestContext,
  primaries: readonly object[] = PRIMARIES.slice(0, 1),
  before?: ConfigurationDocument,
) {
  const directory = await openDirectory(context);
  const store = openEmbeddedStore(directory);
  if (before !== undefined) {
    const words = { id: FIRST_REVISION, parent: null, author: 'ann', message: '', createdAtMs: NOW_MS };
    const { manifest, objects } = composeRevision(words, splitObjects(before));
    await store.configuration.commit(manifest, objects);
  }
  const writer = await openWriter(store, { stateDirectory: directory, initial: documentWith({ primaries }) });
  const asked: FetchRequest[] = [];
  const lines: string[] = [];
  const world = {
    nowMs: NOW_MS,
    steadyMs: 0,
    answer: (_: FetchRequest): FetchOutcome | Promise<FetchOutcome> => ({
      status: 'failed',
      reason: 'nobody is there',
    }),
  };
  const log = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const keeper = startCopyKeeper({
    writer,
    fetch: async (request) => {
      asked.push(request);
      return world.answer(request);
    },
    findKey: () => undefined,
    logger: { info: log, warn: log },
    nowMs: () => world.nowMs,
    steadyMs: () => world.steadyMs,
    chance: () => 0,
  });
  context.after(async () => {
    await keeper.stop();
    await writer.close();
    await store.close();
  });
  const pass = (ms: number) => {
    world.nowMs += ms;
    world.steadyMs += ms;
  };
  const copy = async () => (await writer.read())?.copies.get(ZONE);
  // The first question is asked by itself.
  await keeper.fetch(ZONE, false);
  asked.length = 0;
  lines.length = 0;
  Object.assign(keeper.counts, { failed: 0 });
  return { writer, keeper, world, asked, lines, pass, copy };
}

describe('the keeper of copies', () => {
  test('copies a zone whole, then what changed, and commits both', async (context) => {
    const { keeper, world, asked, copy, writer } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.serial, 7);
    assert.equal(asked.at(-1)?.heldSerial, undefined);
    const change = {
      fromSerial: 7,
      toSerial: 9,
      soaAfter: soa(9),
      deletions: [received(`ns.${ZONE}`, 'A', '192.0.2.9')],
      additions: [received(`ns.${ZONE}`, 'A', '192.0.2.10')],
    };
    world.answer = () => ({ status: 'changes', serial: 9, changes: [change] });
    await keeper.fetch(ZONE, false);
    assert.equal(asked.at(-1)?.heldSerial, 7);
    assert.deepEqual((await copy())?.records, [{ name: 'ns', type: 'A', ttl: 300, data: ['192.0.2.10'] }]);
    assert.equal(keeper.state(ZONE)?.copy?.serial, 9);
    // The document is what its author wrote.
    const zones = (await writer.read())?.document.zones ?? [];
    assert.deepEqual(zones.at(-1), { name: ZONE, primaries: PRIMARIES.slice(0, 1) });
  });

  test('goes on copying under a configuration that would be refused today: a version that asked less has let it in', async (context) => {
    const monitors = [{ id: 'groups', type: 'tcp' as const, port: 80, quorum: { groups: 'majority' as const } }];
    const clusters = DOCUMENT.clusters?.map((cluster) => {
      // To be checked where this process no longer lets anybody look.
      return { ...cluster, monitor: 'groups', endpoints: [{ id: 'a', address: '127.0.0.1' }] };
    });
    const document = { ...documentWith({ primaries: PRIMARIES.slice(0, 1) }), monitors, clusters: clusters ?? [] };
    const { writer, keeper, world, copy } = await open(context, [], document);
    const expected = (await writer.read())?.id ?? null;
    const refused = await writer.commit({ expected, author: 'ann', message: '', document });
    assert.equal(refused.status, 'invalid');
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.serial, 7);
    world.answer = () => whole(8, received(`a.b.${ZONE}`, 'CNAME', 'x'), received(`a.b.${ZONE}`, 'A', '192.0.2.1'));
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.serial, 7, 'what cannot be served is refused as ever');
  });

  test('fetches the zone whole where changes do not fit what is held', async (context) => {
    const { keeper, world, asked, copy } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    const strange = {
      fromSerial: 7,
      toSerial: 8,
      soaAfter: soa(8),
      deletions: [received(`no.${ZONE}`, 'A', '192.0.2.9')],
      additions: [],
    };
    world.answer = ({ heldSerial }) =>
      heldSerial === undefined ? whole(8) : { status: 'changes', serial: 8, changes: [strange] };
    const before = asked.length;
    await keeper.fetch(ZONE, false);
    assert.deepEqual(
      asked.slice(before).map(({ heldSerial }) => heldSerial),
      [7, undefined],
    );
    assert.equal((await copy())?.head.serial, 8);
  });

  test('asks the next primary where one does not answer, is behind, or has no key; first the one that hinted', async (context) => {
    const { keeper, world, asked, lines } = await open(context, [...PRIMARIES, { address: '192.0.2.3' }]);
    world.answer = ({ primary }) => (primary.address === '192.0.2.3' ? whole(7) : { status: 'behind', serial: 3 });
    await keeper.fetch(ZONE, false);
    assert.deepEqual(
      asked.map(({ primary }) => primary.address),
      ['192.0.2.1', '192.0.2.3'],
    );
    assert.equal(keeper.state(ZONE)?.problem, undefined);
    asked.length = 0;
    keeper.hint({ zone: ZONE, address: '192.0.2.3' });
    await keeper.fetch(ZONE, false);
    assert.equal(asked[0]?.primary.address, '192.0.2.3');
    world.answer = () => ({ status: 'failed', reason: 'nobody is there' });
    await keeper.fetch(ZONE, false);
    const problem = keeper.state(ZONE)?.problem ?? '';
    assert.match(
      problem,
      /192\.0\.2\.1 port 53: nobody is there; 192\.0\.2\.2 port 5353: the key k is not in dns\.tsig\.keyFile/,
    );
    assert.ok(lines.some((line) => line.startsWith('a zone could not be copied')));
  });

  test('keeps the copy before where the new one could not be served', async (context) => {
    const { keeper, world, copy } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    world.answer = () => whole(8, received(`x.${ZONE}`, 'CNAME', 'ns'), received(`x.${ZONE}`, 'TXT', '"t"'));
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.serial, 7);
    assert.match(keeper.state(ZONE)?.problem ?? '', /x TXT|x CNAME/);
    assert.equal(keeper.counts.refused, 1);
  });

  test('marks a copy as expired when no primary had a word to say for so long, and takes that back', async (context) => {
    const { keeper, world, copy, pass } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    world.answer = () => ({ status: 'failed', reason: 'nobody is there' });
    pass(DAY_MS - 1000);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.expired, undefined);
    pass(2000);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.expired, true);
    world.answer = () => ({ status: 'current' });
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.expired, undefined);
    assert.equal((await copy())?.head.serial, 7);
  });

  test('does not let a copy expire as soon as a primary has answered, whatever its SOA says', async (context) => {
    const { keeper, world, copy, pass, writer } = await open(context);
    const hasty = received(ZONE, 'SOA', 'ns hostmaster 7 3600 600 0 60');
    world.answer = () => ({ status: 'whole', serial: 7, records: [hasty, received(ZONE, 'NS', 'ns')] });
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.expired, undefined);
    const first = (await writer.read())?.id;
    world.answer = () => ({ status: 'current' });
    pass(1000);
    await keeper.fetch(ZONE, false);
    assert.deepEqual((await writer.read())?.id, first);
    world.answer = () => ({ status: 'failed', reason: 'nobody is there' });
    pass(21_000);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.expired, true);
  });

  test('goes back to an older serial where somebody wants the whole zone, and only then', async (context) => {
    const { keeper, world, copy, lines } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    lines.length = 0;
    world.answer = () => whole(3);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.serial, 7);
    assert.match(keeper.state(ZONE)?.problem ?? '', /it has the serial 3, not newer than 7/);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('a zone was copied')),
      [],
    );
    await keeper.fetch(ZONE, true);
    assert.equal((await copy())?.head.serial, 3);
    assert.equal(keeper.state(ZONE)?.problem, undefined);
  });

  test('asks for the whole zone behind changes from which nothing came that could be served', async (context) => {
    const { keeper, world, asked, copy } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    const additions = [received(`x.${ZONE}`, 'CNAME', 'ns'), received(`x.${ZONE}`, 'TXT', '"t"')];
    const change = { fromSerial: 7, toSerial: 8, soaAfter: soa(8), deletions: [], additions };
    world.answer = ({ heldSerial }) =>
      heldSerial === undefined ? whole(8) : { status: 'changes', serial: 8, changes: [change] };
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.serial, 7);
    await keeper.fetch(ZONE, false);
    assert.equal(asked.at(-1)?.heldSerial, undefined);
    assert.equal((await copy())?.head.serial, 8);
  });

  test('commits that a copy is up to date once in a quarter of its life, and not each time', async (context) => {
    const { keeper, world, copy, pass, writer } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    world.answer = () => ({ status: 'current' });
    const first = (await writer.read())?.id;
    pass(DAY_MS / 4 - 1000);
    await keeper.fetch(ZONE, false);
    assert.deepEqual((await writer.read())?.id, first);
    pass(2000);
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.checkedAtMs, world.nowMs);
  });

  test('a clock that is set does not let a copy expire', async (context) => {
    const { keeper, world, copy } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    world.answer = () => ({ status: 'failed', reason: 'nobody is there' });
    world.nowMs += 400 * DAY_MS;
    await keeper.fetch(ZONE, false);
    assert.equal((await copy())?.head.expired, undefined);
  });

  test('a change of the configuration leaves copies as they are; a zone without primaries loses its own', async (context) => {
    const { keeper, world, copy, writer } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    const commit = async (document: unknown) => {
      const expected = (await writer.read())?.id ?? null;
      return writer.commit({ expected, author: 'test', message: 'change', document });
    };
    const moved = documentWith({ primaries: [{ address: '192.0.2.77' }] });
    assert.equal((await commit(moved)).status, 'committed');
    assert.equal((await copy())?.head.serial, 7);
    assert.equal((await commit(DOCUMENT)).status, 'committed');
    assert.equal(await copy(), undefined);
    assert.equal((await commit(moved)).status, 'committed');
    assert.equal(await copy(), undefined);
  });

  test('refuses a service that contradicts what was copied', async (context) => {
    const { keeper, world, writer } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    const [service] = DOCUMENT.services;
    const document = {
      ...documentWith({ primaries: PRIMARIES.slice(0, 1) }),
      services: [{ ...service, name: 'ns', zone: ZONE }],
    };
    const expected = (await writer.read())?.id ?? null;
    const outcome = await writer.commit({ expected, author: 'test', message: 'change', document });
    assert.equal(outcome.status, 'invalid');
    assert.match(
      JSON.stringify(outcome),
      /fed\.test as its primary has it \(ns A\): A service answers for ns\.fed\.test/,
    );
  });

  test('refuses a service with a CNAME beside what was copied, which no node would serve', async (context) => {
    const { keeper, world, writer } = await open(context);
    world.answer = () => whole(7, received(`text.${ZONE}`, 'TXT', 'x'));
    await keeper.fetch(ZONE, false);
    const [cluster] = DOCUMENT.clusters;
    const [service] = DOCUMENT.services;
    const alias = { ...cluster, id: 'alias', endpoints: [{ id: 'a', target: 'cdn.example.net' }] };
    const document = (name: string) => ({
      ...documentWith({ primaries: PRIMARIES.slice(0, 1) }),
      clusters: [...DOCUMENT.clusters, alias],
      services: [...DOCUMENT.services, { ...service, name, zone: ZONE, clusters: ['alias'] }],
    });
    const commit = async (name: string) =>
      writer.commit({
        expected: (await writer.read())?.id ?? null,
        author: 'test',
        message: 'change',
        document: document(name),
      });
    const refused = await commit('text');
    assert.equal(refused.status, 'invalid');
    assert.match(
      JSON.stringify(refused),
      /\(text TXT\): A service answers for text\.fed\.test with a CNAME: remove its TXT/,
    );
    assert.equal((await commit('free')).status, 'committed');
  });

  test('asks the primary of one zone while that of many others keeps silent', async (context) => {
    const { keeper, world, writer, asked } = await open(context);
    const silent = Array.from({ length: 20 }, (_, index) => `s${index}.test`);
    world.answer = ({ primary, signal }) =>
      primary.address !== '192.0.2.66'
        ? whole(7)
        : new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve({ status: 'failed', reason: 'it was stopped' }));
          });
    const document = documentWith({ primaries: PRIMARIES.slice(0, 1) });
    const mute = silent.map((name) => ({ name, primaries: [{ address: '192.0.2.66' }] }));
    const expected = (await writer.read())?.id ?? null;
    const zones = [...mute, ...document.zones];
    await writer.commit({ expected, author: 'test', message: 'change', document: { ...document, zones } });
    const soon = () => new Promise((resolve) => setTimeout(resolve, 300));
    await soon();
    world.steadyMs += 1000;
    for (const zone of silent) keeper.hint({ zone, address: '192.0.2.66' });
    await soon();
    keeper.hint({ zone: ZONE, address: '192.0.2.1' });
    await soon();
    assert.equal(asked.filter(({ primary }) => primary.address === '192.0.2.66').length, 4);
    assert.ok(asked.some(({ primary }) => primary.address === '192.0.2.1'));
  });

  test('fetches whole for whoever asks for that while others ask too', async (context) => {
    const { keeper, world, asked } = await open(context);
    world.answer = () => whole(7);
    await keeper.fetch(ZONE, false);
    asked.length = 0;
    let release = (): void => undefined;
    const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
    world.answer = () =>
      new Promise((resolve) => {
        release = () => resolve({ status: 'current' });
      });
    const first = keeper.fetch(ZONE, false);
    await pause();
    const waiting = keeper.fetch(ZONE, false);
    const wholly = keeper.fetch(ZONE, true);
    await pause();
    world.answer = () => ({ status: 'current' });
    release();
    await wholly;
    assert.equal(asked.at(-1)?.heldSerial, undefined);
    await Promise.all([first, waiting]);
  });

  test('stops while a primary is being asked', async (context) => {
    const { keeper, world } = await open(context);
    world.answer = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ status: 'failed', reason: 'it was stopped' }));
      });
    const fetching = [keeper.fetch(ZONE, false), keeper.fetch(ZONE, true)];
    await new Promise((resolve) => setTimeout(resolve, 20));
    await keeper.stop();
    await Promise.all(fetching);
  });
});

describe('commits of copies', () => {
  const copyOf = (zone: string, serial: number, more: Copy['records'] = []): Copy => ({
    head: {
      zone,
      serial,
      soa: { mname: `ns.${zone}.`, rname: `h.${zone}.`, refresh: 1, retry: 1, expire: 1, minimum: 1, ttl: 1 },
      ns: [`ns.${zone}.`],
      nsTtl: 1,
      longestTtl: 1,
      primary: 'p',
      obtainedAtMs: 0,
      checkedAtMs: 0,
    },
    records: more,
  });

  test('take those of many zones together, and a bad one of them alone', async (context) => {
    const directory = await openDirectory(context);
    const store = openEmbeddedStore(directory);
    const names = Array.from({ length: 50 }, (_, index) => `z${index}.test`);
    const primaries = PRIMARIES.slice(0, 1);
    const initial = { ...DOCUMENT, zones: [...DOCUMENT.zones, ...names.map((name) => ({ name, primaries }))] };
    const writer = await openWriter(store, { stateDirectory: directory, initial });
    context.after(async () => {
      await writer.close();
      await store.close();
    });
    const commit = openCopyCommits(writer);
    const clash = [
      { name: 'x', type: 'CNAME', ttl: 1, data: ['a.test.'] },
      { name: 'x', type: 'TXT', ttl: 1, data: ['"t"'] },
    ];
    const editAll = (serial: number, bad?: string) =>
      Promise.all(
        names.map((zone) =>
          commit({ zone, message: `copy ${zone}`, edit: () => copyOf(zone, serial, zone === bad ? clash : []) }),
        ),
      );
    const number = async () => (await writer.read())?.id.number ?? 0;
    const before = await number();
    for (const { status } of await editAll(1)) assert.equal(status, 'committed');
    assert.ok((await number()) - before <= 2, 'the first goes alone, the rest together');
    assert.equal((await writer.read())?.copies.size, 50);
    const outcomes = await editAll(2, 'z7.test');
    assert.deepEqual(
      outcomes.flatMap(({ status }, index) => (status === 'failed' ? [index] : [])),
      [7],
    );
    assert.deepEqual((await writer.read())?.copies.get('z7.test')?.head.serial, 1);
    assert.deepEqual((await writer.read())?.copies.get('z8.test')?.head.serial, 2);
    const same = await commit({ zone: 'z8.test', message: 'nothing', edit: () => undefined });
    assert.equal(same.status, 'unchanged');
  });
});
