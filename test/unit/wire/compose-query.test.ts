import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { maskPrefix, type Prefix, parsePrefix } from '../../../src/model/address.ts';
import { composeQuery } from '../../../src/wire/compose-query.ts';
import { createQuery, PARSED, parseQuery } from '../../../src/wire/query.ts';
import { decodeAnswer, encodeName } from '../../support/dns-client.ts';

const name = encodeName('www.example.com.');
const words = fc.integer({ min: 0, max: 0xffffffff });
const prefixes: fc.Arbitrary<Prefix> = fc.oneof(
  fc.record({ family: fc.constant<4>(4), words: fc.array(words, { minLength: 1, maxLength: 1 }), length: fc.nat(32) }),
  fc.record({ family: fc.constant<6>(6), words: fc.array(words, { minLength: 4, maxLength: 4 }), length: fc.nat(128) }),
);

describe('composing a query', () => {
  it('asks one question, without EDNS where there is no subnet', () => {
    const message = decodeAnswer(composeQuery({ id: 0xabcd, name, type: 28 }));
    assert.equal(message.id, 0xabcd);
    assert.equal(message.isResponse, false);
    assert.deepEqual(message.questions, [{ name, type: 28, class: 1 }]);
    assert.equal(message.edns, undefined);
  });

  it('carries any prefix so that the parser takes it, host bits cleared', () => {
    fc.assert(
      fc.property(prefixes, (subnet) => {
        const bytes = composeQuery({ id: 1, name, type: 1, subnet });
        const query = createQuery();
        assert.equal(parseQuery(query, bytes, 0, bytes.length), PARSED);
        assert.equal(query.subnet.sourceLength, subnet.length);
        assert.equal(query.subnet.family, subnet.family === 4 ? 1 : 2);
        assert.deepEqual([...query.subnet.words].slice(0, subnet.words.length), maskPrefix(subnet).words);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('takes a prefix as people write it, with the address of a host', () => {
    const subnet = parsePrefix('81.2.69.160/20');
    assert.ok(subnet);
    const message = decodeAnswer(composeQuery({ id: 1, name, type: 1, subnet }));
    assert.deepEqual([...(message.edns?.clientSubnet?.address ?? [])], [81, 2, 64, 0]);
  });
});
