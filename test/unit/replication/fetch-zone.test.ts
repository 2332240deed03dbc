// Fetching a zone from a primary that answers as each test says, over real sockets.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { withLength } from '../../support/dns-client.ts';
import { type Asked, openPrimary } from '../../support/fake-primary.ts';
import { A, answerWhole, B, createFetcher, WHOLE } from '../../support/fetch-from.ts';
import { host, soa } from '../../support/zone-answers.ts';

const LIMIT_MS = 5000;

describe('fetching a zone', { timeout: 60_000 }, () => {
  const { open, fetch, close } = createFetcher();
  afterEach(close);

  it('asks for the serial, then for the zone, over one connection', async () => {
    const { port, queries } = await open(answerWhole());
    assert.deepEqual(await fetch(port), WHOLE);
    assert.deepEqual(queries, ['1 SOA', '1 AXFR']);
  });

  it('takes messages in single octets, and several of them at once', async () => {
    const inOctets = await open(async (asked) => {
      const messages =
        asked.type === 'SOA'
          ? [[soa(9)]]
          : [
              [soa(9), A],
              [B, soa(9)],
            ];
      for (const octet of Buffer.concat(messages.map((records) => withLength(asked.compose(records))))) {
        asked.socket.write(Uint8Array.of(octet));
        await turn();
      }
    });
    assert.deepEqual(await fetch(inOctets.port), WHOLE);
    const atOnce = await open((asked) => {
      if (asked.type === 'SOA') asked.send(asked.compose([soa(9)]));
      else asked.send(...[[soa(9)], [A], [], [B], [soa(9)]].map((records) => asked.compose(records)));
    });
    assert.deepEqual(await fetch(atOnce.port), WHOLE);
  });

  it('asks for nothing more where the primary has what is held, or less', async () => {
    const { port, queries } = await open(answerWhole());
    assert.deepEqual(await fetch(port, { held: 9 }), { status: 'current' });
    assert.deepEqual(await fetch(port, { held: 10 }), { status: 'behind', serial: 9 });
    assert.deepEqual(queries, ['1 SOA', '2 SOA']);
  });

  it('asks for the differences from the version that is held', async () => {
    const held: (number | undefined)[] = [];
    const { port, queries } = await open((asked) => {
      held.push(asked.heldSerial);
      asked.send(asked.compose(asked.type === 'SOA' ? [soa(9)] : [soa(9), soa(7), A, soa(9), B, soa(9)]));
    });
    assert.deepEqual(await fetch(port, { held: 7 }), {
      status: 'changes',
      serial: 9,
      changes: ['7 → 9: - a.copy.test 300 A 192.0.2.1 + b.copy.test 300 A 192.0.2.2'],
    });
    assert.deepEqual(queries, ['1 SOA', '1 IXFR']);
    assert.deepEqual(held, [undefined, 7]);
  });

  it('takes the whole zone for differences', async () => {
    const { port, queries } = await open(answerWhole());
    assert.deepEqual(await fetch(port, { held: 7 }), WHOLE);
    assert.deepEqual(queries, ['1 SOA', '1 IXFR']);
  });

  const REFUSALS = { FORMERR: 1, SERVFAIL: 2, NOTIMP: 4, REFUSED: 5, NOTAUTH: 9 };
  for (const [name, rcode] of Object.entries(REFUSALS)) {
    it(`asks for the whole zone where differences are answered ${name}`, async () => {
      const { port, queries } = await open((asked) => {
        if (asked.type === 'IXFR') asked.send(asked.compose([], { flags: 0x8000 | rcode }));
        else answerWhole()(asked);
      });
      assert.deepEqual(await fetch(port, { held: 7 }), WHOLE);
      assert.deepEqual(queries, ['1 SOA', '1 IXFR', '2 AXFR']);
    });
  }

  it('asks for the whole zone where the connection is closed upon IXFR, and where the differences do not fit', async () => {
    const closing = await open((asked) => (asked.type === 'IXFR' ? asked.socket.destroy() : answerWhole()(asked)));
    assert.deepEqual(await fetch(closing.port, { held: 7 }), WHOLE);
    // The second time over a connection of its own: the first may have been closed for its age.
    assert.deepEqual(closing.queries, ['1 SOA', '1 IXFR', '2 IXFR', '3 AXFR']);
    const wrong = await open((asked) => {
      if (asked.type === 'IXFR') asked.send(asked.compose([soa(9), soa(6), A, soa(9), B, soa(9)]));
      else answerWhole()(asked);
    });
    assert.deepEqual(await fetch(wrong.port, { held: 7 }), WHOLE);
    assert.deepEqual(wrong.queries, ['1 SOA', '1 IXFR', '2 AXFR']);
  });

  it('goes on over another connection where each is for one query', async () => {
    const { port, queries } = await open((asked) => {
      answerWhole()(asked);
      asked.socket.end();
    });
    assert.deepEqual(await fetch(port, { held: 7 }), WHOLE);
    // It may have been asked over the first before that was closed.
    assert.deepEqual(
      queries.filter((query) => query !== '1 IXFR'),
      ['1 SOA', '2 IXFR'],
    );
  });

  it('does not take an older zone, from another server behind the same address', async () => {
    const { port } = await open((asked) => {
      if (asked.type === 'IXFR') asked.send(asked.compose([], { flags: 0x8004 }));
      else asked.send(asked.compose(asked.type === 'SOA' ? [soa(9)] : [soa(6), A, soa(6)]));
    });
    assert.deepEqual(await fetch(port, { held: 7 }), { status: 'behind', serial: 6 });
  });

  describe('fails, and says why, where the primary', () => {
    const wholeWith = (send: (asked: Asked) => void) => (asked: Asked) =>
      asked.type === 'SOA' ? asked.send(asked.compose([soa(9)])) : send(asked);
    const CASES: Readonly<Record<string, readonly [(asked: Asked) => void, RegExp]>> = {
      'is not authoritative': [
        (asked) => asked.send(asked.compose([soa(9)], { flags: 0x8000 })),
        /not authoritative for copy\.test$/,
      ],
      'has no SOA': [(asked) => asked.send(asked.compose([])), /^the primary has no SOA at copy\.test$/],
      'has the SOA of another zone': [
        (asked) => asked.send(asked.compose([soa(9, { owner: 'test.' })])),
        /another SOA than that of/,
      ],
      'refuses the query for the SOA': [
        (asked) => asked.send(asked.compose([], { flags: 0x8005 })),
        /REFUSED to a query for SOA$/,
      ],
      'refuses the transfer': [
        wholeWith((asked) => asked.send(asked.compose([], { flags: 0x8005 }))),
        /REFUSED to a query for AXFR$/,
      ],
      'has another ID': [
        wholeWith((asked) => asked.send(asked.compose([soa(9)], { id: asked.message.id ^ 1 }))),
        /another ID/,
      ],
      'sends no DNS': [wholeWith((asked) => asked.send(Uint8Array.of(1, 2, 3))), /cannot be read$/],
      'sends a record from elsewhere': [
        wholeWith((asked) => asked.send(asked.compose([soa(9), host('www.other.test.')]))),
        /^www\.other\.test A lies outside of the zone copy\.test$/,
      ],
      'closes before the last SOA': [
        wholeWith((asked) => {
          asked.send(asked.compose([soa(9), A]));
          asked.socket.end();
        }),
        /^the primary closes the connection before its answer is complete$/,
      ],
      'breaks off within a message': [
        wholeWith((asked) => asked.socket.end(withLength(asked.compose([soa(9), A])).subarray(0, 20))),
        /closes the connection before/,
      ],
      'resets the connection': [
        wholeWith((asked) => asked.socket.resetAndDestroy()),
        /closes the connection before .*ECONNRESET/,
      ],
      'closes it at once': [(asked) => asked.socket.destroy(), /closes the connection before/],
    };
    for (const [title, [answer, reason]] of Object.entries(CASES)) {
      it(title, async () => {
        const { port } = await open(answer);
        const outcome = await fetch(port);
        assert.ok(outcome.status === 'failed', JSON.stringify(outcome));
        assert.match(outcome.reason, reason);
      });
    }

    it('is not there', async () => {
      const primary = await openPrimary(() => undefined);
      await primary.close();
      const outcome = await fetch(primary.port, { held: 7 });
      assert.ok(outcome.status === 'failed');
      assert.match(outcome.reason, /^the primary cannot be reached: connect ECONNREFUSED/);
    });

    it('is silent, before its answer or within it; and is not asked again', async () => {
      for (const answer of [
        () => undefined,
        wholeWith(() => undefined),
        wholeWith((asked) => asked.send(asked.compose([soa(9), A]))),
      ]) {
        const { port, queries } = await open(answer);
        const begun = performance.now();
        const outcome = await fetch(port, { held: 7, limits: { silenceMs: 60 } });
        assert.deepEqual(outcome, { status: 'failed', reason: 'the primary says nothing for 0.06 s' });
        assert.ok(performance.now() - begun < LIMIT_MS);
        assert.ok(queries.length <= 2, queries.join());
      }
    });

    it('lets octets drip: the whole has a deadline', async () => {
      const { port } = await open(
        wholeWith((asked) => {
          const timer = setInterval(() => asked.socket.write(Uint8Array.of(255)), 5);
          asked.socket.once('close', () => clearInterval(timer));
        }),
      );
      const outcome = await fetch(port, { limits: { wholeMs: 150 } });
      assert.deepEqual(outcome, { status: 'failed', reason: 'the transfer is not complete within 0.15 s' });
    });

    it('sends records, messages or octets without end', async () => {
      const endless = (records: Parameters<Asked['compose']>[0]) =>
        wholeWith((asked) => {
          asked.send(asked.compose([soa(9)]));
          const more = withLength(asked.compose(records));
          const pump = (): void => {
            while (!asked.socket.destroyed && asked.socket.write(more));
          };
          asked.socket.on('drain', pump);
          pump();
        });
      const receive = { records: 5000, messages: 5000, octets: 2 ** 20 };
      for (const [records, limits, reason] of [
        [[A, B], { receive }, /^the transfer has more than 5000 records$/],
        [[], { receive }, /^the transfer has more than 5000 messages$/],
        [[], { wireOctets: 100_000 }, /^the primary sends more than 100000 octets$/],
      ] as const) {
        const { port } = await open(endless(records));
        const outcome = await fetch(port, { limits });
        assert.ok(outcome.status === 'failed');
        assert.match(outcome.reason, reason);
      }
    });
  });

  it('ends at once when it is called off, and leaves nothing behind at the signal', async () => {
    const { port } = await open((asked) => asked.type === 'SOA' && asked.send(asked.compose([soa(9)])));
    const controller = new AbortController();
    const { signal } = controller;
    const fetching = fetch(port, { signal, limits: { silenceMs: 60_000 } });
    await sleep(100);
    const begun = performance.now();
    controller.abort();
    const off = { status: 'failed', reason: 'the transfer was called off' };
    assert.deepEqual(await fetching, off);
    assert.ok(performance.now() - begun < 500);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    assert.deepEqual(await fetch(port, { signal }), off);
  });
});
