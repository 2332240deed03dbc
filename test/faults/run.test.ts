// What `npm run test:faults` says to whoever asks for what it cannot do: before anything is started.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));

const REFUSED = [
  { args: ['--help'], line: /^faults: Unknown option '--help'.* \(docs\/reliability\.md says what there is\)\n$/ },
  { args: ['--only', 'a workr'], line: /^faults: no fault is called a workr: a dns node killed, .*\n$/ },
  { args: ['--only', '(a'], line: /^faults: Invalid regular expression: .*\n$/ },
  { args: ['--rate', '0'], line: /^faults: --rate is a whole number of at least 1, not "0".*\n$/ },
];

for (const { args, line } of REFUSED) {
  test(`"${args.join(' ')}" is refused in one line, with exit code 2`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
    assert.match(stderr, line);
    assert.equal(stdout, '');
    assert.equal(status, 2);
  });
}
