// Snapshots lie in shared memory, which V8 leaves out of account when it decides whether to collect garbage. Replaced
// snapshots would stay until other garbage calls for it, in every thread that has seen them; and answer threads make
// hardly any. So what is new in each snapshot is counted where it is compiled (in other threads the same memory looks like
// another object each time), and each thread that was handed as much has its garbage collected.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Shared memory that may be garbage before it is looked after. */
const DUE_BYTES = 64 * 2 ** 20;
/** Not in the middle of a swap: it takes some ten milliseconds. */
const DELAY_MS = 1000;

export type SharedGarbage = {
  /** So many bytes of shared memory were replaced, or given away. */
  note(bytes: number): void;
};

/** One per thread. `collect` and `dueBytes` are for tests. */
export function watchSharedGarbage(collect: () => void = collectGarbage, dueBytes: number = DUE_BYTES): SharedGarbage {
  let due = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    note(bytes) {
      due += bytes;
      if (due < dueBytes || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        due = 0;
        collect();
      }, DELAY_MS).unref();
    },
  };
}

/** Tells what is new in each value from what the one before had: most of a snapshot is that of the snapshot before. */
export class SharedMemoryCount {
  #blocks: ReadonlySet<SharedArrayBuffer> = new Set();

  /** Bytes of shared memory that can be reached and could not be from the value before, each block counted once. */
  countNew(value: unknown): number {
    const before = this.#blocks;
    const blocks = new Set<SharedArrayBuffer>();
    gatherBlocks(value, blocks);
    this.#blocks = blocks;
    let bytes = 0;
    for (const block of blocks) if (!before.has(block)) bytes += block.byteLength;
    return bytes;
  }
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
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
