// A quorum: how many of the configured vantages must say the same before a verdict turns; or how many groups of vantages
// must, each by a quorum of its own. Groups are what fails together: the vantages of a region, of a carrier, of a cloud.

import { type Static, Type } from 'typebox';
import { MAX_VANTAGES } from './limits.ts';
import type { ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';

/** How many of some number. */
export type Portion = 'majority' | 'one' | 'all' | { readonly atLeast: number };

/** `groups`: so many of the groups; `within`: of the vantages of each. A vantage without a group is one by itself. */
export type Quorum = Portion | { readonly groups: Portion; readonly within: Portion };

const AT_LEAST = Type.Object(
  { atLeast: Type.Integer({ minimum: 1, maximum: MAX_VANTAGES }) },
  { additionalProperties: false },
);
const PortionSchema = Type.Union([Type.Enum(['majority', 'one', 'all']), AT_LEAST], {
  title: 'majority, one, all or {atLeast: number}',
});

export const QuorumSchema = Type.Union(
  [
    Type.Enum(['majority', 'one', 'all']),
    AT_LEAST,
    Type.Object(
      { groups: PortionSchema, within: Type.Optional(PortionSchema) },
      { additionalProperties: false, description: 'So many of the groups of vantages, each by a quorum of its own.' },
    ),
  ],
  {
    title: 'a quorum: majority, one, all, {atLeast: number} or {groups: majority, within: majority}',
    default: 'majority',
    description: 'How many of the configured vantages must agree before a verdict changes.',
  },
);
export type QuorumDocument = Static<typeof QuorumSchema>;

/** The quorum as written, with its defaults. Reports a number that can never be reached. */
export function parseQuorum(document: QuorumDocument, path: string, context: ParseContext): Quorum {
  const { declared, report, isCommitted = false } = context;
  const check = (portion: Portion, of: number, [one, many]: readonly [string, string], at: string) => {
    if (typeof portion !== 'object' || portion.atLeast <= of) return;
    const has = of === 1 ? `only one ${one}` : `only ${of} ${many}`;
    const message = `asks for ${portion.atLeast} to agree, but the configuration has ${has}: lower it, or add vantages.`;
    report(joinPointer(at, 'atLeast'), message, ['/vantages']);
  };
  if (typeof document === 'string') return document;
  if ('atLeast' in document) {
    check(document, declared.vantages.size, ['vantage', 'vantages'], path);
    return document;
  }
  const { groups, within = 'majority' } = document;
  if (!declared.hasVantageGroups && !isCommitted) {
    const message = 'counts groups of vantages, but no vantage has a group: give them groups, or count the vantages.';
    report(joinPointer(path, 'groups'), message, ['/vantages']);
    return { groups, within };
  }
  const sizes = declared.vantageGroups;
  const smallest = sizes.reduce((least, size) => Math.min(least, size), declared.vantages.size);
  check(groups, sizes.length, ['group of vantages', 'groups of vantages'], joinPointer(path, 'groups'));
  const words = ['vantage in its smallest group', 'vantages in its smallest group'] as const;
  check(within, smallest, words, joinPointer(path, 'within'));
  return { groups, within };
}
