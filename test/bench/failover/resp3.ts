// Where one reply of RESP3 ends, and which replies are messages of a subscription: for a proxy that loses these and nothing
// else. https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md
//
//   >3\r\n $7\r\nmessage\r\n $…channel $…payload      a message, pushed
//   >3\r\n $9\r\nsubscribe\r\n …                      the reply to SUBSCRIBE, pushed as well: whoever waits for it must have it

const LINE_FEED = 0x0a;
const SIMPLE = '+-:_#,(';
const BULK = '$=!';
const LISTS = '*~>';
const MAPS = '%|';
const END_BYTES = 2;

/** Where the reply that begins at `start` ends; undefined while it has not all arrived. @throws on what is no RESP3. */
export function findEnd(bytes: Buffer, start: number): number | undefined {
  const lineEnd = bytes.indexOf(LINE_FEED, start);
  if (lineEnd < 0) return undefined;
  const kind = String.fromCharCode(bytes[start] ?? 0);
  const next = lineEnd + 1;
  if (SIMPLE.includes(kind)) return next;
  const count = Number(bytes.toString('latin1', start + 1, lineEnd - 1));
  if (!Number.isInteger(count)) throw new Error(`no RESP3: ${bytes.toString('latin1', start, lineEnd)}`);
  if (BULK.includes(kind)) {
    const end = count < 0 ? next : next + count + END_BYTES;
    return end <= bytes.length ? end : undefined;
  }
  if (LISTS.includes(kind)) return skip(bytes, next, count);
  // An attribute stands before the reply that it is about.
  if (MAPS.includes(kind)) return skip(bytes, next, 2 * count + (kind === '|' ? 1 : 0));
  throw new Error(`no RESP3: ${bytes.toString('latin1', start, lineEnd)}`);
}

function skip(bytes: Buffer, start: number, count: number): number | undefined {
  let end: number | undefined = start;
  for (let index = 0; index < count && end !== undefined; index++) end = findEnd(bytes, end);
  return end;
}

const MESSAGE_HEAD = /^>\d+\r\n\$7\r\nmessage\r\n/;
const MESSAGE_HEAD_BYTES = 24;

export function isMessage(bytes: Buffer, start: number): boolean {
  return MESSAGE_HEAD.test(bytes.toString('latin1', start, start + MESSAGE_HEAD_BYTES));
}

/** Takes pieces of a stream, gives back what of it goes on: whole replies, without messages. `lost` counts these. */
export function dropMessages(): { readonly push: (piece: Buffer) => Buffer; readonly counts: { lost: number } } {
  const counts = { lost: 0 };
  let rest: Buffer = Buffer.alloc(0);
  const push = (piece: Buffer): Buffer => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const kept: Buffer[] = [];
    let start = 0;
    for (let end = findStep(bytes, start); end !== undefined; end = findStep(bytes, start)) {
      if (isMessage(bytes, start)) counts.lost++;
      else kept.push(bytes.subarray(start, end));
      start = end;
    }
    rest = bytes.subarray(start);
    return Buffer.concat(kept);
  };
  return { push, counts };
}

function findStep(bytes: Buffer, start: number): number | undefined {
  return start < bytes.length ? findEnd(bytes, start) : undefined;
}
