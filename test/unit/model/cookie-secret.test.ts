import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCookieSecret, parseCookieSecrets } from '../../../src/model/cookie-secret.ts';

const ONE = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const TWO = '445536BCD2513298075a5d379663c962';
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

describe('a cookie secret', () => {
  it('is 32 hexadecimal digits and nothing else', () => {
    assert.equal(hex(parseCookieSecret(ONE)), ONE);
    assert.equal(hex(parseCookieSecret(TWO)), TWO.toLowerCase());
    for (const wrong of ['', ONE.slice(1), `${ONE}0`, ` ${ONE}`, `0x${ONE.slice(2)}`, `${ONE.slice(1)}g`, `${ONE}\n`]) {
      assert.equal(parseCookieSecret(wrong), undefined, wrong);
    }
  });

  it('stands on a line of its own in a file, beside comments', () => {
    const parsed = parseCookieSecrets(`# of all nodes\n\n${TWO} # since June\r\n  ${ONE}\n`);
    assert.deepEqual(parsed.ok && parsed.value.map(hex), [TWO.toLowerCase(), ONE]);
  });

  it('that is refused is told by its line, not by what it is', () => {
    const parsed = parseCookieSecrets(`${ONE}\n${ONE.slice(1)}\n\nfoo\n`);
    assert.deepEqual(!parsed.ok && parsed.problems.map(({ message }) => message), [
      'Line 2: Expected 32 hexadecimal digits.',
      'Line 4: Expected 32 hexadecimal digits.',
    ]);
  });

  it('is one of one to three', () => {
    for (const [text, count] of [
      ['# none', 0],
      [`${ONE}\n`.repeat(4), 4],
    ] as const) {
      const parsed = parseCookieSecrets(text);
      assert.deepEqual(!parsed.ok && parsed.problems[0]?.message, `Expected 1 to 3 secrets; found ${count}.`);
    }
  });
});
