// TLS to Redis with a private authority and client certificates, the users of an ACL file, and the command that makes them:
// as an operator would put them together.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { registerStore } from '../../src/commands/store.ts';
import { openRedisStore, type RedisStore, type RedisStoreOptions } from '../../src/store/redis/open-redis-store.ts';
import { openTlsFiles, type TlsFiles } from '../../src/store/redis/tls-files.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeAuthority, type TestCertificate } from '../support/make-certificate.ts';
import { launchMember, type Member, waitFor } from '../support/redis-sentinel.ts';
import { composeOptions, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { findProgram, requireProgram } from '../support/require-program.ts';
import { makeRevision, makeSlot } from '../support/store-contract.ts';

const skip = requireProgram('redis-server', 'redis-server');
type SentinelOptions = NonNullable<RedisStoreOptions['sentinel']>;

const SERVER_NAME = 'redis.internal';
const SENTINEL_PASSWORD = 'of-the-sentinels-alone';

describe('TLS to Redis', skip === undefined ? {} : { skip }, () => {
  const authority = makeAuthority('ours');
  const stranger = makeAuthority('another');
  let directory: string;
  let server: RedisServer;
  let url: string;

  const write = async (name: string, text: string): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, text);
    return file;
  };
  const writePair = async (name: string, { certificate, key }: TestCertificate) => ({
    certificate: await write(`${name}.crt`, certificate),
    key: await write(`${name}.key`, key),
  });
  let files: TlsFiles;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'azimuth-tls-'));
    const own = await writePair('server', authority.issue([SERVER_NAME, '127.0.0.1']));
    const ca = await write('ca.crt', authority.certificate);
    const tlsPort = await findFreePort();
    const acl = await run('acl', join(directory, 'passwords'));
    assert.equal(acl.exitCode, 0, acl.err);
    server = await startRedisServer({
      'tls-port': tlsPort,
      'tls-cert-file': own.certificate,
      'tls-key-file': own.key,
      'tls-ca-cert-file': ca,
      'tls-auth-clients': 'yes',
      aclfile: await write('users.acl', `user default on nopass ~* &* +@all\n${acl.out}`),
    });
    url = `rediss://127.0.0.1:${tlsPort}`;
    files = { ca, ...(await writePair('client', authority.issue(['azimuth']))), serverName: SERVER_NAME };
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  function open(context: TestContext, changes: Partial<TlsFiles> = {}, address = url): RedisStore {
    const store = openRedisStore(address, { tls: openTlsFiles({ ...files, ...changes }) });
    context.after(() => store.close());
    return store;
  }

  /** With the user of a role, whose password is in its file, in the place of ROLE. */
  async function openAs(
    context: TestContext,
    address: string,
    role: string,
    { sentinel, ...changes }: { readonly sentinel?: SentinelOptions | undefined } & Partial<TlsFiles> = {},
  ): Promise<RedisStore> {
    const password = (await readFile(join(directory, 'passwords', `azimuth-${role}.password`), 'utf8')).trim();
    const tls = openTlsFiles({ ...files, ...changes });
    const store = openRedisStore(address.replace('ROLE', `azimuth-${role}:${password}`), {
      tls,
      ...(sentinel && { sentinel }),
    });
    context.after(() => store.close());
    return store;
  }

  const tlsOptions = (tlsPort: number) => ({
    'tls-port': tlsPort,
    'tls-cert-file': join(directory, 'server.crt'),
    'tls-key-file': join(directory, 'server.key'),
    'tls-ca-cert-file': files.ca,
    'tls-auth-clients': 'yes',
  });

  /** One that watches the server over TLS and believes it alone. Nobody may ask it anything without a name. */
  async function startSentinel(context: TestContext): Promise<{ readonly port: number; readonly tlsPort: number }> {
    const [port, tlsPort] = [await findFreePort(), await findFreePort()];
    const lines = [
      ...Object.entries({ ...tlsOptions(tlsPort), port, bind: '127.0.0.1', dir: directory, 'tls-replication': 'yes' }),
      ['user', 'default on nopass resetkeys resetchannels -@all +ping +info'],
      [
        'user',
        `watcher on >${SENTINEL_PASSWORD} resetkeys resetchannels -@all +@connection +sentinel|get-master-addr-by-name`,
      ],
      ['sentinel', `monitor main 127.0.0.1 ${new URL(url).port} 1`],
    ];
    const file = await write('sentinel.conf', lines.map((line) => `${line.join(' ')}\n`).join(''));
    const sentinel = await launchMember(redisServer(), port, [file, '--sentinel']);
    context.after(() => sentinel.kill());
    return { port, tlsPort };
  }

  /** Two masters, which speak TLS to each other as well. */
  async function startTlsCluster(context: TestContext): Promise<readonly (Member & { readonly tlsPort: number })[]> {
    const start = async () => {
      const [port, tlsPort, busPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
      const dir = await mkdtemp(join(directory, 'node-'));
      const options = { ...tlsOptions(tlsPort), port, dir, 'cluster-enabled': 'yes', 'cluster-port': busPort };
      const member = await launchMember(redisServer(), port, composeOptions({ ...options, 'tls-cluster': 'yes' }));
      context.after(() => member.kill());
      return { ...member, tlsPort, busPort };
    };
    const nodes = [await start(), await start()] as const;
    const [first, second] = nodes;
    await first.admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 8191);
    await second.admin.call('CLUSTER', 'ADDSLOTSRANGE', 8192, 16_383);
    await first.admin.call('CLUSTER', 'MEET', '127.0.0.1', second.tlsPort, second.busPort);
    await waitFor('both nodes know of a sound cluster', async () => {
      const states = await Promise.all(nodes.map(({ admin }) => admin.call('CLUSTER', 'INFO')));
      return states.every((state) => /cluster_state:ok.*cluster_known_nodes:2/s.test(String(state)));
    });
    return nodes;
  }

  test('works with a private authority, a client certificate and the name that was set', async (context) => {
    assert.equal(await open(context).configuration.readHead(), undefined);
    assert.equal(await open(context, { serverName: '' }).configuration.readHead(), undefined);
  });

  test('a server of another authority or another name is not spoken to, nor does it speak to a stranger', async (context) => {
    const ca = await write('stranger-ca.crt', stranger.certificate);
    await assert.rejects(open(context, { ca }).configuration.readHead(), { code: 'STORE_UNAVAILABLE' });
    await assertToldWhy(open(context, { ca: '' }), /certificate/);
    await assertToldWhy(open(context, { serverName: 'other.internal' }), /other\.internal/);
    await assert.rejects(open(context, { certificate: '', key: '' }).configuration.readHead(), {
      code: 'STORE_UNAVAILABLE',
    });
    const pair = await writePair('stranger', stranger.issue(['azimuth']));
    await assert.rejects(open(context, pair).configuration.readHead(), { code: 'STORE_UNAVAILABLE' });
  });

  test('certificates that are renewed are used without a restart', async (context) => {
    const pair = await writePair('renewed', stranger.issue(['azimuth']));
    const store = open(context, pair);
    await assert.rejects(store.configuration.readHead(), { code: 'STORE_UNAVAILABLE' });
    await writePair('renewed', authority.issue(['azimuth']));
    const deadline = performance.now() + 3000;
    while ((await store.configuration.readHead().catch(() => 'not yet')) === 'not yet') {
      assert.ok(performance.now() < deadline, 'the new certificate is not used');
      await pause(20);
    }
  });

  test('files that cannot be used are told when the store is opened', async () => {
    const junk = await write('junk.pem', 'junk');
    const missing = join(directory, 'missing.pem');
    for (const fault of [{ ca: missing }, { key: junk }, { certificate: junk }, { ca: directory }]) {
      assert.throws(() => openTlsFiles({ ...files, ...fault }), { code: 'STORE_BAD_TLS' });
    }
  });

  test('the users of the command come with the ACL file, each with the password in its file and its own rights', async (context) => {
    const as = async (role: string) => {
      const file = join(directory, 'passwords', `azimuth-${role}.password`);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      const password = (await readFile(file, 'utf8')).trim();
      return open(context, {}, url.replace('//', `//azimuth-${role}:${password}@`));
    };
    const [api, probe, dns] = [await as('api'), await as('probe'), await as('dns')];
    const { manifest, objects } = makeRevision(1, null, { regions: 'a' });
    assert.deepEqual(await api.configuration.commit(manifest, objects), { status: 'committed' });
    assert.equal(await probe.health.writeSlot(makeSlot(7, 1, ['up']), undefined), 'stored');
    assert.deepEqual(await dns.configuration.readHead(), manifest.id);
    await assert.rejects(dns.health.writeSlot(makeSlot(7, 2, ['up']), undefined), { code: 'STORE_REJECTED' });
    await assert.rejects(probe.configuration.commit(manifest, objects), { code: 'STORE_REJECTED' });
  });

  test('behind Sentinels: over TLS to them, as a user of their own, and from there to the primary as another', async (context) => {
    const { tlsPort, port } = await startSentinel(context);
    const login = { username: 'watcher', password: SENTINEL_PASSWORD };
    const as = (role: string, sentinel: SentinelOptions | undefined, at = tlsPort, changes: Partial<TlsFiles> = {}) =>
      openAs(context, `rediss+sentinel://ROLE@127.0.0.1:${at}/main`, role, { sentinel, ...changes });
    const api = await as('api', { login });
    const { manifest, objects } = makeRevision(1, null, { regions: 'sentinel' });
    const committed = await api.configuration.commit(manifest, objects);
    // Another test may have been there before.
    assert.ok(['committed', 'conflict'].includes(committed.status));
    const dns = await as('dns', { login });
    assert.ok(await dns.configuration.readHead());
    await assert.rejects(dns.configuration.commit(manifest, objects), { code: 'STORE_REJECTED' });
    // In the clear to the Sentinels, where the settings say so; the primary is spoken to over TLS all the same.
    assert.ok(await (await as('dns', { login, tls: false }, port)).configuration.readHead());

    await assertToldWhy(await as('dns', undefined), /NOAUTH|NOPERM|no permissions/);
    await assertToldWhy(await as('dns', { login: { ...login, password: 'wrong' } }), /WRONGPASS/);
    const ca = await write('stranger-ca.crt', stranger.certificate);
    await assertToldWhy(await as('dns', { login }, tlsPort, { ca }), /certificate/);
  });

  test('in a cluster: over TLS to every node, as the user of the role, which the command has set at each of them', async (context) => {
    const nodes = await startTlsCluster(context);
    const addresses = nodes.map(({ tlsPort }) => `127.0.0.1:${tlsPort}`);
    Object.assign(process.env, {
      AZIMUTH_STORE: addresses.map((address) => `rediss://${address}`).join(','),
      AZIMUTH_REDIS_TLS_CA: files.ca,
      AZIMUTH_REDIS_TLS_CERTIFICATE: files.certificate,
      AZIMUTH_REDIS_TLS_KEY: files.key,
      AZIMUTH_REDIS_TLS_SERVER_NAME: SERVER_NAME,
    });
    try {
      const applied = await run('acl', join(directory, 'passwords'), '--apply');
      assert.equal(applied.exitCode, 0, applied.err);
      assert.equal(applied.out.match(/^Set azimuth-dns, azimuth-probe, azimuth-api at rediss:/gm)?.length, 2);
    } finally {
      for (const name of Object.keys(process.env)) if (name.startsWith('AZIMUTH_')) delete process.env[name];
    }
    // Whichever node is asked, it is the other's or its own: our slot is at one of them.
    for (const address of addresses) {
      const as = (role: string) => openAs(context, `rediss+cluster://ROLE@${address}`, role);
      const [api, probe, dns] = [await as('api'), await as('probe'), await as('dns')];
      const { manifest, objects } = makeRevision(1, null, { regions: 'cluster' });
      assert.ok(['committed', 'conflict'].includes((await api.configuration.commit(manifest, objects)).status));
      assert.deepEqual(await dns.configuration.readHead(), manifest.id);
      const slot = makeSlot(await probe.health.allocateEpoch({ vantage: 'eu', worker: 'w1' }), 1, ['up']);
      assert.equal(await probe.health.writeSlot(slot, undefined), 'stored');
      await assert.rejects(dns.health.writeSlot(slot, undefined), { code: 'STORE_REJECTED' });
    }
    const nobody = open(context, {}, `rediss+cluster://azimuth-dns:wrong@${addresses[0]}`);
    await assertToldWhy(nobody, /WRONGPASS/);
  });

  test('the command sets them at a running server, keeps passwords that are there, and says no password', async () => {
    const passwords = join(directory, 'passwords');
    const before = await readFile(join(passwords, 'azimuth-dns.password'), 'utf8');
    const plain = await startRedisServer();
    try {
      process.env.AZIMUTH_STORE = plain.url;
      const applied = await run('acl', passwords, '--apply');
      assert.equal(applied.exitCode, 0, applied.err);
      assert.match(applied.out, /^Set azimuth-dns, azimuth-probe, azimuth-api at redis:\/\/127/);
      assert.match(applied.err, /no ACL file/);
      assert.equal(await readFile(join(passwords, 'azimuth-dns.password'), 'utf8'), before);
      assert.ok(!`${applied.out}${applied.err}`.includes(before.trim()));
      process.env.AZIMUTH_STORE = 'redis+sentinel://127.0.0.1/main';
      assert.equal((await run('acl', passwords, '--apply')).exitCode, 2);
      process.env.AZIMUTH_STORE = plain.url.replace('//', '//nobody:wrong@');
      const refused = await run('acl', passwords, '--apply');
      assert.equal(refused.exitCode, 1);
      assert.match(refused.err, /WRONGPASS.*often credentials/);
      process.env.AZIMUTH_STORE = `redis://127.0.0.1:${await findFreePort()}`;
      const absent = await run('acl', passwords, '--apply');
      assert.equal(absent.exitCode, 1);
      assert.match(absent.err, /ECONNREFUSED.*check that the store runs/);
      await writeFile(join(passwords, 'azimuth-dns.password'), 'short');
      assert.equal((await run('acl', passwords)).exitCode, 1);
    } finally {
      delete process.env.AZIMUTH_STORE;
      await plain.stop();
    }
  });
});

function redisServer(): string {
  return findProgram('redis-server') ?? assert.fail('redis-server is missing');
}

/** A call that comes while the first attempt is under way may be told no more than that. */
async function assertToldWhy(store: RedisStore, why: RegExp): Promise<void> {
  for (let tries = 0; ; tries++) {
    const outcome = await store.configuration.readHead().then(
      () => 'connected',
      (error: Error) => error.message,
    );
    assert.notEqual(outcome, 'connected');
    if (why.test(outcome)) return;
    assert.ok(tries < 100, outcome);
    await pause(50);
  }
}

async function run(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
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
  registerStore(program);
  try {
    await program.parseAsync(['store', ...args], { from: 'user' });
    return { exitCode: 0, out, err };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode, out, err };
  }
}
