// The tests of the batch socket once more, over a binary that watches its own memory (AddressSanitizer) and its arithmetic
// (UndefinedBehaviorSanitizer): whatever it reports ends the process, and fails here.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { describe, test } from 'node:test';
import { buildFaultyAddon, cannotBuild } from '../../support/build-addon.ts';
import { ROOT } from '../../support/processes.ts';
import { NATIVE_VARIABLE } from '../../support/test-native.ts';

const FILES = [
  'test/unit/transport/udp.test.ts',
  'test/integration/transport/batch-socket.test.ts',
  'test/integration/transport/batch-faults.test.ts',
];
const FLAGS = ['-O1', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const LIMIT_MS = 90_000;

/** The library that must be there before Node's own memory functions are. GCC tells where it is, by its absolute path. */
function findRuntime(): string | undefined {
  const { stdout } = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const file = stdout?.trim() ?? '';
  return isAbsolute(file) && existsSync(file) ? file : undefined;
}

const runtime = findRuntime();
const isMissing = cannotBuild || (runtime === undefined && process.env.CI !== 'true' && 'needs the sanitizers of gcc');

describe('the batch socket with sanitizers', { skip: isMissing }, () => {
  test('passes its tests without a report', { timeout: LIMIT_MS }, async () => {
    assert.ok(runtime !== undefined, 'gcc has no libasan.so');
    const native = buildFaultyAddon(FLAGS);
    const environment = { ...process.env };
    // The runner's own channel.
    delete environment.NODE_TEST_CONTEXT;
    const child = spawn(process.execPath, ['--test', '--test-isolation=none', '--test-force-exit', ...FILES], {
      cwd: ROOT,
      env: {
        ...environment,
        [NATIVE_VARIABLE]: native,
        LD_PRELOAD: runtime,
        // What Node itself leaves behind at its end is none of ours; leaks of ours are looked for by name in batch-socket.test.ts.
        ASAN_OPTIONS: 'detect_leaks=0',
        UBSAN_OPTIONS: 'print_stacktrace=1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: string) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.doesNotMatch(output, /Sanitizer|runtime error/);
    assert.equal(code, 0, output);
    // A run in which the sanitized binary was not loaded, or its tests were skipped, shows nothing.
    assert.match(output, /^ℹ skipped 0$|^# skipped 0$/m);
  });
});
