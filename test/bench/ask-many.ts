// Asks one server very many questions over UDP, some dozens at a time, and keeps of each answer what steering decided: the
// address, and the scope for which it holds (RFC 7871).

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { composeQuery } from '../support/dns-ask.ts';

export type SteeredAnswer = {
  /** Of the first A record; '' when there is none. */
  readonly address: string;
  /** SCOPE PREFIX-LENGTH; undefined when the answer has no client subnet. */
  readonly scope: number | undefined;
};

const WINDOW = 64;
/** Without an answer for so long a question is asked again: on loopback something was dropped. */
const RETRY_AFTER_MS = 300;
const MAX_TRIES = 5;

/** Answers in the order of the subnets. @throws when one is not answered after several tries. */
export async function askMany(
  port: number,
  name: string,
  subnets: readonly string[],
): Promise<readonly SteeredAnswer[]> {
  const queries = subnets.map((subnet, index) => composeQuery(index & 0xffff, { name, subnet }));
  const answers = new Array<SteeredAnswer | undefined>(queries.length).fill(undefined);
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  try {
    for (let start = 0; start < queries.length; start += WINDOW) {
      await askWindow(socket, queries, answers, start, Math.min(queries.length, start + WINDOW));
    }
  } finally {
    socket.close();
  }
  return answers.flatMap((answer) => answer ?? []);
}

async function askWindow(
  socket: ReturnType<typeof createSocket>,
  queries: readonly Uint8Array[],
  answers: (SteeredAnswer | undefined)[],
  start: number,
  end: number,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const open = new Set<number>();
    for (let index = start; index < end; index++) if (answers[index] === undefined) open.add(index);
    const isDone = new Promise<void>((resolve) => {
      const timer = setTimeout(finish, RETRY_AFTER_MS);
      function finish(): void {
        clearTimeout(timer);
        socket.off('message', take);
        resolve();
      }
      function take(message: Uint8Array): void {
        const id = ((message[0] ?? 0) << 8) | (message[1] ?? 0);
        // IDs are the low bits of the index: in a window no two are equal.
        const index = start + ((id - start) & 0xffff);
        if (!open.delete(index)) return;
        answers[index] = readAnswer(message);
        if (open.size === 0) finish();
      }
      socket.on('message', take);
    });
    for (const index of open) socket.send(queries[index] ?? new Uint8Array());
    await isDone;
    if (open.size === 0) return;
  }
  throw new Error(`no answer to question ${start} and those after it, asked ${MAX_TRIES} times`);
}

const HEADER_BYTES = 12;
/** Of a record behind its name: type, class, ttl, length. */
const RECORD_HEAD_BYTES = 10;
const TYPE_A = 1;
const TYPE_OPT = 41;
const OPTION_CLIENT_SUBNET = 8;

/** Walks the records of a whole message (RFC 1035 section 4.1). */
export function readAnswer(message: Uint8Array): SteeredAnswer {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  let at = HEADER_BYTES;
  for (let count = view.getUint16(4); count > 0; count--) at = skipName(message, at) + 4;
  let address = '';
  let scope: number | undefined;
  for (let count = records; count > 0; count--) {
    at = skipName(message, at);
    const type = view.getUint16(at);
    const length = view.getUint16(at + 8);
    at += RECORD_HEAD_BYTES;
    if (type === TYPE_A && address === '') address = message.subarray(at, at + length).join('.');
    if (type === TYPE_OPT) scope = findScope(view, at, at + length);
    at += length;
  }
  return { address, scope };
}

/** Behind a name: labels up to the root, or up to a pointer. */
function skipName(message: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const length = message[at] ?? 0;
    if (length >= 0xc0) return at + 2;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
}

/** Option: code, length, then family, source and scope (RFC 7871 section 6). */
function findScope(view: DataView, start: number, end: number): number | undefined {
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2)) {
    if (view.getUint16(at) === OPTION_CLIENT_SUBNET) return view.getUint8(at + 7);
  }
  return undefined;
}
