// A NOTIFY that a dns node receives reaches whoever copies zones, in another process, through Redis: the whole way, over real
// sockets.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { parseSettings } from '../../src/model/settings.ts';
import { runNode } from '../../src/roles/run-node.ts';
import type { Hint } from '../../src/store/hint-store.ts';
import { openRedisStore } from '../../src/store/redis/open-redis-store.ts';
import { askUdp, connectTcp, decodeAnswer, encodeQuery, withLength } from '../support/dns-client.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { requireProgram } from '../support/require-program.ts';
import { DOCUMENT, openDirectory, recordLog, waitUntil } from '../unit/roles/fixture.ts';

const skip = requireProgram('redis-server', 'redis-server');
const NOTIFY = encodeQuery({ id: 7, flags: 0x2400, name: 'copy.test.', type: 'SOA' });

describe('a NOTIFY to a node', skip === undefined ? {} : { skip }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedisServer();
  });
  after(() => redis.stop());

  async function startNode(context: TestContext) {
    const directory = await openDirectory(context);
    const settings = parseSettings({
      dns: { listen: ['127.0.0.1:0'], threads: 2 },
      api: { listen: '127.0.0.1:0' },
      store: redis.url,
      stateDirectory: directory,
      geo: { directory, bundled: false },
    });
    assert.ok(settings.ok);
    const copied = { name: 'copy.test', primaries: [{ address: '127.0.0.1', port: 9 }] };
    const document = { ...DOCUMENT, zones: [...DOCUMENT.zones, copied] };
    const describe = () => [];
    const log = recordLog();
    const node = await runNode(
      { settings: settings.value, roles: new Set(['dns', 'api']), version: '0.0.0', initial: { document, describe } },
      log.logger,
    );
    context.after(() => node.close());
    await node.listening;
    return { node, log, port: node.dnsAddresses[0]?.port ?? 0 };
  }

  async function follow(context: TestContext): Promise<Hint[]> {
    const store = openRedisStore(redis.url);
    context.after(() => store.close());
    await waitUntilAnswered(() => store.configuration.readHead());
    const heard: Hint[] = [];
    store.hints.follow((hint) => heard.push(hint), assert.fail);
    return heard;
  }

  test('by UDP and by TCP is answered, and reaches a follower of hints', async (context) => {
    const { port, node } = await startNode(context);
    const heard = await follow(context);
    const answer = await askUdp(port, NOTIFY);
    assert.ok(answer);
    const { id, opcode, rcode, isAuthoritative } = decodeAnswer(answer);
    assert.deepEqual([id, opcode, rcode, isAuthoritative], [7, 4, 0, true]);
    await waitUntil(() => heard.length === 1);
    const client = await connectTcp(port);
    context.after(() => client.close());
    client.send(withLength(NOTIFY));
    await client.receive(1);
    await waitUntil(() => heard.length === 2);
    assert.deepEqual(heard, [
      { zone: 'copy.test', address: '127.0.0.1' },
      { zone: 'copy.test', address: '127.0.0.1' },
    ]);
    const metrics = await (await fetch(new URL('/metrics', node.api?.url))).text();
    assert.match(metrics, /^azimuth_notify_received_total\{outcome="accepted"\} 2$/m);
  });

  test('is answered though the store is away, of which the log says one line', async (context) => {
    const { port, log } = await startNode(context);
    await redis.kill();
    for (let turn = 0; turn < 3; turn++) {
      assert.ok(await askUdp(port, NOTIFY));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    assert.equal(log.count('until hints can be passed on'), 1);
  });
});

async function waitUntilAnswered(call: () => Promise<unknown>): Promise<void> {
  let isAnswered = false;
  await waitUntil(() => {
    call().then(
      () => {
        isAnswered = true;
      },
      () => {},
    );
    return isAnswered;
  });
}
