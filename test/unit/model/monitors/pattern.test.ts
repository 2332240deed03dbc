import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compilePattern } from '../../../../src/model/monitors/compile-pattern.ts';
import { PatternMatcher } from '../../../../src/model/monitors/match-pattern.ts';

function compile(pattern: string) {
  const compiled = compilePattern(pattern);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.fault);
  return compiled.program;
}

/** In pieces of `size` bytes. */
function matches(pattern: string, text: string | Uint8Array, size = 7): boolean {
  const matcher = new PatternMatcher(compile(pattern));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) if (matcher.push(bytes.subarray(at, at + size))) return true;
  return matcher.finish();
}

const MATCHES: readonly [pattern: string, right: readonly string[], wrong: readonly string[]][] = [
  ['ok', ['ok', 'all ok here'], ['o k', 'OK', '']],
  ['^ok$', ['ok'], ['ok\n', ' ok', 'okay']],
  ['(?i)^Ok$', ['ok', 'OK', 'oK'], ['o']],
  ['a|bc|', ['', 'x'], []],
  ['^(?:up|ready)( \\d{1,3}%)?$', ['up', 'ready 75%', 'up 100%'], ['up 1000%', 'up75%']],
  ['"status"\\s*:\\s*"UP"', ['{"status":"UP"}', '{ "status" : "UP" }'], ['{"status":"DOWN"}']],
  ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
  ['^a{2}$', ['aa'], ['a', 'aaa']],
  ['^a{2,}$', ['aa', 'aaaaaa'], ['a']],
  ['^[^a-c\\d]+$', ['xyz', 'd-'], ['xa', 'x1']],
  ['^[]a-]+$', [']', 'a-]'], ['b']],
  ['^.$', ['x', '.'], ['\n', 'xy']],
  ['^\\.\\\\\\$$', ['.\\$'], ['x\\$']],
  ['é+!', ['éé!', 'É é!'], ['e!']],
  ['^(?:a*)*$', ['', 'aaa'], ['b']],
  ['x+?y??', ['x'], ['y']],
  ['^\\w+\\t\\W\\S\\D$', ['a_1\t-xy'], ['a 1']],
];

describe('a pattern', () => {
  for (const [pattern, right, wrong] of MATCHES) {
    it(`${pattern} matches what it says, in however many pieces it comes`, () => {
      for (const size of [1, 2, 100]) {
        for (const text of right) assert.ok(matches(pattern, text, size), text);
        for (const text of wrong) assert.ok(!matches(pattern, text, size), text);
      }
    });
  }

  const FAULTS: readonly [pattern: string, fault: RegExp][] = [
    ['a(b', /never closed.*character 2 of/],
    ['ab)', /no group that this "\)" would close \(character 3/],
    ['[ab', /this "\[" is never closed.*character 1/],
    ['*a', /nothing to repeat before this "\*".*character 1/],
    ['^*', /nothing to repeat.*character 2/],
    ['a**', /one repeat stands behind another.*character 3/],
    ['a{2', /a "\{" begins a repeat.*character 2/],
    ['a{3,2}', /wrong way round.*character 2/],
    ['a{1001}', /counts to 1000 at most/],
    ['(a)\\1', /"\\1" is not known; there are \\d .*character 4/],
    ['\\bx', /"\\b" is not known/],
    ['(?=a)', /there is only "\(\?:"/],
    ['(?<name>a)', /there is only "\(\?:"/],
    ['[z-a]', /no range.*character 3/],
    ['[é]', /only ASCII may stand: write \(\?:é\|…\).*character 2/],
    ['a\\', /nothing behind this/],
    ['(a{20}){21}', /too large: .* more than 400 steps/],
    ['('.repeat(40), /more than 32 deep/],
  ];

  for (const [pattern, fault] of FAULTS) {
    it(`${pattern.slice(0, 20)} is refused, and says where`, () => {
      const compiled = compilePattern(pattern);
      assert.match(compiled.ok ? 'compiled' : compiled.fault, fault);
    });
  }

  it('agrees with the engine of the language, whatever is written in what both know', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '1', '^', '$');
    const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
      part: fc.oneof(
        { depthSize: 'small' },
        atom,
        fc
          .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{0,2}', '{2}', '{1,}'))
          .map(([inner, repeat]) => `(?:${inner})${repeat}`),
        tie('pattern').map((inner) => `(?:${inner})`),
      ),
      pattern: fc.oneof(
        fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
        fc.tuple(tie('part'), tie('part')).map(([left, right]) => `${left}|${right}`),
      ),
    }));
    const text = fc.array(fc.constantFrom('a', 'b', '1', '\n', '-'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(pattern, text, fc.integer({ min: 1, max: 9 }), (written, subject, size) => {
        const compiled = compilePattern(written);
        fc.pre(compiled.ok);
        // Without the flag, the language's own . leaves out \r and two more line ends, which do not occur here.
        assert.equal(
          matches(written, subject, size),
          new RegExp(written).test(subject),
          `/${written}/ on ${JSON.stringify(subject)}`,
        );
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes the same time for patterns that make others backtrack for years', () => {
    const text = Buffer.concat([Buffer.alloc(5_119, 'a'), Buffer.from('!')]);
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(?:a*)*b', '((a?){130}a{65})b']) {
      const startedAtMs = performance.now();
      assert.ok(!matches(pattern, text, 1));
      assert.ok(performance.now() - startedAtMs < 1_000, `${pattern} took ${performance.now() - startedAtMs} ms`);
    }
  });

  it('is compiled at once, however its repeats stand in each other', () => {
    const startedAtMs = performance.now();
    for (const inner of ['', 'a', 'a?', 'a*', '^']) {
      compilePattern(`${'(?:'.repeat(30)}${inner}${'){1000}'.repeat(30)}`);
      compilePattern(`${'(?:'.repeat(30)}${inner}${'){0,1000}'.repeat(30)}`);
    }
    assert.ok(performance.now() - startedAtMs < 500);
  });
});
