// RFC 8914, "Extended DNS Errors".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, RFC_FIXTURE } from '../support/rfc-zone.ts';
import { createFixture, setHealth } from '../support/snapshot-fixture.ts';

const errorsOf = ({ message }: ReturnType<typeof askZone>) =>
  message.edns?.options
    .filter(({ code }) => code === 15)
    .map(({ data }) => [((data[0] ?? 0) << 8) | (data[1] ?? 0), Buffer.from(data.slice(2)).toString()]) ?? [];
const explain = (name: string, type = 'A', more = {}) => errorsOf(askZone(name, type, { edns: true, ...more }));

const STEERED = `
clusters: [{ id: eu, region: eu-west, monitor: web, endpoints: [{ id: a, address: 203.0.113.1 }] }]
services:
  - { name: strict, zone: gtm.example.com, clusters: [eu], lastResort: refuse }
  - { name: open, zone: gtm.example.com, clusters: [eu], https: ["1 . alpn=h2"], svcb: ["1 . ipv4hint=192.0.2.1"] }
`;

describe('RFC 8914', () => {
  // Section 4.21, Not Authoritative: for a domain for which the server is not, whether or not recursion is desired, of which it
  // does none.
  it('says of names that are none of ours that they are not', () => {
    assert.deepEqual(explain('example.net.'), [[20, '']]);
    assert.deepEqual(explain('example.net.', 'A', { flags: 0 }), [[20, '']]);
    assert.deepEqual(explain('example.net.', 'AXFR'), [[20, '']]);
  });

  // Section 4.22, Not Supported: "The requested operation or query is not supported."
  it('says of types and classes that are no questions that they are not supported', () => {
    for (const type of ['TKEY', 'MAILA']) assert.deepEqual(explain('mail', type), [[21, '']]);
    // RFC 9824 section 3.5.
    assert.deepEqual(explain('mail', 'NXNAME'), [[30, '']]);
    assert.deepEqual(explain('mail', 'A', { class: 'HS' }), [[21, '']]);
  });

  // Section 4.19, Prohibited: "An authoritative server or recursive resolver that receives a query from an 'unauthorized' client
  // can annotate its REFUSED message with this code."
  it('says of transfers and of what a server keeps to itself that they are prohibited', () => {
    assert.deepEqual(explain('', 'AXFR'), [[18, '']]);
    assert.deepEqual(explain('version.bind.', 'TXT', { class: 'CH' }), [[18, '']]);
  });

  // Section 4.23, No Reachable Authority. An answer by the last resort explains itself.
  it('says of a service that refuses that nothing is up', () => {
    const fixture = createFixture(STEERED);
    setHealth(fixture, { down: ['eu'] });
    const ask = (name: string) => askZone(`${name}.gtm.example.com.`, 'A', { edns: true }, fixture);
    assert.equal(ask('strict').rcode, 'REFUSED');
    assert.deepEqual(errorsOf(ask('strict')), [[22, 'nothing that serves this name is up']]);
    assert.deepEqual(errorsOf(ask('open')), []);
  });

  // Section 4.4, Stale Answer.
  it('says of steered answers that health is stale while nobody checks', () => {
    const fixture = createFixture(STEERED);
    const ask = (name: string, type = 'A') => askZone(`${name}.gtm.example.com.`, type, { edns: true }, fixture);
    assert.deepEqual(errorsOf(ask('open')), []);
    fixture.state.staleness[0] = 1;
    assert.deepEqual(errorsOf(ask('open')), [[3, 'health is not known at present']]);
    assert.equal(ask('open').data.length, 1);
    // Hints are steered; what is not does not depend on it.
    assert.deepEqual(errorsOf(ask('open', 'HTTPS')), [[3, 'health is not known at present']]);
    assert.deepEqual(errorsOf(ask('open', 'SVCB')), []);
    assert.deepEqual(errorsOf(ask('ns1')), []);
  });

  it('has nothing to explain where all is as it should be', () => {
    for (const name of ['mail', 'www', 'nothing', 'sub', 'alias', 'huge']) assert.deepEqual(explain(name), []);
    assert.deepEqual(explain('mail', 'ANY'), []);
  });

  // Section 2: the option travels in OPT, which answers have only where queries do.
  it('explains nothing to clients without EDNS', () => {
    assert.equal(askZone('example.net.').message.edns, undefined);
  });

  // Section 3: "When the response grows beyond the requestor's UDP payload size, servers SHOULD truncate messages by dropping
  // EDE options before dropping other data from packets. Implementations SHOULD set the truncation bit when dropping EDE options."
  it('drops the text, then the option, before any record, and sets TC', () => {
    const { desk, state } = createFixture(STEERED);
    state.staleness[0] = 1;
    const ask = (outSize: number) =>
      askZone('open.gtm.example.com.', 'A', { edns: true, outSize }, { ...RFC_FIXTURE, desk });
    const whole = ask(512).bytes.length;
    const text = 'health is not known at present'.length;
    const summary = (outSize: number) => {
      const answer = ask(outSize);
      return [errorsOf(answer).length, answer.message.isTruncated, answer.data.length, answer.bytes.length];
    };
    assert.deepEqual(summary(whole), [1, false, 1, whole]);
    assert.deepEqual(summary(whole - 1), [1, false, 1, whole - text]);
    assert.deepEqual(summary(whole - text), [1, false, 1, whole - text]);
    assert.deepEqual(summary(whole - text - 1), [0, true, 1, whole - text - 6]);
  });
});
