import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createAskParent, judgeAnswers, type ParentAnswer } from '../../../src/keys/ask-parent.ts';
import { parseNameText } from '../../../src/wire/name.ts';

const ZONE = nameOf('gtm.example.com');
const DS = Buffer.concat([Buffer.from([0x12, 0x34, 13, 2]), Buffer.alloc(32, 7)]);

function nameOf(text: string): Uint8Array {
  const name = parseNameText(text);
  assert.ok(name instanceof Uint8Array);
  return name;
}

/** What to make of a query: the octets of a reply without its length, in as many pieces as there are. */
type Resolver = (query: Buffer) => readonly Buffer[];

async function listen(context: TestContext, resolve: Resolver) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const reply = resolve(data.subarray(2));
      const whole = Buffer.concat(reply);
      socket.write(Buffer.of(whole.length >> 8, whole.length & 0xff));
      for (const piece of reply) socket.write(piece);
      if (reply.length === 0) socket.end();
    });
  }).listen(0, '127.0.0.1');
  context.after(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

/** The query as a response with these records, owned by its name, of type DS unless said. */
function replyTo(query: Buffer, rcode: number, records: readonly Buffer[], type = 43, ttl = 300): Buffer {
  const head = Buffer.from(query);
  head[2] = (head[2] ?? 0) | 0x80;
  head[3] = 0x80 | rcode;
  head.writeUInt16BE(records.length, 6);
  const answers = records.map((data) => {
    const fixed = Buffer.from([0xc0, 12, type >> 8, type & 0xff, 0, 1, 0, 0, ttl >> 8, ttl & 0xff, 0, data.length]);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([head, ...answers]);
}

describe('asking the parent', () => {
  test('answers the DS set and its TTL, in however many pieces it comes, and asks with RD and CD', async (context) => {
    let asked = Buffer.alloc(0);
    const resolver = await listen(context, (query) => {
      asked = Buffer.from(query);
      const reply = replyTo(query, 0, [DS]);
      return [reply.subarray(0, 5), reply.subarray(5)];
    });
    const answer = await createAskParent([resolver])(ZONE);
    assert.deepEqual(answer.ok && { ...answer, ds: answer.ds.map((ds) => Buffer.from(ds)) }, {
      ok: true,
      ds: [DS],
      ttlSeconds: 300,
    });
    assert.deepEqual([asked[2], asked[3]], [0x01, 0x10]);
  });

  test('no such name, and no such data, are both no DS', async (context) => {
    for (const rcode of [0, 3]) {
      const resolver = await listen(context, (query) => [replyTo(query, rcode, [])]);
      assert.deepEqual(await createAskParent([resolver])(ZONE), { ok: true, ds: [], ttlSeconds: 0 });
    }
  });

  const failures: readonly (readonly [string, Resolver, RegExp])[] = [
    ['a failure', (query) => [replyTo(query, 2, [])], /rcode 2/],
    [
      'another id',
      (query) => [replyTo(Buffer.concat([Buffer.of(9, 9), query.subarray(2)]), 0, [DS])],
      /something else/,
    ],
    ['a query', (query) => [query], /something else/],
    ['octets that are no message', () => [Buffer.alloc(40, 0xff)], /something else/],
    ['nothing', () => [], /closed|ECONNRESET|something else/],
  ];
  for (const [what, resolver, reason] of failures) {
    test(`${what} is no answer, with its reason`, async (context) => {
      const answer = await createAskParent([await listen(context, resolver)])(ZONE);
      assert.ok(!answer.ok);
      assert.match(answer.reason, reason);
    });
  }

  test('a resolver that cannot be reached does not count beside one that answers', async (context) => {
    const good = await listen(context, (query) => [replyTo(query, 0, [DS])]);
    const answer = await createAskParent([{ host: '127.0.0.1', port: 1 }, good])(ZONE);
    assert.equal(answer.ok && answer.ds.length, 1);
    const alone = await createAskParent([{ host: '127.0.0.1', port: 1 }])(ZONE);
    assert.match(alone.ok ? '' : alone.reason, /ECONNREFUSED/);
  });

  test('those that answer must agree, in whatever order they list', () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    const good = (ds: readonly Uint8Array[], ttlSeconds = 1): ParentAnswer => ({ ok: true, ds, ttlSeconds });
    const bad: ParentAnswer = { ok: false, reason: 'down' };
    assert.deepEqual(judgeAnswers([good([a, b], 5), good([b, a], 9), bad]), good([a, b], 9));
    assert.deepEqual(judgeAnswers([good([a]), good([])]), { ok: false, reason: 'the resolvers do not agree yet' });
    assert.deepEqual(judgeAnswers([bad, bad]), { ok: false, reason: 'down; down' });
    assert.equal(judgeAnswers([]).ok, false);
  });
});
