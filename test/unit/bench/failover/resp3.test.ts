import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dropMessages, findEnd } from '../../../bench/failover/resp3.ts';

const MESSAGE = '>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$6\r\na\r\nb>1\r\n';
const SUBSCRIBED = '>3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n';
const REPLIES = [
  '+OK\r\n',
  ':42\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$5\r\nab\r\nc\r\n',
  '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
  '%1\r\n+key\r\n*2\r\n:1\r\n:2\r\n',
  '~1\r\n+a\r\n',
  '|1\r\n+ttl\r\n:9\r\n+OK\r\n',
  '-ERR no\r\n',
];

describe('the proxy that loses messages', () => {
  test('every kind of reply ends where the next begins', () => {
    for (const reply of REPLIES) assert.equal(findEnd(Buffer.from(`${reply}+next\r\n`), 0), reply.length, reply);
  });

  test('a reply that has not all arrived has no end yet', () => {
    for (const reply of REPLIES) {
      for (let length = 0; length < reply.length; length++) {
        assert.equal(findEnd(Buffer.from(reply.slice(0, length)), 0), undefined, `${reply} ${length}`);
      }
    }
  });

  test('messages are lost, replies to SUBSCRIBE and all else go on, however the stream is cut', () => {
    const wanted = [SUBSCRIBED, ...REPLIES].join('');
    const stream = Buffer.from([MESSAGE, SUBSCRIBED, MESSAGE, ...REPLIES, MESSAGE].join(''));
    for (const size of [1, 2, 7, 64, stream.length]) {
      const filter = dropMessages();
      const kept: Buffer[] = [];
      for (let start = 0; start < stream.length; start += size)
        kept.push(filter.push(stream.subarray(start, start + size)));
      assert.equal(Buffer.concat(kept).toString(), wanted);
      assert.equal(filter.counts.lost, 3);
    }
  });

  test('what is no RESP3 is not guessed at', () => {
    assert.throws(() => findEnd(Buffer.from('GET / HTTP/1.1\r\n'), 0), /no RESP3/);
  });
});
