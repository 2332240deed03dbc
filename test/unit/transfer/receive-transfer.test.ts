import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createReceiver, receiveMessage } from '../../../src/transfer/receive-transfer.ts';
import { RECEIVE_LIMITS, type ReceiveLimits, type ReceiveStep } from '../../../src/transfer/received.ts';
import { decodeMessage } from '../../../src/wire/decode-message.ts';
import { encodeName, encodeRecord } from '../../support/dns-client.ts';
import {
  type AnswerShape,
  COPY_NAME,
  decode,
  describeRecord,
  encodeAnswer,
  host,
  soa,
  type WireRecord,
} from '../../support/zone-answers.ts';

type Message = readonly WireRecord[] | { readonly records: readonly WireRecord[]; readonly shape: AnswerShape };
type Asked = { readonly held?: number; readonly limits?: Partial<ReceiveLimits> };

/** What the last of the messages leads to; the others must not end it. */
function receive({ held, limits }: Asked, ...messages: readonly Message[]): ReceiveStep {
  const query = { id: 5, zone: COPY_NAME, heldSerial: held };
  const receiver = createReceiver(query, { ...RECEIVE_LIMITS, ...limits });
  const type = held === undefined ? 'AXFR' : 'IXFR';
  let step: ReceiveStep = { status: 'more' };
  for (const message of messages) {
    assert.equal(step.status, 'more');
    const { records, shape } = 'records' in message ? message : { records: message, shape: {} };
    step = receiveMessage(receiver, decode(encodeAnswer(records, { type, ...shape })));
  }
  return step;
}

/** What came, in words; or why nothing did. */
function tell(asked: Asked, ...messages: readonly Message[]): unknown {
  const step = receive(asked, ...messages);
  if (step.status === 'failed') return step.reason;
  if (step.status === 'more') return 'more';
  const { received } = step;
  switch (received.status) {
    case 'whole':
      return { serial: received.serial, records: received.records.map(describeRecord) };
    case 'changes':
      return {
        serial: received.serial,
        changes: received.changes.map(({ fromSerial, toSerial, deletions, additions, soaAfter }) => [
          `${fromSerial} → ${toSerial}`,
          ...deletions.map((record) => `- ${describeRecord(record)}`),
          ...additions.map((record) => `+ ${describeRecord(record)}`),
          describeRecord(soaAfter).split(' ')[5],
        ]),
      };
    default:
      return received;
  }
}

const A = host('a.copy.test.', 1);
const B = host('b.copy.test.', 2);
const SOA_9 = 'copy.test 300 SOA ns.copy.test. . 9 3600 600 86400 60';
const WHOLE = { serial: 9, records: [SOA_9, 'a.copy.test 300 A 192.0.2.1', 'b.copy.test 300 A 192.0.2.2'] };

