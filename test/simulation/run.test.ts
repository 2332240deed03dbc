// What `npm run simulation` says to whoever asks for what it cannot do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));

const REFUSED = [
  {
    args: ['--mutant', 'none'],
    line: /^simulation: no mutant is called none: epoch-fence, .* \(docs\/reliability\.md says what there is\)\n$/,
  },
  { args: ['--seeds', '1e3'], line: /^simulation: --seeds is a whole number of at least 1, not "1e3" \(.*\)\n$/ },
  { args: ['--from', '-1'], line: /^simulation: .*'--from'.*\n$/ },
  { args: ['--seed', '1', '--colour'], line: /^simulation: Unknown option '--colour'.*\n$/ },
];

for (const { args, line } of REFUSED) {
  test(`"${args.join(' ')}" is refused in one line, with exit code 2`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
    assert.match(stderr, line);
    assert.equal(stdout, '');
    assert.equal(status, 2);
  });
}
