// The batch socket as TypeScript sees it, and how the addon that has it is loaded. It is built by scripts/build-native.mjs, on
// Linux where there is a C compiler; what it does and how its memory is laid out is told in batch-socket.c.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The addon: its one function, and the numbers by which its memory is laid out. Words have 32 bits. */
export type Native = {
  /** Datagrams of one batch at most. */
  readonly BATCH: number;
  /** Words per peer; the PEER_* below say where in them. */
  readonly PEER_WORDS: number;
  readonly COUNTS: number;
  readonly QUERY_STRIDE: number;
  readonly ANSWER_STRIDE: number;
  readonly ANSWER_BYTES: number;
  /** Bytes from the beginning of the memory; the peers come first. */
  readonly COUNTS_START: number;
  readonly QUERIES_START: number;
  readonly ANSWERS_START: number;
  /**
   * Opens a UDP socket on this thread's loop. `onBatch` is called with how many datagrams have come. Buffer sizes are wishes,
   * which the kernel caps. Throws an Error with `code` (EADDRINUSE …) and `syscall`.
   */
  readonly open: (
    address: string,
    port: number,
    reusePort: boolean,
    receiveBytes: number,
    sendBytes: number,
    onBatch: (count: number) => void,
  ) => NativeSocket;
};

export type NativeSocket = {
  /** The real one, also where 0 was asked for. */
  readonly port: number;
  readonly memory: ArrayBuffer;
  /** Twice is fine. Nothing is received from then on. */
  close(): void;
};

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
