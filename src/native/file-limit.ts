// How many file descriptors this process may have: sockets are some. Node.js has raised the soft limit to the hard one when it began.

import { readFileSync } from 'node:fs';

/** Undefined: nothing says so (not Linux), or there is no limit. `path`: proc_pid_limits(5). */
export function readFileLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const soft = /^Max open files +(\d+) /m.exec(readFileSync(path, 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
