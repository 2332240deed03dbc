// The batch socket as TypeScript sees it, and how the addon that has it is loaded. It is built by scripts/build-native.mjs, on
// Linux where there is a C compiler; what it does and how its memory is laid out is told in batch-socket.h.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The addon: its one function. */
export type Native = {
  /**
   * Opens a socket on this thread's loop. `kind`: one of those below. `onBatch` is called with how many datagrams have come; what
   * others wait for, it hands over with setImmediate: promises that it keeps by itself are seen only when the loop comes by.
   * Buffer sizes are wishes, which the kernel caps. Throws an Error with `code` (EADDRINUSE …) that names the system call.
   */
  readonly open: (
    kind: number,
    address: string,
    port: number,
    reusePort: boolean,
    receiveBytes: number,
    sendBytes: number,
    onBatch: (count: number) => void,
  ) => NativeSocket;
};

/** Views of the memory that the kernel's side shares: a place for each of the BATCH datagrams of a batch. */
export type NativeSocket = {
  /** PEER_WORDS for each; the PEER_* below say where in them. */
  readonly peers: Uint32Array;
  /** The COUNT_* below. */
  readonly counts: Uint32Array;
  readonly queries: Uint8Array;
  readonly answers: Uint8Array;
  /** The real one, also where 0 was asked for. Of KIND_ECHO: the id of its echo requests. */
  readonly port: number;
  /**
   * Sends the first `count` answers to the peers that are written beside them, and sets their lengths to 0. Returns how many
   * the kernel took; throws what it said where it took none. For sockets that answer nothing in onBatch.
   */
  send(count: number): number;
  /** Twice is fine. Nothing is received from then on, and the address is free. */
  close(): void;
};

export const KIND_UDP = 0;
/** ICMP (of IPv6: ICMPv6) without a privilege: echo requests, and the replies to them. */
export const KIND_ECHO = 1;
/** ICMP with a privilege: what comes for anybody, that of IPv4 behind its IP header. */
export const KIND_RAW_ECHO = 2;

/** Datagrams of one batch at most. */
export const BATCH = 64;
export const PEER_WORDS = 8;
/** 4, 6, or 0 for a datagram that did not fit: it must not be answered. */
export const PEER_FAMILY = 0;
export const PEER_PORT = 1;
/** Four words, as in Client. */
export const PEER_ADDRESS = 2;
export const PEER_QUERY_LENGTH = 6;
/** To be written; 0: no answer. */
export const PEER_ANSWER_LENGTH = 7;

/** Datagrams that were lost, by the words of `counts`; whoever reads them sets them back to 0. */
export const COUNT_QUEUE_FULL = 0;
export const COUNT_TOO_LONG = 1;
export const COUNT_RECEIVE_FAILED = 2;
export const COUNT_SEND_FAILED = 3;
/** Answers that the kernel has yet to take; to be read only. */
export const COUNT_WAITING = 4;

export const NATIVE_FILE = fileURLToPath(new URL('../../build/azimuth.node', import.meta.url));

export type LoadedNative =
  | { readonly ok: true; readonly native: Native }
  | { readonly ok: false; readonly reason: string };

/** Says why it cannot be loaded: where it was not built, that is no fault. */
export function loadNative(file = NATIVE_FILE): LoadedNative {
  try {
    const native: Native = createRequire(import.meta.url)(file);
    return { ok: true, native };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { ok: false, reason };
  }
}
