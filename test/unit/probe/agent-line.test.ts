import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAgentLine } from '../../../src/probe/agent-line.ts';

const LINES: readonly [line: string, ok: boolean, reason: string, share?: number][] = [
  ['up', true, 'the agent says up'],
  ['ready', true, 'the agent says ready'],
  ['75%', true, 'the agent says 75%', 75],
  ['up ready 50%', true, 'the agent says up', 50],
  ['UP,READY,\t0%', true, 'the agent says up', 0],
  ['150%', true, 'the agent says 150%', 100],
  ['10% 20% ready', true, 'the agent says ready', 20],
  ['drain', true, 'the agent says drain', 0],
  ['drain 80% up', true, 'the agent says drain', 0],
  ['maint', false, 'the agent says maint'],
  ['up maint', false, 'the agent says maint'],
  ['maint ready', true, 'the agent says ready'],
  ['down', false, 'the agent says down'],
  ['failed#disk is full', false, 'the agent says failed: disk is full'],
  ['fail', false, 'the agent says fail'],
  ['stopped #  by hand', false, 'the agent says stopped: by hand'],
  ['down up', true, 'the agent says up'],
  ['up down', false, 'the agent says down'],
  ['maxconn:30', true, 'the agent says maxconn'],
  ['ready maxconn:30 40%', true, 'the agent says ready', 40],
  ['hello up world', true, 'the agent says up'],
  ['hello', false, 'the agent says no word that is known'],
  ['', false, 'the agent says no word that is known'],
  ['# up', false, 'the agent says no word that is known'],
  ['75', false, 'the agent says no word that is known'],
  ['HTTP/1.1 400 Bad Request', false, 'the agent says no word that is known'],
];

for (const [line, ok, reason, share] of LINES) {
  test(`an agent's line "${line}" is read as HAProxy reads it`, () => {
    assert.deepEqual(readAgentLine(line), { ok, reason, ...(share !== undefined && { share }) });
  });
}

test('what an agent says of itself is cut, and holds nothing that could not be printed', () => {
  const { reason } = readAgentLine(`down # \u001b[31m${'x'.repeat(500)}`);
  assert.match(reason, /^the agent says down: \[31mx{76}$/);
});

test('whatever comes is read, with a share from 0 to 100 if there is one', () => {
  const word = fc.constantFrom('up', 'down', 'drain', '5%', '99999999999%', '#', ',', ' ', 'é', '\0', 'maxconn:');
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 9 }), (words) => {
      const { ok, reason, share = 100 } = readAgentLine(words.join(' '));
      assert.ok(share >= 0 && share <= 100 && (ok || share === 100) && reason.length < 120);
    }),
  );
});
