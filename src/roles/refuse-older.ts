// What is asked of a revision at the moment at which it would be put in force, whatever was true when work on it began: a
// newer one may have come in between.

import { compareRevisionIds, formatRevisionId, type RevisionId } from '../model/revision.ts';

/** Why `offered` may not take the place of `served`; undefined: it may. The same revision may be put in force once more. */
export function refuseOlder(offered: RevisionId, served: RevisionId | undefined): string | undefined {
  if (served === undefined || compareRevisionIds(offered, served) >= 0) return undefined;
  return `${formatRevisionId(served)} is served already`;
}
