// Reads a CPU profile as V8 writes it: a tree of calls, and samples that say in which node of it the thread was. Summed up by
// function, wherever it was called from.

/** As much as is used of a .cpuprofile file. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds from each sample to the one before. */
  readonly timeDeltas: readonly number[];
};

export type FunctionShare = {
  /** `(program)` is what runs outside of JavaScript, `(garbage collector)` what it says. */
  readonly name: string;
  readonly file: string;
  /** From 1; 0 without a file. */
  readonly line: number;
  /** Of the time, 0 to 1. */
  readonly share: number;
};

const IDLE = '(idle)';

/**
 * Of the last `lastUs` microseconds of a profile, so that the start of the process is left out. Greatest first. Shares are of
 * the time in which the thread was not idle, unless idle time is asked for too.
 */
export function shareByFunction(profile: CpuProfile, lastUs: number, withIdle = false): readonly FunctionShare[] {
  let leftUs = profile.timeDeltas.reduce((sum, us) => sum + us, 0);
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { name: string; file: string; line: number; us: number }>();
  let total = 0;
  profile.samples.forEach((id, index) => {
    const us = profile.timeDeltas[index] ?? 0;
    leftUs -= us;
    const frame = frames.get(id);
    if (leftUs >= lastUs || frame === undefined || (frame.functionName === IDLE && !withIdle)) return;
    total += us;
    const key = `${frame.functionName}|${frame.url}|${frame.lineNumber}`;
    const known = times.get(key);
    if (known !== undefined) known.us += us;
    else {
      const name = frame.functionName || '(anonymous)';
      times.set(key, { name, file: frame.url, line: frame.url === '' ? 0 : frame.lineNumber + 1, us });
    }
  });
  return [...times.values()]
    .map(({ us, ...place }) => ({ ...place, share: total === 0 ? 0 : us / total }))
    .sort((a, b) => b.share - a.share);
}
