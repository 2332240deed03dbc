// The tally of one node: the ballots, the verdicts and the standing of the vantages, carried from look to look. A look judges
// only the targets on which a ballot changed, and all of them when a vantage is set aside or counts again. What it comes to
// is what `decideVerdicts` would come to from all slots; a test holds the two equal.
//
// It has one owner, who looks with its own clock. A tally is opened for the targets and vantages of one configuration, from
// what the one before knew.

import type { Vantage } from '../model/vantage.ts';
import { type BallotBox, fillBallotBox, openBallotBox } from './ballot-box.ts';
import type { SeenSlot } from './liveness.ts';
import {
  COMPARED,
  compareVantages,
  DISSENTS,
  judgeStandings,
  listAside,
  MIN_COMPARED_VANTAGES,
  type Standings,
} from './standing.ts';
import type { Target } from './target.ts';
import { decideVerdict, formBench, type Verdict, type VerdictState, type Verdicts } from './verdict.ts';

export type Tally = {
  readonly vantages: readonly Vantage[];
  readonly targets: ReadonlyMap<string, Target>;
  readonly verdicts: Map<string, Verdict>;
  /** How many verdicts cannot turn, since too few speak. */
  frozen: number;
  standings: Standings;
  aside: ReadonlySet<string>;
  readonly box: BallotBox;
  /** Targets to be judged at the next look, whatever happens. */
  due: Set<string>;
  /** Per target, in order, and vantage: what compareVantages wrote. */
  readonly compared: Uint8Array;
  readonly order: ReadonlyMap<string, number>;
  /** By vantage: the sums of `compared`. */
  readonly comparisons: { compared: number; dissents: number }[];
};

/** A verdict that became another one. */
export type Turn = { readonly before: VerdictState; readonly verdict: Verdict };

export type Look = {
  /** Targets whose verdict, or the evidence for it, is another object than before. */
  readonly changed: ReadonlySet<string>;
  readonly turns: readonly Turn[];
  /** Vantages that were set aside at this look, and such that count again. */
  readonly setAside: readonly string[];
  readonly returned: readonly string[];
};

const NOTHING_NEW: Look = { changed: new Set(), turns: [], setAside: [], returned: [] };

export function openTally(
  targets: readonly Target[],
  vantages: readonly Vantage[],
  verdicts: Verdicts,
  standings: Standings,
): Tally {
  const ids = targets.map(({ id }) => id);
  // Monitors that check in the same way have one target between them.
  const kept = [...new Set(ids)].flatMap((id) => verdicts.get(id) ?? []);
  const known = new Map([...standings].filter(([id]) => vantages.some((vantage) => vantage.id === id)));
  return {
    vantages,
    targets: new Map(targets.map((target) => [target.id, target])),
    verdicts: new Map(kept.map((verdict) => [verdict.target, verdict])),
    frozen: kept.filter(({ isFrozen }) => isFrozen).length,
    standings: known,
    aside: listAside(known),
    box: openBallotBox(ids),
    due: new Set(ids),
    compared: new Uint8Array(ids.length * vantages.length),
    order: new Map(ids.map((id, index) => [id, index])),
    comparisons: vantages.map(() => ({ compared: 0, dissents: 0 })),
  };
}

/**
 * Judges by the slots that are seen now.
 * @param nowMs the clock in which vantages are accused and cleared
 * @param wallMs milliseconds since 1970, for people
 */
export function lookAtSlots(tally: Tally, seen: readonly SeenSlot[], nowMs: number, wallMs: number): Look {
  const due = tally.due;
  tally.due = new Set();
  fillBallotBox(tally.box, seen, due);
  const before = new Map<string, VerdictState>();
  const changed = due.size === 0 ? new Set<string>() : judgeTargets(tally, due, wallMs, before);
  const standings = judgeStandings(tally.standings, tally.vantages, tally.comparisons, nowMs);
  // As nearly always: no ballot changed, and all stand as they did.
  if (due.size === 0 && standings === tally.standings) return NOTHING_NEW;
  tally.standings = standings;
  const wasAside = tally.aside;
  const aside = listAside(standings);
  const setAside = [...aside].filter((id) => !wasAside.has(id));
  const returned = [...wasAside].filter((id) => !aside.has(id));
  if (setAside.length > 0 || returned.length > 0) {
    tally.aside = aside;
    for (const id of judgeTargets(tally, tally.targets.keys(), wallMs, before)) changed.add(id);
  }
  const turns = [...before].flatMap(([id, state]) => {
    const verdict = tally.verdicts.get(id);
    return verdict === undefined || verdict.verdict === state ? [] : { before: state, verdict };
  });
  return { changed, turns, setAside, returned };
}

/** Judges these, notes what those that changed were before, and returns them. */
function judgeTargets(
  tally: Tally,
  ids: Iterable<string>,
  wallMs: number,
  before: Map<string, VerdictState>,
): Set<string> {
  const { vantages, targets, verdicts, box } = tally;
  const bench = formBench(vantages, wallMs, tally.aside);
  const changed = new Set<string>();
  for (const id of ids) {
    const target = targets.get(id);
    if (target === undefined) continue;
    const previous = verdicts.get(id);
    const verdict = decideVerdict(target, box.ballots.get(id)?.values() ?? [], previous, bench);
    if (vantages.length >= MIN_COMPARED_VANTAGES) compareAnew(tally, target, verdict, bench);
    if (verdict === previous) continue;
    verdicts.set(id, verdict);
    changed.add(id);
    if (!before.has(id)) before.set(id, previous?.verdict ?? 'unknown');
    tally.frozen += Number(verdict.isFrozen) - Number(previous?.isFrozen ?? false);
  }
  return changed;
}

function compareAnew(
  { vantages, compared, order, comparisons }: Tally,
  target: Target,
  { votes }: Verdict,
  bench: ReturnType<typeof formBench>,
): void {
  const at = (order.get(target.id) ?? 0) * vantages.length;
  addComparisons(comparisons, compared, at, -1);
  compareVantages(target, votes, bench, compared, at);
  addComparisons(comparisons, compared, at, 1);
}

function addComparisons(sums: Tally['comparisons'], compared: Uint8Array, at: number, by: 1 | -1): void {
  for (const [place, sum] of sums.entries()) {
    const found = compared[at + place] ?? 0;
    if (found >= COMPARED) sum.compared += by;
    if (found === DISSENTS) sum.dissents += by;
  }
}
