// The list into which parsing puts its problems: bounded, and free of echoes. One fault in a document must be one
// problem: where the shape of a place is already wrong, what else would follow from it is not said.

import { MAX_PROBLEMS } from './limits.ts';
import type { Problem } from './problem.ts';

/**
 * Says that `path` is faulty, unless that only echoes a distrusted place: stands there, below it or above it. `because` names
 * further places that the finding rests on: it is dropped where one of them stands at or below a distrusted place.
 */
export type Report = (path: string, message: string, because?: readonly string[]) => void;

export type ProblemList = {
  readonly report: Report;
  /** From now on nothing is concluded from what stands here. */
  readonly distrust: (path: string) => void;
  /** Whether the place itself, or one above or below it, is distrusted. */
  readonly isDistrusted: (path: string) => boolean;
  /** No more will be taken: further search is wasted. */
  readonly isFull: () => boolean;
  readonly toArray: () => readonly Problem[];
};

export function createProblemList(): ProblemList {
  const problems: Problem[] = [];
  const distrusted = new Set<string>();
  const aboveDistrusted = new Set<string>();
  const isWithinDistrusted = (path: string) => listPathsUp(path).some((at) => distrusted.has(at));
  const isDistrusted = (path: string) => aboveDistrusted.has(path) || isWithinDistrusted(path);
  return {
    report: (path, message, because = []) => {
      if (problems.length > MAX_PROBLEMS || isDistrusted(path) || because.some(isWithinDistrusted)) return;
      if (problems.length < MAX_PROBLEMS) problems.push({ path, message });
      else
        problems.push({
          path: '',
          message: `more than ${MAX_PROBLEMS} problems: the others are not listed; correct these first.`,
        });
    },
    distrust: (path) => {
      distrusted.add(path);
      for (const above of listPathsUp(path)) aboveDistrusted.add(above);
    },
    isDistrusted,
    isFull: () => problems.length > MAX_PROBLEMS,
    toArray: () => problems,
  };
}

/** The path and every one above it, but for the whole document. */
function listPathsUp(path: string): readonly string[] {
  const paths: string[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) paths.push(path.slice(0, end));
  return paths;
}
