// The short part of a fault run (run.ts), as `npm test` has time for it: it fails by what users would see, wrong answers and
// lost changes. How soon all is well again is for a quiet machine to say: `npm run test:faults`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingTools } from '../support/missing-tools.ts';
import { skipWithoutPlace } from '../support/network-place.ts';
import type { Run } from './conduct-run.ts';

const PROGRAM = fileURLToPath(new URL('run.ts', import.meta.url));
const LIMIT_MS = 300_000;
/** A whole fleet beside all other tests: what is measured here of time is the machine's. */
const RATE = '100';

describe('a whole installation under faults', { skip: missingTools('redis-server') }, () => {
  it('gives no wrong answer, loses no question and no acknowledged change', { timeout: LIMIT_MS }, (context) => {
    if (spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status !== 0)
      return skipWithoutPlace(context);
    const directory = mkdtempSync(join(tmpdir(), 'azimuth-faults-'));
    try {
      const file = join(directory, 'run.json');
      const { stderr } = spawnSync(
        process.execPath,
        [PROGRAM, '--short', '--rate', RATE, '--lenient', '--json', file],
        {
          encoding: 'utf8',
          timeout: LIMIT_MS,
          maxBuffer: 2 ** 26,
        },
      );
      const { trials }: Run = JSON.parse(readFileSync(file, 'utf8'));
      assert.ok(trials.length > 5, `${trials.length} faults`);
      for (const { name, tally, commitsAcknowledged, commitsLost } of trials) {
        const said = `${name}: ${tally.examples.join('; ')}\n${stderr.slice(-4000)}`;
        assert.deepEqual([tally.wrong, tally.servfail, tally.unanswered, commitsLost], [0, 0, 0, 0], said);
        assert.ok(tally.answered > 0 && commitsAcknowledged > 0, said);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
