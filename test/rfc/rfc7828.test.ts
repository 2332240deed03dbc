// RFC 7828, "The edns-tcp-keepalive EDNS0 Option".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askZone, OPEN_FIXTURE } from '../support/rfc-zone.ts';
import type { Question } from '../support/snapshot-fixture.ts';

const keepaliveOf = (protocol: NonNullable<Question['protocol']>, data: readonly number[] | undefined = []) => {
  const options = data === undefined ? [] : [{ code: 11, data }];
  const { message } = askZone('mail', 'A', { protocol, edns: true, options }, OPEN_FIXTURE);
  return message.edns?.options.filter(({ code }) => code === 11).map((option) => [...option.data]);
};

describe('RFC 7828', () => {
  // Section 3.1: "TIMEOUT: an idle timeout value for the TCP connection, specified in units of 100 milliseconds, encoded in
  // network byte order." The settings' default is ten seconds.
  it('says over TCP and TLS how long a connection may be idle', () => {
    assert.deepEqual(keepaliveOf('tcp'), [[0, 100]]);
    assert.deepEqual(keepaliveOf('tls'), [[0, 100]]);
  });

  // Section 3.3.1: "A DNS server that receives a query using UDP transport that includes the edns-tcp-keepalive option MUST
  // ignore the option."
  it('takes no notice of it over UDP, nor over HTTPS, whose connections are not ours to keep', () => {
    assert.deepEqual(keepaliveOf('udp'), []);
    assert.deepEqual(keepaliveOf('udp', [0, 5]), []);
    assert.deepEqual(keepaliveOf('https'), []);
  });

  it('says nothing unasked', () => {
    const { message } = askZone('mail', 'A', { protocol: 'tcp', edns: true }, OPEN_FIXTURE);
    assert.deepEqual(message.edns?.options, []);
  });
});