describe('a whole zone', () => {
  it('is what stands between two SOAs, in one message or in any number of them', () => {
    assert.deepEqual(tell({}, [soa(9), A, B, soa(9)]), WHOLE);
    assert.deepEqual(tell({}, [soa(9)], [A], [], [B], [soa(9)]), WHOLE);
    assert.deepEqual(tell({}, [soa(9), A], [B, soa(9)]), WHOLE);
    assert.equal(tell({}, [soa(9), A, B]), 'more');
  });

  it('may have no question in any message but the first', () => {
    const shape = { noQuestion: true };
    assert.deepEqual(tell({}, [soa(9), A], { records: [B, soa(9)], shape }), WHOLE);
    assert.equal(tell({}, { records: [soa(9)], shape }), 'the primary answers to another question');
  });

  it('has owners in lower case, one for all records of a name, and data as it came', () => {
    const mixed = encodeRecord(
      [...encodeName('Mail.COPY.test.')],
      5,
      1,
      [0, 0, 1, 0],
      [...encodeName('WWW.Copy.test.')],
    );
    const step = receive({}, [soa(9), mixed, host('MAIL.copy.test.'), soa(9)]);
    assert.ok(step.status === 'done' && step.received.status === 'whole');
    const [, first, second] = step.received.records;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(describeRecord(first), 'mail.copy.test 256 CNAME WWW.Copy.test.');
    assert.equal(first.owner, second.owner);
  });

  it('may hold a record twice: whoever makes a zone of it sees to that', () => {
    const step = receive({}, [soa(9), A, A, soa(9)]);
    assert.ok(step.status === 'done' && step.received.status === 'whole');
    assert.equal(step.received.records.length, 3);
  });

  it('ends with the SOA with which it began, whatever its case and its TTL', () => {
    assert.deepEqual(tell({}, [soa(9), A, B, soa(9, { owner: 'COPY.test.', mname: 'NS.copy.TEST.', ttl: 1 })]), WHOLE);
    for (const other of [soa(9, { mname: 'nt.copy.test.' }), soa(9, { minimum: 61 }), soa(9, { mname: '.' })]) {
      assert.match(String(tell({}, [soa(9), A, other])), /^the transfer of the serial 9 holds another SOA/);
    }
    assert.match(String(tell({}, [soa(9), A, soa(10)])), /another SOA, with the serial 10$/);
  });

  it('begins with the SOA of the zone, at the apex', () => {
    for (const records of [
      [A, soa(9)],
      [host('copy.test.'), soa(9)],
    ]) {
      assert.equal(tell({}, records), 'the transfer does not begin with the SOA of the zone');
    }
    assert.equal(tell({}, [soa(9, { owner: 'a.copy.test.' })]), 'a.copy.test SOA is an SOA below the apex');
    assert.equal(tell({}, []), 'the primary answers without a record');
  });

  it('has nothing behind its end, in the same message or in another', () => {
    const reason = 'the primary sends more behind the end of the transfer';
    assert.equal(tell({}, [soa(9), A, soa(9), B]), reason);
    const receiver = createReceiver({ id: 5, zone: COPY_NAME, heldSerial: undefined });
    assert.equal(receiveMessage(receiver, decode(encodeAnswer([soa(9), soa(9)]))).status, 'done');
    assert.deepEqual(receiveMessage(receiver, decode(encodeAnswer([soa(9)]))), { status: 'failed', reason });
  });
});

describe('a record of a transfer', () => {
  it('lies in the zone', () => {
    for (const owner of ['www.other.test.', 'acopy.test.', 'test.', '.']) {
      assert.match(String(tell({}, [soa(9), host(owner)])), / lies outside of the zone copy\.test$/);
    }
    assert.equal(tell({}, [soa(9), host('a.b.c.copy.test.')]), 'more');
  });

  it('is of the class IN, and of a type that zones hold', () => {
    assert.equal(
      tell({}, [soa(9), host('a.copy.test.', 1, { recordClass: 3 })]),
      'a.copy.test A is of the class CH and not IN',
    );
    for (const type of [0, 128, 249, 250, 251, 252, 255]) {
      assert.match(
        String(tell({}, [soa(9), host('a.copy.test.', 1, { type })])),
        /is of a type that no zone holds$/,
        `${type}`,
      );
    }
    assert.equal(tell({}, [soa(9), host('a.copy.test.', 1, { type: 65_280 })]), 'more');
  });

  it('is counted, as are octets and messages', () => {
    const full = [soa(9), A, B];
    assert.equal(tell({ limits: { records: 3 } }, full), 'more');
    assert.equal(tell({ limits: { records: 3 } }, full, [soa(9)]), 'the transfer has more than 3 records');
    // Two SOAs of 35 octets each, two addresses with their owners; the apex is ours already, until it comes again.
    const octets = 35 + 2 * (4 + 13) + 35 + COPY_NAME.length;
    assert.deepEqual(tell({ limits: { octets } }, [...full, soa(9)]), WHOLE);
    assert.match(String(tell({ limits: { octets: octets - 1 } }, [...full, soa(9)])), /octets of records$/);
    assert.equal(tell({ limits: { messages: 2 } }, [soa(9)], [], []), 'the transfer has more than 2 messages');
  });
});

