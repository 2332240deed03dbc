// The sockets through which a worker sends its ICMP echo requests: one per family, open while any request is under way, so
// that nothing has to be closed at the end and a permission that is given later is noticed. A socket for echo alone where the
// system permits it (net.ipv4.ping_group_range), else a raw one, which hears the replies to everybody.

import { randomBytes, randomInt } from 'node:crypto';
import type { Address } from '../model/address.ts';
import {
  BATCH,
  KIND_ECHO,
  KIND_RAW_ECHO,
  type LoadedNative,
  type Native,
  type NativeSocket,
  PEER_ADDRESS,
  PEER_ANSWER_LENGTH,
  PEER_FAMILY,
  PEER_PORT,
  PEER_QUERY_LENGTH,
  PEER_WORDS,
} from '../native/load-native.ts';
import { composeEchoRequest, type Echo, parseEchoReply } from '../wire/icmp-echo.ts';

/** Replies of a moment; the kernel caps it. */
const BUFFER_BYTES = 1024 * 1024;
const ANY_ADDRESS = { 4: '0.0.0.0', 6: '::' } as const;

const NOT_PERMITTED =
  'this worker may not send ICMP echo: put its group into net.ipv4.ping_group_range, or give it CAP_NET_RAW';
const NO_SOCKET = 'ICMP needs the batch socket, which this worker does not have (Linux, a C compiler, npm start)';

/** What ends the wait for a reply: to be called once, whether or not it came. */
export type EndWait = () => void;
export type Asked =
  | { readonly ok: true; readonly endWait: EndWait }
  /** This worker cannot ask anybody, and why. */
  | { readonly ok: false; readonly reason: string };

export class EchoSockets {
  readonly #load: () => LoadedNative;
  readonly #sockets = new Map<4 | 6, EchoSocket>();

  constructor(load: () => LoadedNative) {
    this.#load = load;
  }

  /** Sends one request; `onReply` is called once, if its reply comes. @throws what the kernel says of the address. */
  ask(address: Address, onReply: () => void): Asked {
    const { family } = address;
    const socket = this.#sockets.get(family) ?? this.#open(family);
    if (typeof socket === 'string') return { ok: false, reason: socket };
    return { ok: true, endWait: socket.ask(address, onReply) };
  }

  /** Answers why it cannot be opened, where no other attempt would fare better. */
  #open(family: 4 | 6): EchoSocket | string {
    const loaded = this.#load();
    if (!loaded.ok) return NO_SOCKET;
    for (const kind of [KIND_ECHO, KIND_RAW_ECHO]) {
      try {
        const socket = new EchoSocket(loaded.native, kind, family, () => this.#sockets.delete(family));
        this.#sockets.set(family, socket);
        return socket;
      } catch (error) {
        if (!isNotPermitted(error)) throw error;
      }
    }
    return NOT_PERMITTED;
  }
}

type Waiting = { readonly address: Address; readonly sequence: number; readonly onReply: () => void };

class EchoSocket {
  readonly #family: 4 | 6;
  readonly #kind: number;
  readonly #id: number;
  readonly #socket: NativeSocket;
  readonly #onIdle: () => void;
  /** By token. */
  readonly #waiting = new Map<bigint, Waiting>();
  #sequence = 0;

  constructor(native: Native, kind: number, family: 4 | 6, onIdle: () => void) {
    this.#family = family;
    this.#kind = kind;
    this.#onIdle = onIdle;
    this.#socket = native.open(kind, ANY_ADDRESS[family], 0, false, BUFFER_BYTES, BUFFER_BYTES, (count) =>
      this.#receive(count),
    );
    this.#id = kind === KIND_ECHO ? this.#socket.port : randomInt(0x10000);
  }

  ask(address: Address, onReply: () => void): EndWait {
    const token = randomBytes(8).readBigUInt64BE();
    const sequence = this.#sequence++ & 0xffff;
    this.#waiting.set(token, { address, sequence, onReply });
    const endWait = () => this.#forget(token);
    try {
      this.#send(address, { id: this.#id, sequence, token });
    } catch (error) {
      endWait();
      throw error;
    }
    return endWait;
  }

  #send({ family, words }: Address, echo: Echo): void {
    const { peers, answers } = this.#socket;
    const request = composeEchoRequest(family, echo);
    answers.set(request);
    peers[PEER_FAMILY] = family;
    peers[PEER_PORT] = 0;
    for (const [index, word] of words.entries()) peers[PEER_ADDRESS + index] = word;
    peers[PEER_ANSWER_LENGTH] = request.length;
    this.#socket.send(1);
  }

  #receive(count: number): void {
    const { peers, queries } = this.#socket;
    const stride = queries.length / BATCH;
    const replied: bigint[] = [];
    for (let index = 0; index < count; index++) {
      const peer = index * PEER_WORDS;
      const length = peers[peer + PEER_QUERY_LENGTH] ?? 0;
      // Of another family, or one that did not fit.
      if (peers[peer + PEER_FAMILY] !== this.#family) continue;
      const message = queries.subarray(index * stride, index * stride + length);
      const echo = parseEchoReply(this.#family, message, this.#kind === KIND_RAW_ECHO && this.#family === 4);
      const waiting = echo && this.#waiting.get(echo.token);
      if (waiting === undefined || echo?.id !== this.#id || echo.sequence !== waiting.sequence) continue;
      if (waiting.address.words.every((word, at) => word === peers[peer + PEER_ADDRESS + at])) replied.push(echo.token);
    }
    // Only now that all is read, for whoever is called may ask again, in the same memory; and from the loop, so that what they
    // promise is kept at once. Who has given up meanwhile is not called.
    setImmediate(() => {
      for (const token of replied) this.#waiting.get(token)?.onReply();
    });
  }

  #forget(token: bigint): void {
    if (!this.#waiting.delete(token) || this.#waiting.size > 0) return;
    this.#socket.close();
    this.#onIdle();
  }
}

/** Everything else (no descriptor, no memory, no such family) says the same of the other kind of socket. */
function isNotPermitted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' || code === 'EPROTONOSUPPORT';
}
