// Threads that compile or build may take their time; those that answer may not. Where there are fewer processors than threads
// the kernel has to choose, and on Linux it asks each thread how nice it is.

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * The calling thread, or the process `pid` (whose threads are yet to start, and will be as it is), gets a tenth of what an
 * answer thread gets from the same processor: little, but never nothing.
 */
export function yieldProcessor(pid?: number): void {
  try {
    // PID/task/TID: to setpriority(2), a thread of Linux is a process.
    const id = pid ?? Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(id, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not Linux, not permitted, or it has ended: then all are equal.
  }
}
