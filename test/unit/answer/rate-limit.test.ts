import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createRateAccounts,
  createRateLimiter,
  judgeRate,
  RATE_ACCOUNTS,
  RATE_DROP,
  RATE_PASS,
  RATE_SLIP,
  type RateRule,
  type RateVerdict,
} from '../../../src/answer/rate-limit.ts';
import { parseAddress } from '../../../src/model/address.ts';
import { conductWith } from '../../support/conduct.ts';
import { tally } from '../../support/snapshot-fixture.ts';

const RULE: Omit<RateRule, 'accounts'> = {
  responsesPerSecond: 10,
  windowSeconds: 5,
  slip: 2,
  ipv4Prefix: 24,
  ipv6Prefix: 56,
  exempt: new Int32Array(0),
  seeds: [0x1234567, -0x76543210],
};
const NOW = 1_700_000_000;
const VERDICTS = new Map([
  [RATE_PASS, 'pass'],
  [RATE_DROP, 'drop'],
  [RATE_SLIP, 'slip'],
]);

function open(rule: Partial<RateRule> = {}) {
  const limiter = createRateLimiter({ ...RULE, accounts: createRateAccounts(), ...rule });
  const judge = (source: string, { kind = 0, name = 77, now = NOW } = {}): RateVerdict => {
    const address = parseAddress(source);
    if (address === undefined) throw new Error(source);
    const words = new Uint32Array(4);
    words.set(address.words);
    return judgeRate(limiter, address.family, words, kind, name, now);
  };
  const ask = (count: number, source = '192.0.2.1', more: Parameters<typeof judge>[1] = {}) =>
    tally(count, () => VERDICTS.get(judge(source, more)) ?? '');
  return { limiter, judge, ask };
}

