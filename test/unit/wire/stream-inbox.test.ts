import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StreamInbox } from '../../../src/wire/stream-inbox.ts';
import { withLength } from '../../support/dns-client.ts';

/** All that is whole after each of the pieces. */
function read(pieces: readonly Uint8Array[]): readonly string[] {
  const inbox = new StreamInbox();
  const messages: string[] = [];
  for (const piece of pieces) {
    inbox.append(Buffer.from(piece));
    for (let message = inbox.take(); message !== undefined; message = inbox.take())
      messages.push(Buffer.from(message).toString('hex'));
  }
  return messages;
}

describe('the inbox of a stream', () => {
  it('gives back every message, however the stream was cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
        fc.array(fc.nat(400), { minLength: 1, maxLength: 40 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map(withLength));
          const pieces: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const length = (cuts[turn % cuts.length] ?? 0) + 1;
            pieces.push(stream.subarray(at, at + length));
            at += length;
          }
          assert.deepEqual(
            read(pieces),
            messages.map((message) => Buffer.from(message).toString('hex')),
          );
        },
      ),
    );
  });

  it('takes the longest message in single bytes, and leaves what it was given as it was', () => {
    const message = Uint8Array.from({ length: 65_535 }, (_, index) => index);
    const stream = withLength(message);
    const pieces = Array.from(stream, (byte) => Uint8Array.of(byte));
    assert.deepEqual(read(pieces), [Buffer.from(message).toString('hex')]);
    const inbox = new StreamInbox();
    const given = Buffer.from(stream.subarray(0, 10));
    inbox.append(given);
    inbox.append(Buffer.from([1, 2, 3]));
    assert.deepEqual(given, Buffer.from(stream.subarray(0, 10)));
    assert.equal(inbox.length, 13);
  });
});
