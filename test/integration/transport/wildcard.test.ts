// A listener on all addresses of a machine with several, IPv4 and IPv6, in a network namespace: it answers from the one that
// was asked, also where that is not the one from which the system would send by itself.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { missingTools } from '../../support/missing-tools.ts';
import { type NetworkPlace, openNetworkPlace, skipWithoutPlace } from '../../support/network-place.ts';
import { openProcesses, type Processes } from '../../support/processes.ts';
import { isNativeMissing } from '../../support/test-native.ts';

const PLACES = [
  ['0.0.0.0', ['192.0.2.1', '192.0.2.2', '198.51.100.7', '127.0.0.9']],
  ['::', ['fd00::1', 'fd00::2', 'fd00:1::7', '::1']],
] as const;

describe('a batch socket on a wildcard address', { skip: isNativeMissing || missingTools('ip') }, () => {
  let processes: Processes;
  let place: NetworkPlace | undefined;
  before(async () => {
    processes = await openProcesses();
    const found = await openNetworkPlace(processes);
    place = found?.kind === 'namespace' ? found : undefined;
  });
  after(() => processes.close());

  async function run(command: string, args: readonly string[]): Promise<string> {
    const running = processes.run(command, args, { name: command, prefix: place?.prefix ?? [] });
    const { code } = await running.exited;
    assert.equal(code, 0, running.output());
    return running.output();
  }

  for (const [wildcard, addresses] of PLACES) {
    test(`answers from the address that was asked: ${wildcard}`, async (context) => {
      if (place === undefined) return skipWithoutPlace(context);
      const added = addresses.slice(0, 3).map((address) => `ip addr add ${address} dev lo`);
      await run('sh', ['-c', added.join(' && ')]);
      const answered = await run(process.execPath, ['test/support/ask-wildcard.ts', wildcard, ...addresses]);
      assert.deepEqual(JSON.parse(answered), addresses);
    });
  }
});
