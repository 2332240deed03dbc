// Lets every promise that can settle do so, at once and completely. Waiting for setImmediate after each of a world's thousands
// of events would take most of the time, and a fixed number of `await`s would only be hoped to be enough. So V8 itself is
// asked to empty its queue of microtasks, which it does when no microtask is running: a world is run from a macrotask.

import { setFlagsFromString } from 'node:v8';

export const settle: () => void = compileSettle();

/** Runs `work`, in which `settle` may be called, in a turn of the event loop of its own. */
export function runInMacrotask<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        assertSettles();
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function compileSettle(): () => void {
  setFlagsFromString('--allow-natives-syntax');
  try {
    return new Function('%PerformMicrotaskCheckpoint();') as () => void;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}

/** Should a later V8 do something else: better no simulation than one in which promises settle too late. */
function assertSettles(): void {
  let turns = 0;
  const chain = async () => {
    for (let turn = 0; turn < 100; turn++) {
      await null;
      turns++;
    }
  };
  void chain();
  settle();
  if (turns !== 100) throw new Error('this version of Node.js does not settle promises on demand');
}