describe('a message of a transfer', () => {
  const first = (shape: AnswerShape, held?: number) =>
    tell(held === undefined ? {} : { held }, { records: [soa(9)], shape });

  it('answers the query: its ID, its opcode, its question', () => {
    assert.equal(first({ id: 6 }), 'the primary answers with another ID than the query has');
    assert.equal(first({ flags: 0x0400 }), 'the primary sends a query where an answer is due');
    assert.equal(first({ flags: 0xa400 }), 'the primary answers with another opcode than the query has');
    for (const shape of [{ name: 'other.test.' }, { type: 'IXFR' }, { type: 'SOA' }] as const) {
      assert.equal(first(shape), 'the primary answers to another question');
    }
    assert.equal(first({ name: 'COPY.Test.' }), 'more');
    assert.equal(first({ type: 'AXFR' }, 1), 'the primary answers to another question');
  });

  it('is held to that wherever it stands', () => {
    const second = (shape: AnswerShape) => tell({}, [soa(9)], { records: [A], shape });
    assert.equal(second({ id: 6 }), 'the primary answers with another ID than the query has');
    assert.equal(second({ name: 'other.test.' }), 'the primary answers to another question');
    assert.equal(second({ flags: 0x8402 }), 'the primary answers SERVFAIL to a query for AXFR');
    assert.equal(second({ noQuestion: true }), 'more');
  });

  it('says what is wrong with the query, with or without a question', () => {
    assert.equal(first({ flags: 0x8005 }), 'the primary answers REFUSED to a query for AXFR');
    assert.equal(first({ flags: 0x8009, noQuestion: true }), 'the primary answers NOTAUTH to a query for AXFR');
    assert.equal(first({ flags: 0x8004 }, 1), 'the primary answers NOTIMP to a query for IXFR');
  });

  it('is not truncated', () => {
    assert.equal(first({ flags: 0x8600 }), 'the primary truncates an answer over TCP');
  });
});

