import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freshnessOf } from '../../../src/wire/freshness.ts';
import { bytes16, encodeName, encodeRecord } from '../../support/dns-client.ts';

const QUESTION = [...encodeName('www.example.com.'), 0, 1, 0, 1];
const POINTER = [0xc0, 12];
const ttl = (seconds: number) => [...bytes16(seconds >>> 16), ...bytes16(seconds & 0xffff)];
const record = (type: number, seconds: number, data: readonly number[] = [192, 0, 2, 1]) =>
  encodeRecord(POINTER, type, 1, ttl(seconds), data);
const soa = (seconds: number, minimum: number) =>
  record(6, seconds, [...POINTER, ...POINTER, ...ttl(1), ...ttl(2), ...ttl(3), ...ttl(4), ...ttl(minimum)]);

function message(answers: readonly (readonly number[])[], authorities: readonly (readonly number[])[] = []) {
  const counts = [1, answers.length, authorities.length, 1].flatMap(bytes16);
  const opt = encodeRecord([0], 41, 1232, [0, 0, 0, 0], []);
  return Uint8Array.from([0, 0, 0x84, 0, ...counts, ...QUESTION, ...answers.flat(), ...authorities.flat(), ...opt]);
}

describe('how long an answer may be kept', () => {
  it('is the least TTL of what it answers, wherever that stands', () => {
    assert.equal(freshnessOf(message([record(1, 300), record(1, 20), record(1, 60)])), 20);
    assert.equal(freshnessOf(message([record(5, 0), record(1, 20)])), 0);
    assert.equal(freshnessOf(message([record(1, 604_800)])), 604_800);
  });

  it('does not mind the other sections where there is an answer', () => {
    assert.equal(freshnessOf(message([record(1, 300)], [record(2, 10), soa(5, 5)])), 300);
  });

  it("is the lesser of the SOA's TTL and MINIMUM where there is none", () => {
    assert.equal(freshnessOf(message([], [soa(300, 60)])), 60);
    assert.equal(freshnessOf(message([], [soa(30, 60)])), 30);
    assert.equal(freshnessOf(message([], [record(46, 7), soa(300, 60)])), 60);
  });

  it('is nothing for a referral, and for an answer without any records', () => {
    assert.equal(freshnessOf(message([], [record(2, 3600)])), 0);
    assert.equal(freshnessOf(message([])), 0);
  });
});
