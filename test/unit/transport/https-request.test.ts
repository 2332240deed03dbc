// What a request asks for. Over real connections: test/rfc/rfc8484.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readRequest } from '../../../src/transport/https-request.ts';

const PATH = '/dns-query';
const get = (target: string | undefined) =>
  readRequest({ method: 'GET', target, contentType: undefined, contentLength: undefined }, PATH);
const post = (contentType: string | undefined, contentLength: string | undefined) =>
  readRequest({ method: 'POST', target: PATH, contentType, contentLength }, PATH);

describe('a request of DNS over HTTPS', () => {
  it('carries any message of up to 65,535 bytes in its path', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (message) => {
        const read = get(`${PATH}?dns=${Buffer.from(message).toString('base64url')}`);
        assert.deepEqual(read.kind === 'message' && [...read.message], [...message]);
      }),
    );
    const kindOf = (bytes: number) => get(`${PATH}?dns=${Buffer.alloc(bytes).toString('base64url')}`).kind;
    assert.equal(kindOf(65_535), 'message');
    assert.equal(kindOf(65_536), 'refused');
  });

  it('is refused, and never more than that, whatever its path is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, behind) => {
        assert.ok(['message', 'refused'].includes(get(`${before}?dns=${behind}`).kind));
      }),
    );
    assert.equal(get(undefined).kind, 'refused');
    assert.equal(get(`${PATH}?${'a&'.repeat(10_000)}dns=AAAA`).kind, 'refused');
  });

  it('announces a body that is read, unless it is too long by its own word', () => {
    assert.equal(post('application/dns-message', undefined).kind, 'body');
    assert.equal(post('application/dns-message', '65535').kind, 'body');
    assert.equal(post('application/dns-message', 'nonsense').kind, 'body');
    assert.equal(post('application/dns-message', '65536').kind, 'refused');
    assert.equal(post(undefined, '3').kind, 'refused');
  });
});