describe('differences', () => {
  const C = host('c.copy.test.', 3);
  const HELD = { held: 7 };
  const TWO = [soa(9), soa(7), A, soa(8), B, soa(8), B, soa(9), C, A, soa(9)];
  const CHANGES = {
    serial: 9,
    changes: [
      ['7 → 8', '- a.copy.test 300 A 192.0.2.1', '+ b.copy.test 300 A 192.0.2.2', '8'],
      ['8 → 9', '- b.copy.test 300 A 192.0.2.2', '+ c.copy.test 300 A 192.0.2.3', '+ a.copy.test 300 A 192.0.2.1', '9'],
    ],
  };

  it('are sequences that lead from the serial that is held to the one that was announced', () => {
    assert.deepEqual(tell(HELD, TWO), CHANGES);
    assert.deepEqual(tell(HELD, ...TWO.map((record) => [record])), CHANGES);
    for (let cut = 1; cut < TWO.length; cut++) {
      assert.equal(tell(HELD, TWO.slice(0, cut)), 'more', `${cut}`);
      assert.deepEqual(tell(HELD, TWO.slice(0, cut), TWO.slice(cut)), CHANGES, `${cut}`);
    }
  });

  it('may be of the SOA alone', () => {
    assert.deepEqual(tell(HELD, [soa(9), soa(7), soa(9), soa(9)]), { serial: 9, changes: [['7 → 9', '9']] });
  });

  it('are none where a single SOA says that there is nothing newer', () => {
    assert.deepEqual(tell(HELD, [soa(7)]), { status: 'current' });
    assert.deepEqual(tell(HELD, [soa(6)]), { status: 'behind', serial: 6 });
    assert.deepEqual(tell({ held: 3 }, [soa(0xffff_fff0)]), { status: 'behind', serial: 0xffff_fff0 });
    assert.equal(tell(HELD, [soa(7), A]), 'the primary sends more behind the end of the transfer');
  });

  it('are a whole zone where the second record is no SOA, or the same again', () => {
    assert.deepEqual(tell(HELD, [soa(9), A, B, soa(9)]), WHOLE);
    assert.deepEqual(tell(HELD, [soa(9)], [A], [B], [soa(9)]), WHOLE);
    assert.deepEqual(tell(HELD, [soa(9), soa(9)]), { serial: 9, records: [SOA_9] });
  });

  it('begin where this zone is', () => {
    for (const begin of [6, 8]) {
      assert.equal(
        tell(HELD, [soa(9), soa(begin)]),
        `the differences begin at the serial ${begin} and not at 7, which is held`,
      );
    }
  });

  it('leave no gap, and lead ahead only', () => {
    assert.equal(tell(HELD, [soa(9), soa(7), soa(8), soa(9)]), 'the differences end at the serial 8 and go on at 9');
    assert.equal(tell(HELD, [soa(9), soa(7), soa(8), soa(7)]), 'the differences end at the serial 8 and go on at 7');
    for (const back of [7, 6]) {
      assert.equal(tell(HELD, [soa(9), soa(7), soa(back)]), `the differences lead from the serial 7 back to ${back}`);
    }
    assert.equal(tell(HELD, [soa(9), soa(7), soa(10)]), 'the differences lead to the serial 10, beyond 9');
  });

  it('compare serials as they come round', () => {
    const last = 0xffff_ffff;
    assert.deepEqual(tell({ held: last }, [soa(2), soa(last), A, soa(1), soa(1), soa(2), A, soa(2)]), {
      serial: 2,
      changes: [
        [`${last} → 1`, '- a.copy.test 300 A 192.0.2.1', '1'],
        ['1 → 2', '+ a.copy.test 300 A 192.0.2.1', '2'],
      ],
    });
  });

  it('have one SOA of the last serial, wherever it stands', () => {
    const other = soa(9, { minimum: 61 });
    for (const records of [
      [soa(9), soa(7), other, soa(9)],
      [soa(9), soa(7), soa(9), other],
    ]) {
      assert.match(String(tell(HELD, records)), /^the SOA of the serial 9 differs/);
    }
  });

  it('have nothing behind their end', () => {
    assert.equal(tell(HELD, [...TWO, A]), 'the primary sends more behind the end of the transfer');
  });
});

// Any octets, and right transfers with wrong octets in them, lead to a value.
describe('a hostile primary', () => {
  const good = [
    encodeAnswer([soa(9), A, B, soa(9)], { type: 'IXFR' }),
    encodeAnswer([soa(9), soa(7), A, soa(8), B, soa(8), B, soa(9), A, soa(9)], { type: 'IXFR' }),
    encodeAnswer([soa(7)], { type: 'IXFR' }),
    encodeAnswer([soa(9), soa(7), A, soa(8)], { type: 'IXFR' }),
    encodeAnswer([B, soa(8), B, soa(9), A, soa(9)], { type: 'IXFR' }),
  ];
  const STATUSES = ['more', 'done', 'failed'];

  it('cannot throw anything at a receiver', () => {
    const edit = fc.record({ at: fc.nat(400), octet: fc.nat(255) });
    let ends = { more: 0, done: 0, failed: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.array(edit, { maxLength: 3 })), { maxLength: 4 }),
        (messages) => {
          const receiver = createReceiver({ id: 5, zone: COPY_NAME, heldSerial: 7 });
          for (const [which, edits] of messages) {
            const bytes = (good[which] ?? new Uint8Array(0)).slice();
            for (const { at, octet } of edits) bytes[at % bytes.length] = octet;
            const message = decodeMessage(bytes);
            if (typeof message === 'string') continue;
            const { status } = receiveMessage(receiver, message);
            assert.ok(STATUSES.includes(status));
            ends = { ...ends, [status]: ends[status] + 1 };
          }
        },
      ),
      { seed: 4, numRuns: 5000 },
    );
    // Each kind of end was reached, so that the mutations are neither too few nor too many.
    assert.ok(
      Object.values(ends).every((count) => count > 100),
      JSON.stringify(ends),
    );
  });
});
