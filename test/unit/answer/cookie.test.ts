import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCookies } from '../../../src/answer/cookie.ts';
import { createCookieSecrets, writeCookieSecrets } from '../../../src/answer/cookie-secrets.ts';
import { parseAddress } from '../../../src/model/address.ts';

const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const OTHER_SECRET = '445536bcd2513298075a5d379663c962';
const OLD_SECRET = 'dd3bdf9344b678b185a6f5cb60fca715';
const CLIENT = '198.51.100.100';
const COOKIE = '2464c4abcf10c957';

function secretsOf(...texts: readonly string[]) {
  const secrets = createCookieSecrets();
  writeCookieSecrets(
    secrets,
    texts.map((text) => Buffer.from(text, 'hex')),
  );
  return secrets;
}

/** Judges cookies, given as hex, that stand in the middle of a message. */
function check(
  cookies: string,
  { secrets = secretsOf(SECRET), address = CLIENT, now = 1_559_731_985 } = {},
): { valid: boolean; sent: string } {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(address);
  const words = new Uint32Array(4);
  words.set(parsed.words);
  const data = Buffer.from(cookies, 'hex');
  const message = Buffer.concat([Buffer.alloc(5, 0xee), data, Buffer.alloc(5, 0xee)]);
  const out = new Uint8Array(24);
  const valid = checkCookies(secrets, { family: parsed.family, words }, message, 5, data.length, now, out);
  return { valid, sent: Buffer.from(out).toString('hex') };
}

describe('server cookies', () => {
  const now = 1_700_000_000;
  const fresh = check(COOKIE, { now }).sent;
  const checkAt = (seconds: number, cookies = fresh) => check(cookies, { now: now + seconds });

  it('are handed back as they are while they are fresh', () => {
    assert.deepEqual(checkAt(0), { valid: true, sent: fresh });
    assert.deepEqual(checkAt(1800), { valid: true, sent: fresh });
  });

  it('are made anew after half an hour, and no longer accepted after one', () => {
    assert.equal(checkAt(1801).valid, true);
    assert.notEqual(checkAt(1801).sent, fresh);
    assert.equal(checkAt(3600).valid, true);
    assert.equal(checkAt(3601).valid, false);
    assert.equal(checkAt(86_400).valid, false);
  });

  it('may come from a clock that is five minutes ahead', () => {
    assert.deepEqual(checkAt(-300), { valid: true, sent: fresh });
    assert.equal(checkAt(-301).valid, false);
  });

  it('hold over the turn of the 32-bit clock', () => {
    const before = check(COOKIE, { now: 2 ** 32 - 10 }).sent;
    assert.equal(check(before, { now: 2 ** 32 + 100 }).valid, true);
    assert.equal(check(before, { now: 2 ** 32 + 4000 }).valid, false);
  });

  it('are good for one address and one client cookie only, and not with any bit changed', () => {
    assert.equal(check(fresh, { now, address: '198.51.100.101' }).valid, false);
    assert.equal(check(fresh, { now, address: '2001:db8::1' }).valid, false);
    for (let bit = 0; bit < 192; bit++) {
      const bytes = Buffer.from(fresh, 'hex');
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(checkAt(0, bytes.toString('hex')).valid, false, `bit ${bit}`);
    }
  });

  it('of other lengths and versions are not ours', () => {
    for (const cookies of [`${fresh}00`, fresh.slice(0, -2), `${COOKIE}${'00'.repeat(32)}`, COOKIE]) {
      const { valid, sent } = checkAt(0, cookies);
      assert.equal(valid, false);
      assert.deepEqual(checkAt(0, sent), { valid: true, sent });
    }
  });

  it('of any of the secrets are accepted, and answered with one of the first', () => {
    const rotated = secretsOf(OTHER_SECRET, SECRET, OLD_SECRET);
    const old = check(COOKIE, { now, secrets: secretsOf(OLD_SECRET) }).sent;
    for (const cookies of [fresh, old]) {
      const { valid, sent } = check(cookies, { now, secrets: rotated });
      assert.equal(valid, true);
      assert.equal(sent, check(COOKIE, { now, secrets: secretsOf(OTHER_SECRET) }).sent);
    }
    assert.equal(check(fresh, { now, secrets: secretsOf(OTHER_SECRET) }).valid, false);
  });

  it('of a secret that was taken away are not accepted any more', () => {
    const secrets = secretsOf(OTHER_SECRET, SECRET);
    writeCookieSecrets(secrets, [Buffer.from(OTHER_SECRET, 'hex')]);
    assert.equal(check(fresh, { now, secrets }).valid, false);
  });
});
