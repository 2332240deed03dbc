// Snapshots lie in shared memory, which V8 leaves out of account when it decides whether to collect garbage. Replaced
// snapshots would stay until other garbage calls for it, in every thread that has seen them; and answer threads make
// hardly any. So each thread counts what it has been handed, and has garbage collected when there is much of it.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Shared memory that may be garbage before it is looked after. */
const DUE_BYTES = 64 * 2 ** 20;
/** Not in the middle of a swap: it takes some ten milliseconds. */
const DELAY_MS = 1000;

export type SharedGarbage = {
  /** Something in shared memory was replaced, or given away, by `value`. */
  note(value: unknown): void;
};

/** One per thread. `collect` and `dueBytes` are for tests. */
export function watchSharedGarbage(collect: () => void = collectGarbage, dueBytes: number = DUE_BYTES): SharedGarbage {
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    note(value) {
      bytes += countSharedBytes(value);
      if (bytes < dueBytes || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        bytes = 0;
        collect();
      }, DELAY_MS).unref();
    },
  };
}

/** Bytes of shared memory that can be reached, each block counted once. */
export function countSharedBytes(value: unknown): number {
  const blocks = new Set<SharedArrayBuffer>();
  gatherBlocks(value, blocks);
  let bytes = 0;
  for (const { byteLength } of blocks) bytes += byteLength;
  return bytes;
}

function gatherBlocks(value: unknown, blocks: Set<SharedArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof SharedArrayBuffer) blocks.add(value.buffer);
  } else if (Array.isArray(value)) {
    // Lists hold either such objects throughout (rankings), or none (names, by the million).
    if (typeof value[0] === 'object') for (const item of value) gatherBlocks(item, blocks);
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) gatherBlocks(item, blocks);
  }
}

/** What `node --expose-gc` offers, without having to be started so. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
