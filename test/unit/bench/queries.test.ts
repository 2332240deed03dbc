import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import packet from 'dns-packet';
import { readAnswer } from '../../bench/ask-many.ts';
import { createRandom, drawSubnetV4, drawSubnetV6, joinMessages, QUERY_KINDS } from '../../bench/compose-queries.ts';
import { composeQuery } from '../../support/dns-ask.ts';

describe('queries of the bench', () => {
  test('are the same for the same seed', () => {
    const draw = () => {
      const random = createRandom(7);
      return QUERY_KINDS.map(({ question }) => question(random));
    };
    assert.deepEqual(draw(), draw());
  });

  test('subnets are of unicast addresses, with nothing behind their length', () => {
    const random = createRandom(7);
    for (let count = 0; count < 1000; count++) {
      assert.match(drawSubnetV4(random, 24), /^(?:[1-9]|[1-9]\d|1\d\d|2[01]\d|22[0-3])\.\d+\.\d+\.0\/24$/);
      assert.match(drawSubnetV6(random, 56), /^2[468ac]0[0-9a-f]:[0-9a-f]+:[0-9a-f]+:(?:[0-9a-f]{1,2}00|0)::\/56$/);
    }
  });

  test('stand one after the other, each behind its length', () => {
    const joined = joinMessages([new Uint8Array([1, 2, 3]), new Uint8Array([4])]);
    assert.deepEqual([...joined], [0, 3, 1, 2, 3, 0, 1, 4]);
  });
});

describe('answers that the bench reads', () => {
  test('address and scope are found behind compressed names', () => {
    const query = packet.decode(composeQuery(1, { name: 'www.example.com', subnet: '192.0.2.0/24' }));
    const bytes = packet.encode({
      ...query,
      type: 'response',
      answers: [{ name: 'www.example.com', type: 'A', ttl: 30, data: '203.0.113.7' }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          flags: 0,
          options: [{ code: 8, ip: '192.0.2.0', family: 1, sourcePrefixLength: 24, scopePrefixLength: 17 }],
        },
      ],
    });
    assert.deepEqual(readAnswer(bytes), { address: '203.0.113.7', scope: 17 });
  });

  test('an answer without records has neither', () => {
    const bytes = packet.encode({ type: 'response', questions: [{ name: 'x.example.com', type: 'A' }] });
    assert.deepEqual(readAnswer(bytes), { address: '', scope: undefined });
  });
});
