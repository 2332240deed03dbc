// The command line against a real API on loopback: what is printed, and the exit code.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { Command, CommanderError } from 'commander';
import { registerApply } from '../../../src/commands/apply.ts';
import { registerCheck } from '../../../src/commands/check.ts';
import { registerDiff } from '../../../src/commands/diff.ts';
import { registerDrain } from '../../../src/commands/drain.ts';
import { registerExplain } from '../../../src/commands/explain.ts';
import { exitCodeOf } from '../../../src/commands/failure.ts';
import { registerHistory } from '../../../src/commands/history.ts';
import { registerLoad } from '../../../src/commands/load.ts';
import { registerOverride } from '../../../src/commands/override.ts';
import { registerPlan } from '../../../src/commands/plan.ts';
import { registerRollback } from '../../../src/commands/rollback.ts';
import { registerStatus } from '../../../src/commands/status.ts';
import { registerToken } from '../../../src/commands/token.ts';
import { registerZone } from '../../../src/commands/zone.ts';
import { DOCUMENT, shareFixture } from '../api/fixture.ts';

const REGISTERS = [
  registerCheck,
  registerPlan,
  registerApply,
  registerStatus,
  registerExplain,
  registerOverride,
  registerDrain,
  registerHistory,
  registerDiff,
  registerRollback,
  registerToken,
  registerLoad,
  registerZone,
];

type Outcome = { readonly exitCode: number; readonly out: string; readonly err: string };

async function run(args: readonly string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const program = new Command('azimuth').exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
    getOutHasColors: () => false,
  });
  for (const register of REGISTERS) register(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return { exitCode: 0, out, err };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: exitCodeOf(error), out, err };
  }
}

