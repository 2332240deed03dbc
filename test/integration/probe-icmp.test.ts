// The icmp check against a real kernel: in a network namespace of its own, where permissions, routes and silence can be arranged.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findTool } from '../../scripts/test-tools.ts';
import { missingTools } from '../support/missing-tools.ts';
import { type NetworkPlace, openNetworkPlace, skipWithoutPlace } from '../support/network-place.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { requireProgram } from '../support/require-program.ts';
import { isNativeMissing } from '../support/test-native.ts';

const BOTH = ['127.0.0.1', '::1', '127.0.0.2'];
const CAME_BACK = { ok: true, reason: 'the echo came back' };

const withoutSetpriv = requireProgram('setpriv', 'util-linux');

describe('the icmp check', { skip: isNativeMissing || missingTools('ip') }, () => {
  let processes: Processes;
  let place: NetworkPlace | undefined;
  before(async () => {
    processes = await openProcesses();
    const found = await openNetworkPlace(processes);
    place = found?.kind === 'namespace' ? found : undefined;
  });
  after(() => processes.close());

  async function run(command: string, args: readonly string[], prefix: readonly string[] = []): Promise<string> {
    const running = processes.run(command, args, { name: command, prefix: [...(place?.prefix ?? []), ...prefix] });
    const { code } = await running.exited;
    assert.equal(code, 0, running.output());
    return running.output();
  }
  const set = (name: string, value: string) => run('sh', ['-c', `echo "${value}" >/proc/sys/net/${name}`]);
  const check = async (addresses: readonly string[], prefix: readonly string[] = []) =>
    JSON.parse(await run(process.execPath, ['test/support/run-icmp-check.ts', ...addresses], prefix));

  test('hears back by a socket that needs no privilege, and by a raw one where that is not permitted', async (context) => {
    if (place === undefined) return skipWithoutPlace(context);
    const withoutRaw = findTool('setpriv') === undefined ? [] : ['setpriv', '--bounding-set', '-net_raw'];
    for (const [groups, prefix] of [
      ['0 0', withoutRaw],
      ['1 0', []],
    ] as const) {
      await set('ipv4/ping_group_range', groups);
      assert.deepEqual(await check(BOTH, prefix), [CAME_BACK, CAME_BACK, CAME_BACK]);
    }
  });

  test('abstains where neither socket is permitted, and says what to set', async (context) => {
    if (place === undefined) return skipWithoutPlace(context);
    if (withoutSetpriv !== undefined) return context.skip(withoutSetpriv);
    await set('ipv4/ping_group_range', '1 0');
    const reason =
      'this worker may not send ICMP echo: put its group into net.ipv4.ping_group_range, or give it CAP_NET_RAW';
    const observation = { ok: false, reason, inconclusive: true };
    const observed = await check(['127.0.0.1', '::1'], ['setpriv', '--bounding-set', '-net_raw']);
    assert.deepEqual(observed, [observation, observation]);
  });

  test('fails where no echo comes, or none can be sent', async (context) => {
    if (place === undefined) return skipWithoutPlace(context);
    for (const groups of ['0 0', '1 0']) {
      await set('ipv4/ping_group_range', groups);
      await run('ip', ['route', 'replace', 'unreachable', '198.51.100.0/24']);
      const expected = [
        { ok: false, reason: 'host unreachable' },
        { ok: false, reason: 'network unreachable' },
      ];
      assert.deepEqual(await check(['198.51.100.1', '203.0.113.1']), expected);
      await set('ipv4/icmp_echo_ignore_all', '1');
      const silence = { ok: false, reason: 'timed out while waiting for the echo reply' };
      assert.deepEqual(await check(['127.0.0.1', '::1']), [silence, CAME_BACK]);
      await set('ipv4/icmp_echo_ignore_all', '0');
    }
  });
});