describe('the rate limit', () => {
  it('lets so many answers pass in a second, and no more in any', () => {
    const { ask } = open();
    assert.deepEqual(ask(10), { pass: 10 });
    assert.deepEqual(ask(10), { drop: 5, slip: 5 });
    for (let second = 1; second < 4; second++)
      assert.deepEqual(ask(10, undefined, { now: NOW + 10 * second }), { pass: 10 });
  });

  it('is one for all threads, however the queries of a client are spread over them', () => {
    const accounts = createRateAccounts();
    const threads = [open({ accounts }), open({ accounts }), open({ accounts })];
    const verdicts = threads.flatMap(({ judge }) => Array.from({ length: 10 }, () => judge('192.0.2.1')));
    assert.equal(verdicts.filter((verdict) => verdict === RATE_PASS).length, 10);
  });

  it('goes on withholding while the flood goes on, and forgets it within the window once it ends', () => {
    const { ask } = open();
    ask(1000);
    for (let second = 1; second < 10; second++) {
      assert.equal(ask(1000, undefined, { now: NOW + second }).pass, undefined, `second ${second}`);
    }
    assert.equal(ask(1, undefined, { now: NOW + 9 + 4 }).pass, undefined);
    assert.deepEqual(ask(10, undefined, { now: NOW + 9 + 4 + 6 }), { pass: 10 });
  });

  it('never withholds from who asks just as much as is allowed', () => {
    const { ask } = open();
    for (let second = 0; second < 100; second++)
      assert.deepEqual(ask(10, undefined, { now: NOW + second }), { pass: 10 });
  });

  it('lets one of so many slip through, or none', () => {
    const withheld = (slip: number) => {
      const { ask } = open({ slip });
      ask(10);
      return ask(60);
    };
    assert.deepEqual(withheld(0), { drop: 60 });
    assert.deepEqual(withheld(1), { slip: 60 });
    assert.deepEqual(withheld(3), { drop: 40, slip: 20 });
  });

  it('counts clients by prefix, and apart by kind and name', () => {
    const { ask } = open();
    ask(100);
    assert.equal(ask(1, '192.0.2.254').pass, undefined);
    assert.deepEqual(ask(1, '192.0.3.1'), { pass: 1 });
    assert.deepEqual(ask(1, '192.0.2.1', { kind: 1 }), { pass: 1 });
    assert.deepEqual(ask(1, '192.0.2.1', { name: 78 }), { pass: 1 });
    ask(100, '2001:db8:0:100::1');
    assert.equal(ask(1, '2001:db8:0:1ff:ffff::1').pass, undefined);
    assert.deepEqual(ask(1, '2001:db8:0:200::1'), { pass: 1 });
  });

  it('counts by prefixes of any length', () => {
    const { ask } = open({ ipv4Prefix: 32, ipv6Prefix: 32 });
    ask(100);
    assert.deepEqual(ask(1, '192.0.2.2'), { pass: 1 });
    ask(100, '2001:db8::1');
    assert.equal(ask(1, '2001:db8:ffff:ffff::1').pass, undefined);
    assert.deepEqual(ask(1, '2001:db9::1'), { pass: 1 });
    const wide = open({ ipv4Prefix: 8, ipv6Prefix: 64 });
    wide.ask(100);
    assert.equal(wide.ask(1, '192.255.255.255').pass, undefined);
    wide.ask(100, '2001:db8::1');
    assert.equal(wide.ask(1, '2001:db8:0:0:ffff::').pass, undefined);
    assert.deepEqual(wide.ask(1, '2001:db8:0:1::'), { pass: 1 });
  });

  it('passes over those that the operator exempts, of either family', () => {
    const { rateLimit } = conductWith({
      rateLimit: { responsesPerSecond: 1, exempt: ['192.0.2.128/25', '2001:db8::/33', '10.0.0.0/8'] },
    });
    const { ask } = open({ exempt: rateLimit?.exempt ?? new Int32Array(0) });
    for (const source of ['192.0.2.128', '192.0.2.255', '2001:db8:7fff::1', '10.9.8.7']) {
      assert.deepEqual(ask(100, source), { pass: 100 }, source);
    }
    for (const source of ['192.0.2.127', '2001:db8:8000::1', '11.0.0.0']) {
      assert.equal(ask(100, source).pass, 10, source);
    }
  });

  it('gains nothing from a clock that is set back, and goes on counting by it', () => {
    const { ask } = open();
    ask(100);
    assert.equal(ask(10, undefined, { now: NOW - 3600 }).pass, undefined);
    assert.deepEqual(ask(10, undefined, { now: NOW - 3600 + 12 }), { pass: 10 });
  });

  it('holds over the turn of the 32-bit clock', () => {
    const { ask } = open();
    assert.equal(ask(100, undefined, { now: 2 ** 32 - 1 }).pass, 10);
    assert.equal(ask(1, undefined, { now: 2 ** 32 }).pass, undefined);
    assert.deepEqual(ask(10, undefined, { now: 2 ** 32 + 20 }), { pass: 10 });
  });

  describe('under more names and addresses than it has accounts', () => {
    /** An endless supply of clients and names, each seen once. */
    const flood = ({ limiter }: ReturnType<typeof open>, count: number, seed: number, now = NOW) => {
      const words = new Uint32Array(4);
      let passed = 0;
      for (let turn = 0; turn < count; turn++) {
        words[0] = Math.imul(turn + seed, 0x9e3779b1);
        if (judgeRate(limiter, 4, words, 2, turn, now) === RATE_PASS) passed++;
      }
      return passed;
    };

    it('does not forget who is in debt', () => {
      const opened = open();
      opened.ask(1000);
      flood(opened, 20 * RATE_ACCOUNTS, 1);
      assert.equal(opened.ask(1).pass, undefined);
    });

    it('withholds nothing from those who ask once', () => {
      assert.equal(flood(open(), 4 * RATE_ACCOUNTS, 1), 4 * RATE_ACCOUNTS);
    });

    it('answers who comes when every account is in debt', () => {
      const opened = open();
      opened.limiter.accounts.forEach((_, at, accounts) => {
        accounts[at] = [-2, NOW, -50, 0][at % 4] ?? 0;
      });
      assert.deepEqual(opened.ask(100), { pass: 100 });
      // And counts them again as soon as debts are paid.
      assert.equal(opened.ask(100, undefined, { now: NOW + 6 }).pass, 10);
    });

    it('takes no more memory', () => {
      const opened = open();
      const { buffer } = opened.limiter.accounts;
      flood(opened, 100_000, 5);
      assert.equal(opened.limiter.accounts.buffer, buffer);
      assert.equal(buffer.byteLength, 1024 * 1024);
    });
  });

  it('spreads accounts evenly, by a seed', () => {
    const { limiter } = open();
    const words = new Uint32Array(4);
    for (let turn = 0; turn < RATE_ACCOUNTS / 2; turn++) {
      words[0] = turn << 8;
      judgeRate(limiter, 4, words, 0, 0, NOW);
    }
    let taken = 0;
    for (let at = 0; at < limiter.accounts.length; at += 4) if (limiter.accounts[at] !== 0) taken++;
    // Two for each set of four on average: few sets overflow.
    assert.ok(taken > 0.45 * RATE_ACCOUNTS, `${taken}`);
    const other = open({ seeds: [1, 2] });
    words[0] = 0;
    judgeRate(other.limiter, 4, words, 0, 0, NOW);
    const [index] = [...other.limiter.accounts.keys()].filter((at) => at % 4 === 0 && other.limiter.accounts[at] !== 0);
    const same = open();
    judgeRate(same.limiter, 4, words, 0, 0, NOW);
    assert.equal(same.limiter.accounts[index ?? 0], 0);
  });
});