describe('commands', () => {
  const fixture = shareFixture();
  let connection: string[] = [];
  before(async () => {
    const { server, tokens } = fixture();
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    connection = ['--api', url, '--token', tokens.admin];
  });
  const azimuth = (...args: string[]) => run([...args, ...connection]);
  const write = async (name: string, document: unknown) => {
    const file = join(fixture().directory, name);
    await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document));
    return file;
  };

  test('status shows everything at a glance, and ends with 1 while something is out', async () => {
    const { exitCode, out } = await azimuth('status');
    assert.equal(exitCode, 1);
    assert.match(out, /^not healthy · revision 1\.\d+ · 2 regions · test\n/);
    assert.match(out, /\n {4}a +down +203\.0\.113\.20 +connection refused, says fra; for \d+ d\n/);
    assert.match(out, /\n {2}web-eu +serving +10 of 100 connections/);
    assert.match(out, /\n {6}web +down +since 2026-01-15T11:59:00Z +fra down \(connection refused\) \(frozen\)\n/);
    assert.doesNotMatch(out, /\n {6}web +up/, 'of what is plainly up there is nothing to tell');
    assert.match(out, /\nfra +2 of 2 alive\n {2}w1 +alive +signed\n/);
    assert.match(
      out,
      /\n {2}w2 +alive +not signed +abstains from everything: it lags; began anew 3 times within a minute: .*\n/,
    );
    assert.match(out, /\n {2}w9 +refused +not listed, with the key: OTHER\n/);
    const { out: json } = await azimuth('status', '--json');
    assert.equal(JSON.parse(json).healthy, false);
  });

  test('explain shows the answer and how it came about', async () => {
    const { exitCode, out } = await azimuth('explain', 'www.gtm.example.com', '--client', '81.2.69.0/24');
    assert.equal(exitCode, 0);
    assert.match(out, /client +81\.2\.69\.0\/24 \(subnet\) +GB · 51\.5, -0\.1/);
    assert.match(out, /1\. {2}web-eu {2}eu-west {2}464 km/);
    assert.match(out, /\n {2}web-us\/a +down +203\.0\.113\.20 +connection refused, says fra\n/);
    assert.match(out, /\n {4}web +down +since 2026-01-15T11:59:00Z +fra down \(connection refused\) \(frozen\)\n/);
    assert.match(out, /\n {2}web-eu\/a +up .*\n {4}web +up +since 2026-01-15T11:59:00Z +fra up \(frozen\)\n/);
    assert.match(out, /NOERROR · preferred · scope \/24\n {2}www\.gtm\.example\.com\. {2}30 {2}A {2}203\.0\.113\.10/);
  });

  test('plan shows what apply then does, and nothing is left to plan', async () => {
    const region = { id: 'ap', location: { latitude: 1, longitude: 103 } };
    const file = await write('wanted.json', { ...DOCUMENT, regions: [...DOCUMENT.regions, region] });
    const planned = await azimuth('plan', file);
    assert.deepEqual([planned.exitCode, planned.out], [0, '+ regions/ap\n1 change: 1 added.\n']);
    assert.equal((await fixture().send('GET', '/v1/regions/ap')).statusCode, 404);
    const applied = await azimuth('apply', file, '--message', 'open Singapore');
    assert.equal(applied.exitCode, 0, applied.err);
    assert.match(applied.out, /\+ regions\/ap\n1 change: 1 added\.\nRevision \d+\.\d+ is committed\.\n/);
    assert.equal((await azimuth('plan', file)).out, 'Nothing changes.\n');
    const { out } = await azimuth('history', '--limit', '1');
    assert.match(out, /^REVISION +WHEN \(UTC\) +WHO +WHAT\n1\.\d+ +2026-01-15 12:00:00 +test-admin +open Singapore\n$/);
  });

  test('apply with a revision that is not the newest is refused', async () => {
    const file = await write('old.json', DOCUMENT);
    const { exitCode, err } = await azimuth('apply', file, '--if-revision', '1.1');
    assert.equal(exitCode, 1);
    assert.match(err, /changed since it was read/);
    const wrong = await azimuth('apply', file, '--if-revision', 'foo');
    assert.deepEqual([wrong.exitCode, /"foo" is no revision/.test(wrong.err)], [2, true], wrong.err);
  });

  test('apply above a revision makes a newer one of another generation', async () => {
    const file = await write('above.json', DOCUMENT);
    const { exitCode, out } = await azimuth('apply', file, '--above', '41.1000');
    assert.deepEqual([exitCode, /^Revision 42\.1001 is committed\.$/m.test(out)], [0, true], out);
    const wrong = await azimuth('apply', file, '--above', 'foo');
    assert.deepEqual([wrong.exitCode, /"foo" is no revision/.test(wrong.err)], [2, true], wrong.err);
  });

  test('what the API finds wrong in a file is shown with its line and column', async () => {
    const file = await write(
      'bad.yaml',
      'zones: []\nregions:\n  - id: eu\n    location: {latitude: 95, longitude: 0}\n',
    );
    for (const command of ['plan', 'apply']) {
      const { exitCode, out } = await azimuth(command, file);
      assert.equal(exitCode, 1);
      assert.match(out, /bad\.yaml:4:16 \/regions\/0\/location\/latitude: must be a number from -90 to 90/);
    }
    const { exitCode, out } = await run(['check', file]);
    assert.equal(exitCode, 1);
    assert.match(out, /bad\.yaml:4:16 \/regions\/0\/location\/latitude/);
    const json = JSON.parse((await run(['check', file, '--json'])).out);
    assert.deepEqual([json.ok, json.problems[0].line, json.problems[0].column], [false, 4, 16]);
  });

  test('check tells in one go, and file by file in their order, what is wrong in any of them', async () => {
    const head = '$TTL 1h\n@ SOA ns1.x. h.x. 1 30m 10m 1w 60\n@ NS ns1.x.\n';
    await write('one.example.zone', `${head}a A 192.0.2\nb CNAME c\nb A 192.0.2.1\nsub NS ns.sub\n`);
    await write('two.example.zone', `${head}c CNAME d\nc A 192.0.2.2\n`);
    const file = await write(
      'many.yaml',
      [
        'zones:',
        '  - { name: one.example, file: one.example.zone }',
        '  - { name: two.example, file: two.example.zone }',
        '  - name: three.example',
        '    soa: { mname: ns1.x., rname: h.x. }',
        '    ns: [ns1.x.]',
        '    records:',
        '      - { name: a, type: A, ttl: 60, data: [192.0.2.300] }',
        '      - { name: e, type: CNAME, ttl: 60, data: [f] }',
        '      - { name: e, type: TXT, ttl: 60, data: [g] }',
        'regions:',
        '  - { id: eu, location: { latitude: 95, longitude: 0 } }',
        'services:',
        '  - { name: w, zone: one.example, clusters: [gone] }',
      ].join('\n'),
    );
    const { out } = await run(['check', file]);
    const places = out
      .trimEnd()
      .split('\n')
      .map((line) => /([a-z.]+:\d+:\d+)/.exec(line)?.[1] ?? line);
    assert.deepEqual(
      places,
      [
        'one.example.zone:4:5',
        'one.example.zone:5:1',
        'many.yaml:8:45',
        'many.yaml:9:9',
        'many.yaml:12:27',
        'many.yaml:14:46',
        'two.example.zone:4:1',
      ],
      out,
    );
  });

  test('check needs no server, and says when nothing is wrong', async () => {
    const file = await write('good.json', DOCUMENT);
    const { exitCode, out } = await run(['check', file]);
    assert.equal(exitCode, 0);
    assert.match(out, /no problems \(1 zone, 2 regions, 2 clusters, 1 service\)/);
    assert.match(out, /not checked: whether a zone that is signed now may be served unsigned/);
    assert.doesNotMatch(out, /TSIG/);
    const [zone, ...zones] = DOCUMENT.zones;
    const more = { ...zone, dnssec: { enabled: true }, transfers: { allow: [{ key: 'second' }] } };
    const signed = await run(['check', await write('signed.json', { ...DOCUMENT, zones: [more, ...zones] }), '--json']);
    const { unchecked } = JSON.parse(signed.out);
    assert.match(unchecked.join(), /keys of 1 signed zone need \(dnssec\.secretFile\).*TSIG keys that 1 zone name/);
    const copied = { name: 'copied.test', primaries: [{ address: '192.0.2.1', key: 'primary-1' }] };
    const { out: beside } = await run(['check', await write('copied.json', { ...DOCUMENT, zones: [zone, copied] })]);
    assert.match(beside, /TSIG keys that 1 zone name/);
    assert.match(beside, /not checked: whether what is copied of 1 zone can be served with its services/);
    const odd = await write('odd.json', {
      ...DOCUMENT,
      monitors: [...DOCUMENT.monitors, { id: 'spare', type: 'icmp' }],
    });
    const { exitCode: oddCode, out: told } = await run(['check', odd]);
    assert.equal(oddCode, 0, 'what is odd is no fault');
    assert.match(told, /\nodd: .*odd\.json:1:\d+ \/monitors\/1: no cluster has the monitor "spare"/);
    assert.match(JSON.parse((await run(['check', odd, '--json'])).out).oddities[0].path, /^\/monitors\/\d$/);
    const broken = await run(['check', await write('broken.yaml', 'zones: [\n')]);
    assert.equal(broken.exitCode, 1);
    assert.match(broken.out, /broken\.yaml:\d+:\d+/);
    assert.equal((await run(['check', '/nowhere.yaml'])).exitCode, 2);
  });

  test('overrides are set, replaced, listed and cleared', async () => {
    const set = await azimuth('override', 'set', 'regions/eu-west', 'drain', '--reason', 'works', '--for', '30m');
    assert.deepEqual(
      [set.exitCode, set.out],
      [0, 'regions/eu-west: drain, until 2026-01-15T12:30:00.000Z.\n'],
      set.err,
    );
    const again = await azimuth('override', 'set', 'eu-west', 'force-down', '--reason', 'worse');
    assert.deepEqual(
      [again.exitCode, again.out],
      [0, 'regions/eu-west: force-down, until it is cleared.\n'],
      again.err,
    );
    const cleared = await azimuth('override', 'clear', 'region/eu-west');
    assert.equal(cleared.out, 'regions/eu-west: no override, the monitors decide.\n');
    assert.equal((await azimuth('override', 'clear', 'region/eu-west')).exitCode, 0, 'clearing twice is fine');
  });

  test('a place that is not there, or a state that is none, is refused with what was meant', async () => {
    const place = await azimuth('override', 'set', 'regions/eu-wst', 'drain', '--reason', 'x');
    assert.equal(place.exitCode, 1);
    assert.match(place.err, /there is no "regions\/eu-wst".*did you mean "regions\/eu-west"/i);
    assert.equal((await azimuth('override', 'set', 'eu-west', 'off', '--reason', 'x')).exitCode, 2);
    assert.equal((await azimuth('override', 'set', 'eu-west', 'drain')).exitCode, 2);
  });

  test('drain says until when caches send clients there', async () => {
    const { exitCode, out } = await azimuth('drain', 'web-eu/a', '--for', '1h', '--json');
    assert.equal(exitCode, 0);
    const { override, waitSeconds } = JSON.parse(out);
    assert.deepEqual([override.kind, override.id, override.state], ['endpoints', 'web-eu/a', 'drain']);
    const { services } = (await fixture().send('GET', '/v1/status')).json();
    assert.equal(waitSeconds, services[0].ttl.max + 2);
    await azimuth('override', 'clear', 'web-eu/a');
  });

  test('diff and rollback go through the history', async () => {
    const { id } = (await fixture().send('GET', '/v1/revisions?limit=1')).json().items[0];
    await fixture().send('POST', '/v1/regions', { body: { id: 'brief', location: { latitude: 0, longitude: 0 } } });
    const newest = (await fixture().send('GET', '/v1/revisions?limit=1')).json().items[0].id;
    assert.equal((await azimuth('diff', id, newest)).out, '+ regions/brief\n1 change: 1 added.\n');
    assert.match((await azimuth('rollback', id, '--dry-run')).out, /^- regions\/brief\n1 change: 1 removed\.\n$/);
    assert.match((await azimuth('rollback', id)).out, /Revision \d+\.\d+ is committed/);
    assert.equal((await fixture().send('GET', '/v1/regions/brief')).statusCode, 404);
    assert.equal((await azimuth('rollback', '9.9')).exitCode, 1);
  });

  test('tokens are made, listed and revoked; a made one works', async () => {
    const { out } = await azimuth('token', 'create', 'ci', '--scope', 'read', 'load', '--for', '1d', '--json');
    const created = JSON.parse(out);
    const [api = '', url = ''] = connection;
    assert.equal((await run(['history', api, url, '--token', created.token])).exitCode, 0);
    assert.match((await azimuth('token', 'list')).out, /ci +read,load +2026-01-15T12:00:00\.000Z +2026-01-16/);
    assert.equal((await azimuth('token', 'revoke', created.id)).exitCode, 0);
    const refused = await run(['history', api, url, '--token', created.token]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.err, /No valid token/);
    const again = await azimuth('token', 'revoke', created.id);
    assert.deepEqual([again.exitCode, again.out], [1, '']);
    assert.match(again.err, /there is no token with the id/);
    const long = await azimuth('token', 'create', 'long', '--scope', 'read', '--for', '99999d');
    assert.match(long.err, /at most 366d/);
    const plain = await azimuth('token', 'create', 'plain', '--scope', 'read');
    assert.match(plain.out, /^azm_[A-Za-z0-9_-]{43}\n$/);
  });

  test('the base URL may end in the version of the API, and in slashes', async () => {
    const [api = '', url = '', ...token] = connection;
    for (const end of ['/', '/v1', '/v1/']) {
      assert.equal((await run(['history', api, `${url}${end}`, ...token])).exitCode, 0, end);
    }
  });

  test('load is reported', async () => {
    const { exitCode, out } = await azimuth('load', 'set', 'web-eu/a', '--connections', '7', '--capacity', '9');
    assert.deepEqual([exitCode, out], [0, 'web-eu/a: connections 7, capacity 9.\n']);
    assert.deepEqual(fixture().reports.at(-1), { subject: 'web-eu/a', connections: 7, capacity: 9 });
    assert.equal((await azimuth('load', 'set', 'web-eu')).exitCode, 2);
    assert.equal((await azimuth('load', 'set', 'web-eu', '--connections', 'many')).exitCode, 2);
    assert.equal((await azimuth('load', 'set', 'nope', '--connections', '1')).exitCode, 1);
  });

  test('when nobody listens, it says what to start; what is no URL is wrong usage', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const { exitCode, err } = await run(['status', '--api', url, '--token', 'x']);
    assert.equal(exitCode, 1);
    assert.equal(err.startsWith(`azimuth: nothing listens at ${url}: start it with "azimuth up"`), true, err);
    assert.equal((await run(['status', '--api', 'localhost'])).exitCode, 2);
  });

  describe('zone', () => {
    const HEAD = '$TTL 60\n@ SOA ns1.example.net. hostmaster 1 1800 600 604800 60\n@ NS ns1.example.net.\n';
    const folder = () => join(fixture().directory, 'zones');

    test('import takes files and folders in one revision, export gives them back', async () => {
      await mkdir(folder());
      await writeFile(join(folder(), 'one.example.zone'), `${HEAD}www A 192.0.2.1\n`);
      await writeFile(join(folder(), 'two.example.zone'), `${HEAD}www A 192.0.2.2\n`);
      const alone = await write('three.txt', `${HEAD}www A 192.0.2.3\n`);
      const dry = await azimuth('zone', 'import', folder(), '--dry-run');
      assert.match(dry.out, /^\+ zones\/one\.example\n\+ zones\/two\.example\n2 changes: 2 added\.\n$/, dry.err);
      const both = await azimuth('zone', 'import', folder());
      assert.match(both.out, /2 added\.\nRevision \d+\.\d+ is committed\.\n$/, both.err);
      assert.match((await azimuth('history', '--limit', '1')).out, /import 2 zones\n$/);
      const named = await azimuth('zone', 'import', alone, '--name', 'three.example', '--message', 'moved in');
      assert.match(named.out, /\+ zones\/three\.example\n/, named.err);
      const { out } = await azimuth('zone', 'export', 'three.example');
      assert.match(out, /^\$ORIGIN three\.example\.\n[\s\S]*\nwww\t60\tIN\tA\t192\.0\.2\.3\n$/);
      assert.match((await azimuth('zone', 'import', folder())).out, /^Nothing changes\.\n/);
    });

    test('nothing is imported while any file has a fault, whoever finds it', async () => {
      await writeFile(join(folder(), 'one.example.zone'), `${HEAD}www A 192.0.2\n`);
      const unread = await azimuth('zone', 'import', folder());
      assert.equal(unread.exitCode, 1);
      assert.match(unread.out, /one\.example\.zone:4:7: A data: "192\.0\.2" is not/);
      await writeFile(join(folder(), 'one.example.zone'), `${HEAD}\nsub NS ns.sub\n`);
      const refused = await azimuth('zone', 'import', folder());
      assert.equal(refused.exitCode, 1);
      assert.match(
        refused.out,
        /one\.example\.zone:5:1 \/zones\/\d+\/records\/0: ns\.sub\.one\.example cannot be found/,
      );
      assert.match((await azimuth('zone', 'export', 'one.example')).out, /www\t60\tIN\tA\t192\.0\.2\.1/);
    });

    test('faults are JSON where that is asked for', async () => {
      const file = await write('bad.txt', `${HEAD}www A 192.0.2\n`);
      const { exitCode, out } = await azimuth('zone', 'import', file, '--name', 'four.example', '--json');
      assert.equal(exitCode, 1);
      const { ok, problems } = JSON.parse(out);
      assert.deepEqual([ok, problems.length], [false, 1]);
      assert.deepEqual(Object.keys(problems[0]), ['file', 'line', 'column', 'path', 'message']);
    });

    test('--name is heeded for the one file of a folder too', async () => {
      const single = join(fixture().directory, 'single');
      await mkdir(single);
      await writeFile(join(single, 'export.zone'), `${HEAD}www A 192.0.2.8\n`);
      const { out } = await azimuth('zone', 'import', single, '--name', 'five.example', '--dry-run');
      assert.match(out, /^\+ zones\/five\.example\n/);
    });

    test('one zone in two files is a fault: neither takes the place of the other', async () => {
      const twice = join(fixture().directory, 'twice');
      await mkdir(twice);
      await writeFile(join(twice, 'ONE.example.zone'), `${HEAD}www A 192.0.2.8\n`);
      await writeFile(join(twice, 'one.example.zone'), `${HEAD}www A 192.0.2.9\n`);
      const { exitCode, out } = await azimuth('zone', 'import', twice);
      assert.equal(exitCode, 1, out);
      assert.match(out, /one\.example\.zone:1:1: the zone one\.example is in \S+ONE\.example\.zone too/);
    });

    test('says what it cannot do', async () => {
      const gone = await azimuth('zone', 'import', join(folder(), 'gone'));
      assert.deepEqual([gone.exitCode, /cannot read ENOENT/.test(gone.err)], [2, true], gone.err);
      const two = await azimuth('zone', 'import', folder(), '--name', 'x.example');
      assert.deepEqual([two.exitCode, /--name names one zone/.test(two.err)], [2, true], two.err);
      assert.match((await azimuth('zone', 'export', 'gone.example')).err, /Zone "gone\.example" is not there/);
    });
  });
});
