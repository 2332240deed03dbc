// Whose side a quorum takes. A side has it with (1) at least as many words as the quorum asks and (2) more than the other
// side; otherwise nobody has it, and a verdict holds.
//
// A quorum of groups asks each group first, by the same two rules over its own vantages: its word is up, down or none. Then
// the groups count as vantages do. With groups eu (3 vantages), us (3) and ap (1), `{groups: majority, within: majority}`:
//
//   eu    us    ap      words of the groups     the verdict
//   ddu   dd.   u       down down up            down
//   ddd   uuu   .       down up   .             holds
//   d.u   dd.   d       .    down down          down
//   ddd   d..   u       down .    up            holds
//   ddd   ...   .       down .    .             holds: one region that lost its way moves nothing
//
// Rule 2 matters only where half or less is enough: both sides could then have it, and the verdict would turn with every
// message. What a quorum says depends on the words alone, so nothing swings while they stay the same.

import type { Portion, Quorum } from '../model/quorum.ts';
import type { Vantage } from '../model/vantage.ts';

export type Side = 'up' | 'down';

/** Who may speak: the configured vantages, alive or not, by their place in the configuration. */
export type Electorate = {
  readonly members: readonly number[];
  /** The members of each group of vantages, in the order of their first. */
  readonly groups: readonly (readonly number[])[];
};

export function formElectorate(vantages: readonly Vantage[]): Electorate {
  const members = vantages.map((_, place) => place);
  const groups = Map.groupBy(members, (place) => vantages[place]?.group ?? place);
  return { members, groups: [...groups.values()] };
}

/** Without one of them, as far as counting goes: what do the others say? */
export function leaveOut({ members, groups }: Electorate, place: number): Electorate {
  const others = (of: readonly number[]) => of.filter((member) => member !== place);
  return { members: others(members), groups: groups.map(others).filter((group) => group.length > 0) };
}

/** Words of vantages, or of groups of them. */
export type Count = {
  readonly up: number;
  readonly down: number;
  /** Words that the quorum asks for, and among how many. */
  readonly needed: number;
  readonly of: number;
};

export type Weighing = {
  /** Undefined: nobody has the quorum. */
  readonly side: Side | undefined;
  /** False: too few spoke for any side to have it, whatever they had said. */
  readonly isQuorate: boolean;
  readonly count: Count;
};

/** `wordOf`: the word of the vantage at that place; undefined where it has none that counts. */
export function weighWords(
  quorum: Quorum,
  { members, groups }: Electorate,
  wordOf: (place: number) => Side | undefined,
): Weighing {
  if (typeof quorum === 'string' || 'atLeast' in quorum) {
    const count = countMembers(members, wordOf, countPortion(quorum, members.length));
    return { side: takeSide(count), isQuorate: count.up + count.down >= count.needed, count };
  }
  let up = 0;
  let down = 0;
  let quorate = 0;
  for (const group of groups) {
    const count = countMembers(group, wordOf, countPortion(quorum.within, group.length));
    const word = takeSide(count);
    if (word === 'up') up++;
    else if (word === 'down') down++;
    if (count.up + count.down >= count.needed) quorate++;
  }
  const needed = countPortion(quorum.groups, groups.length);
  const count = { up, down, needed, of: groups.length };
  return { side: takeSide(count), isQuorate: quorate >= needed, count };
}

/** Words needed of `of`: at least 1, and never more than there are (but 1 where there are none). */
export function countPortion(portion: Portion, of: number): number {
  const wanted =
    portion === 'majority' ? Math.floor(of / 2) + 1 : portion === 'one' ? 1 : portion === 'all' ? of : portion.atLeast;
  return Math.max(1, Math.min(wanted, of));
}

/** For people: `2 of 3 vantages say down, 1 up; majority is 2`. */
export function describeCount(quorum: Quorum, { up, down, needed, of }: Count): string {
  const isGrouped = typeof quorum === 'object' && 'groups' in quorum;
  const [noun, portion] = isGrouped ? (['group', quorum.groups] as const) : (['vantage', quorum] as const);
  const [most, side] = down > up ? [down, 'down'] : [up, 'up'];
  const [least, other] = down > up ? [up, 'up'] : [down, 'down'];
  const places = `${of} ${noun}${of === 1 ? '' : 's'}`;
  const voices =
    most === 0 ? `none of ${places} says anything` : `${most} of ${places} say${most === 1 ? 's' : ''} ${side}`;
  const asked = typeof portion === 'string' ? `${portion} is ${needed}` : `at least ${needed} must`;
  return `${voices}${least > 0 ? `, ${least} ${other}` : ''}; ${asked}`;
}

function takeSide({ up, down, needed }: Count): Side | undefined {
  if (up >= needed && up > down) return 'up';
  if (down >= needed && down > up) return 'down';
  return undefined;
}

function countMembers(members: readonly number[], wordOf: (place: number) => Side | undefined, needed: number): Count {
  let up = 0;
  let down = 0;
  for (const place of members) {
    const word = wordOf(place);
    if (word === 'up') up++;
    else if (word === 'down') down++;
  }
  return { up, down, needed, of: members.length };
}
