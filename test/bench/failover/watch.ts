// What one name was answered, at each node, around the fault of its backend. Pure: moments in, figures out.
//
//        fault                  last wrong   first right
//   ───────┼── wrong ── wrong ──────┼────────────┼── right ── right …
//          │◄──── until the last ──►│◄─── gap ──►│
//
// The truth lies within the gap, which is as long as the asker was from one question to the next: the resolution.

export type NodeWatch = { lastWrongMs: number; firstRightMs: number | undefined };

export type Watch = {
  faultAtMs: number | undefined;
  readonly nodes: readonly NodeWatch[];
  /** Sent elsewhere although nothing was wrong yet: false failovers. */
  early: number;
  /** Sent back to the dead backend after the trial was over. */
  returned: number;
  isOver: boolean;
};

/** Without a wrong answer for so long at every node, the last one is taken to have been the last. */
export const QUIET_MS = 500;

export function createWatch(nodes: number): Watch {
  const watches = Array.from({ length: nodes }, (): NodeWatch => ({ lastWrongMs: 0, firstRightMs: undefined }));
  return { faultAtMs: undefined, nodes: watches, early: 0, returned: 0, isOver: false };
}

/** `isRight`: the answer is the fallback's, as it should be after the fault. */
export function noteAnswer(watch: Watch, node: number, isRight: boolean, atMs: number): void {
  const seen = watch.nodes[node];
  if (seen === undefined) return;
  if (watch.faultAtMs === undefined) {
    if (isRight) watch.early++;
  } else if (isRight) {
    seen.firstRightMs ??= atMs;
  } else {
    if (watch.isOver) watch.returned++;
    seen.lastWrongMs = atMs;
    seen.firstRightMs = undefined;
  }
}

/** Whether every node has answered rightly, and nothing else, for QUIET_MS. */
export function isQuiet({ nodes }: Watch, nowMs: number): boolean {
  return nodes.every(({ firstRightMs }) => firstRightMs !== undefined && nowMs - firstRightMs >= QUIET_MS);
}

/** Milliseconds from the fault to the last wrong answer of any node; 0 where none was wrong. Undefined: no fault yet. */
export function untilLastWrongMs({ faultAtMs, nodes }: Watch): number | undefined {
  if (faultAtMs === undefined) return undefined;
  return Math.max(...nodes.map(({ lastWrongMs }) => Math.max(0, lastWrongMs - faultAtMs)));
}

/** Of each node that turned: from its last wrong answer to its first right one. */
export function listGapsMs({ faultAtMs, nodes }: Watch): number[] {
  return nodes.flatMap(({ lastWrongMs, firstRightMs }) =>
    firstRightMs === undefined || faultAtMs === undefined ? [] : [firstRightMs - Math.max(lastWrongMs, faultAtMs)],
  );
}
