// DNSViz, which looks at a zone as its visitors do and tells whatever is wrong with its signatures, its denials and its
// delegation, has nothing to say about ours. The servers of its children would be asked on port 53, and are left out.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findTool } from '../../scripts/test-tools.ts';
import { missingTools } from '../support/missing-tools.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { type ServedDesk, serveDesk } from '../support/serve-desk.ts';
import { describeWorld, dsText, makeWorldKeys, SIGNED_ZONE } from '../support/signed-world.ts';
import { createFixture } from '../support/snapshot-fixture.ts';

const execute = promisify(execFile);
const NAMES = ['', 'www', 'absent', 'x.wild', 'steer', 'nowhere', 'h.d', 'b.ent', 'cn', 'shop.app'];
const PROBE_LIMIT_MS = 100_000;

describe('dnsviz', { skip: missingTools('dnsviz'), timeout: 2 * PROBE_LIMIT_MS }, () => {
  let processes: Processes;
  before(async () => {
    processes = await openProcesses();
  });
  after(() => processes?.close());

  for (const denial of ['nsec', 'compact'] as const) {
    it(`finds nothing to warn of in a signed zone with denial by ${denial}`, async () => {
      const keys = makeWorldKeys();
      const served = await serveDesk(createFixture({ ...describeWorld(keys, denial) }, { keys }).desk);
      try {
        const probed = join(processes.makeDirectory(denial), 'probed.json');
        const names = NAMES.map((name) => (name === '' ? SIGNED_ZONE : `${name}.${SIGNED_ZONE}`));
        await run(['probe', ...whereToAsk(served, keys), '-o', probed, ...names]);
        const { stdout: all } = await run(['grok', '-l', 'info', '-r', probed]);
        assert.ok((all.match(/"status": "VALID"/g) ?? []).length >= NAMES.length, all);
        const { stdout: complaints } = await run(['grok', '-l', 'warning', '-r', probed]);
        assert.equal(complaints.trim(), '');
      } finally {
        await served.close();
      }
    });
  }
});

/** As its parent would delegate it, with a DS; only names of the zone itself are looked up. */
function whereToAsk({ port }: ServedDesk, keys: ReturnType<typeof makeWorldKeys>): readonly string[] {
  const own = keys.get(SIGNED_ZONE);
  assert.ok(own);
  const delegation = [
    '-N',
    `${SIGNED_ZONE}:ns1.${SIGNED_ZONE}=127.0.0.1`,
    '-D',
    `${SIGNED_ZONE}:${dsText(SIGNED_ZONE, own)}`,
  ];
  return ['-A', '-4', '-a', SIGNED_ZONE, ...delegation, '-x', `${SIGNED_ZONE}+:127.0.0.1:${port}`];
}

async function run(args: readonly string[]): Promise<{ stdout: string }> {
  return execute(findTool('dnsviz') ?? 'dnsviz', args, { timeout: PROBE_LIMIT_MS, maxBuffer: 2 ** 26 });
}
