// Where peers answer otherwise and both may: each difference with its name, and what the RFC says of it. Each is as narrow as
// it can be: it says of which questions, and what of the answer must hold all the same.

import { MAX_ALIAS_STEPS } from '../../../src/answer/desk.ts';
import { type DescribedAnswer, endOfChain, listTexts } from './described-answer.ts';
import type { PeerName } from './peers.ts';
import type { RandomQuestion } from './random-questions.ts';
import type { RandomZone } from './random-zones.ts';

export type Compared = {
  readonly peer: PeerName;
  readonly question: RandomQuestion;
  readonly zones: readonly RandomZone[];
  readonly ours: DescribedAnswer;
  readonly theirs: DescribedAnswer;
};

type AcceptedDifference = {
  readonly name: string;
  readonly because: string;
  readonly covers: (compared: Compared) => boolean;
};

export const ACCEPTED_DIFFERENCES: readonly AcceptedDifference[] = [
  {
    name: 'a long chain',
    because:
      'RFC 1034 section 3.6.2: "domain software should not fail when presented with CNAME chains or loops": how many aliases one answer follows is each server\'s own limit; the resolver goes on from there',
    covers: ({ ours, theirs }) =>
      ours.answers.filter(({ type }) => type === 'CNAME').length >= MAX_ALIAS_STEPS && isPartOf(ours, theirs),
  },
  {
    name: 'a ring',
    because: 'the same: we give each alias of the ring once, BIND says SERVFAIL, others give some of it',
    covers: ({ question, ours, theirs }) =>
      ours.answers.some(({ type, name }) => type === 'CNAME' && name === endOfChain(ours, question.name)) &&
      (isPartOf(ours, theirs) || theirs.rcode === 'SERVFAIL'),
  },
  {
    name: 'at and above a nested zone that the outer zone does not delegate',
    because:
      'RFC 8020 section 2: "a name server [...] knows that there is nothing underneath a name" only where there is nothing: we, and NSD, count a zone of ours, and what stands above it, as existing; Knot and BIND look at the outer zone alone, which says nothing of it',
    covers: ({ question, zones, ours }) =>
      [question.name.toLowerCase(), endOfChain(ours, question.name)].some(
        (name) =>
          isAboveUndelegated(name, zones) ||
          // All other types are asked of the nested zone itself.
          (question.type === 'DS' && ours.answers.every(({ type }) => type !== 'DS') && isUndelegated(name, zones)),
      ),
  },
  {
    name: 'an alias at the target of a binding',
    because:
      'RFC 9460 section 4.1: "authoritative DNS servers SHOULD return A, AAAA, and SVCB records in the Additional section for any TargetNames that are in the zone": a CNAME is none of these; BIND gives it and goes on from there',
    covers: ({ peer, ours, theirs }) =>
      peer === 'named' &&
      theirs.answers.some(({ type }) => type === 'SVCB' || type === 'HTTPS') &&
      theirs.additionals.some(({ type }) => type === 'CNAME') &&
      [ours, theirs]
        .map(({ rcode, answers }) => [rcode, ...listTexts(answers)].join())
        .every((text, _, all) => text === all[0]),
  },
  {
    name: 'one table of names',
    because:
      'in NSD a name that any of its zones has exists in all of them: RFC 1034 section 4.2 keeps zones apart; and it asks the outermost of several zones above for a DS',
    covers: ({ peer, question, zones, ours, theirs }) =>
      peer === 'nsd' &&
      [question.name.toLowerCase(), endOfChain(ours, question.name), endOfChain(theirs, question.name)].some((name) =>
        isKnownElsewhere(name, zones),
      ),
  },
];

/** Whether another zone than that of the name has names in the branch in which the name would stand. */
function isKnownElsewhere(name: string, zones: readonly RandomZone[]): boolean {
  const home = zones.filter((zone) => isWithin(name, zone.name)).sort((a, b) => b.name.length - a.name.length)[0]?.name;
  if (home === undefined) return false;
  const branch = listAncestors(name).findLast((above) => above.length > home.length) ?? home;
  return zones.some(
    (zone) =>
      zone.name !== home &&
      (zone.name.endsWith(branch) || zone.records.some((rrset) => isWithin(rrset.name.toLowerCase(), branch))),
  );
}

/** Whether a name that exists only for a nested zone's sake is the name, or stands above it. */
function isAboveUndelegated(name: string, zones: readonly RandomZone[]): boolean {
  return zones.some(({ name: nested }) => {
    if (!isUndelegated(nested, zones)) return false;
    const outer = outerZone(nested, zones);
    return listAncestors(nested).some(
      (above) => above !== nested && above.length > (outer?.name.length ?? Infinity) && isWithin(name, above),
    );
  });
}

function listAncestors(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

function isWithin(name: string, above: string): boolean {
  return name === above || name.endsWith(`.${above}`);
}

function outerZone(name: string, zones: readonly RandomZone[]): RandomZone | undefined {
  return zones.filter((zone) => name.endsWith(`.${zone.name}`)).sort((a, b) => b.name.length - a.name.length)[0];
}

function isPartOf(ours: DescribedAnswer, theirs: DescribedAnswer): boolean {
  const all = new Set(listTexts(theirs.answers));
  return listTexts(ours.answers).every((text) => all.has(text));
}

function isUndelegated(name: string, zones: readonly RandomZone[]): boolean {
  const isApex = zones.some((zone) => zone.name === name);
  const outer = outerZone(name, zones);
  return isApex && !outer?.records.some((rrset) => rrset.type === 'NS' && rrset.name.toLowerCase() === name);
}
