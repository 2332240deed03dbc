// What to do about the head of the store, given the newest revision that this process knows. An empty store means "store
// lost", never "configuration deleted"; an older head means that the store went back in time (an old replica was promoted,
// a backup restored). Neither is followed: what is known is committed again, in a new generation, so that every node takes
// it for newer than anything it has.
//
//   head of the store     known here: nothing      known here: K
//   none                  import, if anything      recommit K in generation K+1
//   older than K                                   recommit K in generation K+1, on top of the head
//   K                                              nothing, unless it has another content: see below
//   newer than K          fetch it                 fetch it, unless it was made without K: see below
//
// Of several processes that find the store empty each may recover what it knows, and the first to do so may not have seen the
// last commit yet. Numbers tell: every change adds one, a recovery too, so whatever was made from K has a greater number than
// K. A head of a later generation whose number is not greater was recovered without K: K is then recovered on top of it, in one more generation.
//
// The store may also have gone back over K, and taken another change under K's number before anyone looked (lost-change.ts). Nobody
// can tell the two apart by their number, so what the store holds is committed once more under one that is newer for everyone.

import { compareRevisionIds, formatRevisionId, type RevisionId } from '../model/revision.ts';

export type Reconciliation =
  | { readonly action: 'none' }
  | { readonly action: 'fetch'; readonly id: RevisionId }
  | { readonly action: 'import'; readonly id: RevisionId }
  | { readonly action: 'recommit'; readonly id: RevisionId; readonly parent: RevisionId | null }
  | { readonly action: 'renumber'; readonly id: RevisionId; readonly parent: RevisionId };

export const FIRST_REVISION: RevisionId = { generation: 1, number: 1 };

/**
 * @param head undefined: the store says that it holds no revision; a store that does not answer is not asked about.
 * @param isReplaced whether the store holds another content under the number of `known`.
 */
export function decideReconciliation(
  head: RevisionId | undefined,
  known: RevisionId | undefined,
  isReplaced = false,
): Reconciliation {
  if (known === undefined) {
    return head === undefined ? { action: 'import', id: FIRST_REVISION } : { action: 'fetch', id: head };
  }
  const order = head === undefined ? -1 : compareRevisionIds(head, known);
  if (head !== undefined && order > 0 && head.number > known.number) return { action: 'fetch', id: head };
  if (head !== undefined && order === 0) {
    return isReplaced ? { action: 'renumber', id: nextGeneration(head), parent: head } : { action: 'none' };
  }
  // A generation of its own, above another recovery, too: by that the store tells what brings back, which no change goes before.
  const generation = Math.max(known.generation, head?.generation ?? 0) + 1;
  const id = { generation, number: known.number + 1 };
  return { action: 'recommit', id, parent: head ?? null };
}

/**
 * The id of the next revision on top of `parent`: newer than `above` as well, for whoever serves that or finds it in a journal.
 * Then it begins a generation.
 */
export function nextRevisionId(parent: RevisionId | undefined, above?: RevisionId): RevisionId {
  const next = parent === undefined ? FIRST_REVISION : { ...parent, number: parent.number + 1 };
  if (above === undefined || compareRevisionIds(next, above) > 0) return next;
  return { generation: above.generation + 1, number: Math.max(next.number, above.number + 1) };
}

/** What happened to a store that has to be put right: it is found at `head`, and `lost` was known. */
export function describeLoss(head: RevisionId | null, lost: RevisionId): string {
  if (head === null) return 'is empty';
  const way = compareRevisionIds(head, lost) < 0 ? 'went back to' : 'was recovered without it as';
  return `${way} ${formatRevisionId(head)}`;
}

function nextGeneration({ generation, number }: RevisionId): RevisionId {
  return { generation: generation + 1, number: number + 1 };
}
