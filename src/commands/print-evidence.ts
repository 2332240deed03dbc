// Why an endpoint is as it is, for people: what each monitor says of it, who says so and why. `explain` shows it of every endpoint
// that it looked at, `status` of those that are not plainly up.

import type { Static } from 'typebox';
import type { EndpointStatusSchema } from '../api/status-schema.ts';
import type { Output } from './output.ts';

type EndpointStatus = Static<typeof EndpointStatusSchema>;
type Target = EndpointStatus['targets'][number];
type Vote = Target['votes'][number];
type Row = readonly string[];

export const ENDPOINT_COLOURS = { up: 'green', draining: 'yellow', down: 'red', 'forced-down': 'yellow' } as const;
const VERDICT_COLOURS = { up: 'green', down: 'red', unknown: 'yellow' } as const;
const MILLISECONDS = /\.\d+(?=Z$)/;

/** Up, as every fresh vote says, and with all of its weight: there is nothing to tell of it. */
export function isPlainlyUp({ state, verdict, heldUntil, weightShare, targets }: EndpointStatus): boolean {
  if (state !== 'up' || heldUntil !== undefined || weightShare !== undefined) return false;
  if (verdict !== 'up' && verdict !== 'unmonitored') return false;
  return targets.every((target) => target.verdict === 'up' && target.votes.every(isPlainVote));
}

/** A row for each monitor: its name, its verdict, since when, and who says what. */
export function evidenceRows(output: Output, { heldUntil, targets }: EndpointStatus, indent: string): readonly Row[] {
  const held =
    heldUntil === undefined ? [] : [[`${indent}brake`, output.paint('yellow', 'held'), `until ${trim(heldUntil)}`]];
  const rows = targets.map(({ monitor, verdict, since, frozen, votes }): Row => {
    const when = since === undefined ? '' : `since ${trim(since)}`;
    const words = votes.length === 0 ? 'nobody says anything' : votes.map(describeVote).join(', ');
    return [
      `${indent}${monitor}`,
      output.paint(VERDICT_COLOURS[verdict], verdict),
      when,
      frozen ? `${words} (frozen)` : words,
    ];
  });
  return [...rows, ...held];
}

/** `paris down (connection refused)`; what does not count is said to. */
function describeVote({ vantage, vote, reason, fresh, aside, share }: Vote): string {
  const notes = [
    reason,
    share === undefined ? '' : `asks for ${share} %`,
    fresh ? '' : 'stale',
    aside ? 'set aside' : '',
  ].filter(Boolean);
  return notes.length === 0 ? `${vantage} ${vote}` : `${vantage} ${vote} (${notes.join('; ')})`;
}

function isPlainVote({ vote, fresh, reason, share }: Vote): boolean {
  return !fresh || (vote === 'up' && reason === '' && share === undefined);
}

function trim(moment: string): string {
  return moment.replace(MILLISECONDS, '');
}
