// A whole node in this process: all roles, the embedded store, no GeoIP database.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { parseSettings } from '../../../src/model/settings.ts';
import { type Role, runNode } from '../../../src/roles/run-node.ts';
import { askUdp, encodeQuery } from '../../support/dns-client.ts';
import { DOCUMENT, openDirectory, recordLog } from '../../unit/roles/fixture.ts';

const ALL: readonly Role[] = ['dns', 'probe', 'api'];

function start(
  directory: string,
  { api = '127.0.0.1:0', dns = '127.0.0.1:0', document = DOCUMENT as unknown, roles = ALL } = {},
) {
  const settings = parseSettings({
    dns: { listen: [dns] },
    api: { listen: api },
    telemetry: { listen: '127.0.0.1:0' },
    stateDirectory: directory,
    geo: { directory, bundled: false },
  });
  if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
  const log = recordLog();
  const describe = (problems: readonly { readonly message: string }[]) => problems.map(({ message }) => message);
  const running = runNode(
    { settings: settings.value, roles: new Set(roles), version: '0.0.0', initial: { document, describe } },
    log.logger,
  );
  return { running, log };
}

async function takePort(context: TestContext): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

describe('a node', () => {
  test('answers, closes in order however often it is told to, and starts again in the same place', async (context) => {
    const directory = await openDirectory(context);
    for (let life = 0; life < 2; life++) {
      const { running, log } = start(directory);
      const node = await running;
      context.after(() => node.close());
      await node.listening;
      const port = node.dnsAddresses[0]?.port ?? 0;
      assert.ok(await askUdp(port, encodeQuery({ name: 'www.gtm.example.com.' })));
      await Promise.all([node.close(), node.close()]);
      await node.close();
      assert.equal(
        await askUdp(port, encodeQuery({ name: 'www.gtm.example.com.' }), { timeoutMs: 50 }).catch(() => undefined),
        undefined,
      );
      const bad = log.lines.filter(({ level }) => level === 'error');
      assert.deepEqual(bad, []);
    }
  });

  test('what cannot be had is told, and everything else is closed: the directory is free for the next one', async (context) => {
    const directory = await openDirectory(context);
    const taken = await takePort(context);
    await assert.rejects(start(directory, { api: taken }).running, /cannot serve the API at .* EADDRINUSE/);
    await assert.rejects(start(directory, { dns: taken }).running, /cannot listen on tcp/);
    const last = await start(directory).running;
    context.after(() => last.close());
    await last.listening;
  });

  test('a faulty initial configuration is told with all its problems, and leaves the store empty', async (context) => {
    const directory = await openDirectory(context);
    await assert.rejects(start(directory, { document: { zones: 7, regions: 8 } }).running, (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /the configuration cannot be used:\n.*\n/);
      return true;
    });
    const node = await start(directory).running;
    context.after(() => node.close());
    await node.listening;
    assert.deepEqual(
      node.control?.serving?.configuration.services.map(({ id }) => id),
      ['www.gtm.example.com'],
    );
  });

  test('a role by itself says that nobody else sees its embedded store; all of them together do not', async (context) => {
    const warned = async (roles: readonly Role[]) => {
      const { running, log } = start(await openDirectory(context), { roles });
      const node = await running;
      await node.close();
      return log.lines.some(({ level, msg }) => level === 'warn' && /no other process sees/.test(msg));
    };
    assert.deepEqual([await warned(['probe']), await warned(ALL)], [true, false]);
  });
});
