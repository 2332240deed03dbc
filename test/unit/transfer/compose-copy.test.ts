import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Copy } from '../../../src/model/copies.ts';
import { applyChange, draftCopy, finishCopy, openCopy } from '../../../src/transfer/compose-copy.ts';
import { finish, received as receivedOf } from '../../support/received.ts';

const ZONE = 'fed.test';
const FACTS = { primary: '192.0.2.1 port 53', nowMs: 5 };
const received = (owner: string, type: string, data: string, ttl?: number) => receivedOf(ZONE, owner, type, data, ttl);
const soa = (serial: number) => received(ZONE, 'SOA', `ns host\\.master ${serial} 3600 600 86400 60`, 7200);
const NS = received(ZONE, 'NS', 'ns', 1800);

function copyOf(records: Parameters<typeof draftCopy>[1]): Copy {
  const copy = finishCopy(finish(draftCopy(ZONE, records)), FACTS);
  assert.ok(typeof copy !== 'string', String(copy));
  return copy;
}

const BASE = [
  soa(4_294_967_295),
  NS,
  received(`ns.${ZONE}`, 'A', '192.0.2.9'),
  received(`ns.${ZONE}`, 'A', '192.0.2.8', 60),
];

describe('a copy from the records of a transfer', () => {
  test('has the head of its SOA and its sets, each with the least of its TTLs', () => {
    const { head, records } = copyOf(BASE);
    assert.deepEqual(head, {
      zone: ZONE,
      serial: 4_294_967_295,
      soa: {
        mname: 'ns.fed.test.',
        rname: 'host\\.master.fed.test.',
        refresh: 3600,
        retry: 600,
        expire: 86_400,
        minimum: 60,
        ttl: 7200,
      },
      ns: ['ns.fed.test.'],
      nsTtl: 1800,
      longestTtl: 7200,
      primary: FACTS.primary,
      obtainedAtMs: 5,
      checkedAtMs: 5,
    });
    assert.deepEqual(records, [{ name: 'ns', type: 'A', ttl: 60, data: ['192.0.2.9', '192.0.2.8'] }]);
  });

  test('has no TTL that nobody would keep', () => {
    const { head, records } = copyOf([soa(1), NS, received(`a.${ZONE}`, 'A', '192.0.2.9', 2_000_000_000)]);
    assert.equal(records[0]?.ttl, 604_800);
    assert.equal(head.longestTtl, 604_800);
  });

  test('is none with more name servers than a head that can be read again may have', () => {
    const servers = Array.from({ length: 33 }, (_, index) => received(ZONE, 'NS', `ns${index}`));
    assert.match(String(finishCopy(finish(draftCopy(ZONE, [soa(1), ...servers])), FACTS)), /33 name servers, above 32/);
    assert.equal(copyOf([soa(1), ...servers.slice(1)]).head.ns.length, 32);
  });

  test('takes names in the data for the same in whatever case they come, and other data for what it is', () => {
    const held = copyOf([soa(1), NS, received(`m.${ZONE}`, 'MX', '10 Mail'), received(`t.${ZONE}`, 'TXT', '"a"')]);
    const draft = finish(openCopy(held));
    const change = {
      fromSerial: 1,
      toSerial: 2,
      soaAfter: soa(2),
      deletions: [received(`m.${ZONE}`, 'MX', '10 mail')],
      additions: [received(ZONE, 'NS', 'NS'), received(`t.${ZONE}`, 'TXT', '"A"')],
    };
    assert.equal(applyChange(draft, change), true);
    const copy = finishCopy(draft, FACTS);
    assert.ok(typeof copy !== 'string');
    assert.deepEqual(copy.head.ns, ['ns.fed.test.']);
    assert.deepEqual(copy.records, [{ name: 't', type: 'TXT', ttl: 300, data: ['"a"', '"A"'] }]);
  });

  test('is none without SOA or name servers', () => {
    assert.match(String(finishCopy(finish(draftCopy(ZONE, [NS])), FACTS)), /without its SOA/);
    assert.match(String(finishCopy(finish(draftCopy(ZONE, [soa(1)])), FACTS)), /without NS records/);
  });
});

describe('changes to a copy', () => {
  const change = (
    deletions: readonly ReturnType<typeof received>[],
    additions: readonly ReturnType<typeof received>[],
  ) => ({ fromSerial: 1, toSerial: 2, soaAfter: soa(2), deletions, additions });

  test('make it what the whole zone would have made it', () => {
    const old = received(`ns.${ZONE}`, 'A', '192.0.2.8', 60);
    const fresh = [received(`*.w.${ZONE}`, 'TXT', '"x y"'), received(ZONE, 'NS', 'other.test.', 1800)];
    const draft = finish(openCopy(copyOf([soa(1), NS, ...BASE.slice(2)])));
    assert.ok(applyChange(draft, change([old], fresh)));
    const whole = copyOf([soa(2), NS, received(`ns.${ZONE}`, 'A', '192.0.2.9', 60), ...fresh]);
    assert.deepEqual(finishCopy(draft, FACTS), whole);
  });

  test('change a TTL, and take out the last record of a set', () => {
    const before = received(`t.${ZONE}`, 'A', '192.0.2.1', 300);
    const draft = finish(openCopy(copyOf([soa(1), NS, before, received(`u.${ZONE}`, 'A', '192.0.2.1')])));
    const gone = received(`u.${ZONE}`, 'A', '192.0.2.1');
    assert.ok(applyChange(draft, change([before, gone], [received(`t.${ZONE}`, 'A', '192.0.2.1', 900)])));
    const copy = finishCopy(draft, FACTS);
    assert.ok(typeof copy !== 'string');
    assert.deepEqual(copy.records, [{ name: 't', type: 'A', ttl: 900, data: ['192.0.2.1'] }]);
  });

  test('do not fit where something to delete is missing', () => {
    const copy = copyOf(BASE);
    const missing = [received(`no.${ZONE}`, 'A', '192.0.2.9'), received(`ns.${ZONE}`, 'A', '192.0.2.77')];
    for (const record of missing) assert.ok(!applyChange(finish(openCopy(copy)), change([record], [])));
  });

  test('may add what is there: it is there once', () => {
    const draft = finish(openCopy(copyOf(BASE)));
    assert.ok(applyChange(draft, change([], [received(`ns.${ZONE}`, 'A', '192.0.2.9', 60)])));
    const copy = finishCopy(draft, FACTS);
    assert.ok(typeof copy !== 'string');
    assert.deepEqual(copy.records, [{ name: 'ns', type: 'A', ttl: 60, data: ['192.0.2.9', '192.0.2.8'] }]);
  });
});
