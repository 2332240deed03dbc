// The standing of the vantages: whether what one of them says counts. A vantage whose own way to the world is broken calls
// most of the world dead. With a majority of three it is outvoted; yet its words are half of what the next failure needs, and
// where one word is enough they are all of it. So a fresh vantage that for a while calls most of the targets down of which the
// quorum of the others says up is set aside: its words count as none, and it is reported.
//
//                 accused for SET_ASIDE_AFTER_MS
//     counts  ───────────────────────────────────► set aside
//             ◄───────────────────────────────────
//                 cleared for RETURN_AFTER_MS
//
//   accused: of the targets on which both it and the others have a word, it alone says down of more than half, and of at
//            least MIN_DISSENTS
//   cleared: of a quarter at most
//
// The wait before is longer than an outage needs to be seen by everybody: who sees it first is no liar. The quorum of the
// others is that of the monitor, counted over the configured vantages but this one, without those that are set aside: where
// they do not have it, nobody is compared. With one or two vantages nobody ever is, since one word against one decides nothing.
// History: a node that starts finds everybody in good standing, and nodes may differ for as long as the waits are.

import type { Vantage } from '../model/vantage.ts';
import { rawWordOf, type VantageVote, wordOf } from './ballot.ts';
import { leaveOut, weighWords } from './quorum.ts';
import type { Target } from './target.ts';
import type { Bench } from './verdict.ts';

export const MIN_DISSENTS = 3;
export const SET_ASIDE_AFTER_MS = 5_000;
export const RETURN_AFTER_MS = 30_000;
/** Fewer have nobody to be compared with. */
export const MIN_COMPARED_VANTAGES = 3;

const ACCUSED_ABOVE = 1 / 2;
const CLEARED_UP_TO = 1 / 4;

export type Standing = {
  readonly isAside: boolean;
  /** Since when it is accused, or once it is aside cleared, in the clock of `nowMs`; undefined: it is not. */
  readonly turningSinceMs: number | undefined;
};

/** By vantage id; who is not there is in good standing. */
export type Standings = ReadonlyMap<string, Standing>;

export const NO_STANDINGS: Standings = new Map();

/** How a vantage compares with the others. */
export type Comparison = {
  /** Targets on which both have a word. */
  readonly compared: number;
  /** Of these it says down, and the others up. */
  readonly dissents: number;
};

/** What one target says of the vantages, by their place: it was not compared, agrees as far as this goes, or dissents. */
export const NOT_COMPARED = 0;
export const COMPARED = 1;
export const DISSENTS = 2;

/** Writes what `votes` on one target say of each vantage to `out`, from `at` on. */
export function compareVantages(
  target: Target,
  votes: readonly VantageVote[],
  { vantages, electorate }: Bench,
  out: Uint8Array,
  at: number,
): void {
  const byPlace = vantages.map(({ id }) => votes.find(({ vantage }) => vantage === id));
  const isUnanimous = votes.length === vantages.length && votes.every((vote) => rawWordOf(vote) === 'up');
  for (const [place, vote] of byPlace.entries()) {
    const own = vote && rawWordOf(vote);
    out[at + place] = NOT_COMPARED;
    if (own === undefined) continue;
    // As nearly always: everybody says up.
    if (isUnanimous) {
      out[at + place] = COMPARED;
      continue;
    }
    const { side } = weighWords(target.timing.quorum, leaveOut(electorate, place), (other) => wordOf(byPlace[other]));
    if (side !== undefined) out[at + place] = own === 'down' && side === 'up' ? DISSENTS : COMPARED;
  }
}

/** `comparisons`: by the place of the vantage. `previous` itself where nothing changed. */
export function judgeStandings(
  previous: Standings,
  vantages: readonly Vantage[],
  comparisons: readonly Comparison[],
  nowMs: number,
): Standings {
  if (vantages.length < MIN_COMPARED_VANTAGES) return previous.size === 0 ? previous : new Map();
  if (previous.size === 0 && comparisons.every(({ dissents }) => dissents < MIN_DISSENTS)) return previous;
  const next = new Map<string, Standing>();
  for (const [place, { id }] of vantages.entries()) {
    const standing = judgeStanding(previous.get(id) ?? GOOD, comparisons[place] ?? NOTHING_COMPARED, nowMs);
    if (standing !== GOOD) next.set(id, standing);
  }
  const isSame = next.size === previous.size && [...next].every(([id, standing]) => previous.get(id) === standing);
  return isSame ? previous : next;
}

/** Who is set aside. */
export function listAside(standings: Standings): ReadonlySet<string> {
  return new Set([...standings].flatMap(([id, { isAside }]) => (isAside ? [id] : [])));
}

const GOOD: Standing = { isAside: false, turningSinceMs: undefined };
const NOTHING_COMPARED: Comparison = { compared: 0, dissents: 0 };

function judgeStanding(standing: Standing, { compared, dissents }: Comparison, nowMs: number): Standing {
  const { isAside, turningSinceMs } = standing;
  const isTurning = isAside
    ? compared > 0 && dissents <= compared * CLEARED_UP_TO
    : dissents >= MIN_DISSENTS && dissents > compared * ACCUSED_ABOVE;
  if (!isTurning) return isAside ? (turningSinceMs === undefined ? standing : ASIDE) : GOOD;
  if (turningSinceMs === undefined) return { isAside, turningSinceMs: nowMs };
  if (nowMs - turningSinceMs < (isAside ? RETURN_AFTER_MS : SET_ASIDE_AFTER_MS)) return standing;
  return isAside ? GOOD : ASIDE;
}

const ASIDE: Standing = { isAside: true, turningSinceMs: undefined };
