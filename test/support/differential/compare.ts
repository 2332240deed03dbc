// Holds our answers against those of a peer. Where they may differ, a rule says so, with the sentence of the RFC that leaves
// it open or decides it; whatever no rule covers is a difference, and a fault of one of the two.

import { type DescribedAnswer, type DescribedRecord, describeMessage, listTexts } from './described-answer.ts';
import type { Peer } from './peers.ts';
import type { RandomQuestion } from './random-questions.ts';
import type { RandomZone } from './random-zones.ts';

/** Aliases that are followed from one question: more than anybody follows. */
const MAX_QUESTIONS = 40;

/**
 * What the peer says of the question, and of each name in another zone of ours that its aliases lead to: RFC 1034 section 4.3.2
 * step 3a, "change QNAME to the canonical name in the CNAME RR, and go back to step 1", which is to look through all zones. Some
 * stay within the zone of the question, all stop after some steps.
 */
export async function askPeer(
  peer: Peer,
  question: RandomQuestion,
  zones: readonly RandomZone[],
): Promise<DescribedAnswer> {
  const first = describeMessage(await peer.ask(question));
  let answer = first;
  const before: DescribedRecord[] = [];
  let name = question.name.toLowerCase();
  const asked = new Set([name]);
  while (asked.size < MAX_QUESTIONS && question.type !== 'CNAME') {
    const { records, target } = chainWithinZone(answer, name, zones);
    const isAnswered = answer.answers.some((record) => record.name === target && record.type === question.type);
    const isLast = findHome(target, zones) === findHome(name, zones) && (isAnswered || answer.rcode !== 'NOERROR');
    if (isLast || asked.has(target) || findHome(target, zones) === undefined) break;
    before.push(...records);
    asked.add(target);
    name = target;
    answer = describeMessage(await peer.ask({ ...question, name }));
  }
  return { ...answer, aa: first.aa, answers: [...before, ...answer.answers] };
}

/** The aliases from `name` on up to the first that leaves its zone, or ends, and the records that state them. */
function chainWithinZone(
  { answers }: DescribedAnswer,
  name: string,
  zones: readonly RandomZone[],
): { readonly records: readonly DescribedRecord[]; readonly target: string } {
  const records: DescribedRecord[] = [];
  let target = name;
  while (records.length < MAX_QUESTIONS && findHome(target, zones) === findHome(name, zones)) {
    const at = target;
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === at);
    if (alias === undefined) break;
    records.push(alias, ...answers.filter((record) => record.type === 'DNAME' && at.endsWith(`.${record.name}`)));
    target = alias.text.split(' ').at(-1) ?? '';
  }
  return { records, target };
}

/** The deepest zone that the name is in. */
function findHome(name: string, zones: readonly RandomZone[]): string | undefined {
  const all = zones.filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`));
  return all.sort((a, b) => b.name.length - a.name.length)[0]?.name;
}

/** What differs, in words; empty where all is well. */
export function compareAnswers(ours: DescribedAnswer, theirs: DescribedAnswer, zones: readonly RandomZone[]): string[] {
  const differences: string[] = [];
  const note = (what: string, our: unknown, their: unknown): void => {
    if (JSON.stringify(our) === JSON.stringify(their)) return;
    differences.push(`${what}: ours ${JSON.stringify(our)}, theirs ${JSON.stringify(their)}`);
  };
  note('rcode', ours.rcode, theirs.rcode);
  note('aa', ours.aa, theirs.aa);
  note('tc', ours.tc, theirs.tc);
  note('answers', listTexts(ours.answers), listTexts(theirs.answers));
  const theirAuthorities = withoutCourtesy(theirs, zones);
  note('authorities', listTexts(ours.authorities), listTexts(theirAuthorities));
  note('beside the answer', [], listMissing(ours, theirs, zones));
  note('made up', [], listInvented(ours, zones));
  note('glue', listGlue(ours), listGlue({ ...theirs, authorities: theirAuthorities }));
  return differences;
}

/**
 * NS records of a zone itself beside an answer from it are a courtesy that makes answers longer (RFC 1034 section 4.3.1 has the
 * server add "other data" as it finds useful): what is compared is the SOA of a denial and the NS records of a referral.
 */
function withoutCourtesy(
  { authorities, aa, answers, rcode }: DescribedAnswer,
  zones: readonly RandomZone[],
): readonly DescribedRecord[] {
  if (!aa || rcode !== 'NOERROR' || answers.length === 0) return authorities;
  return authorities.filter(({ type, name }) => type !== 'NS' || !zones.some((zone) => zone.name === name));
}

/**
 * RFC 9471 section 2.1: "all available glue records for in-domain name servers" go with a referral. Other addresses are a
 * courtesy, which a server may leave out.
 */
function listGlue({ authorities, additionals }: DescribedAnswer): readonly string[] {
  const cuts = authorities.filter(({ type }) => type === 'NS').map(({ name }) => name);
  return listTexts(additionals.filter(({ name }) => cuts.some((cut) => name === cut || name.endsWith(`.${cut}`))));
}

/**
 * What goes with an answer in the additional section is a courtesy, and whoever follows aliases into other zones has more to
 * give: we give whatever a peer does. Left out are addresses of the zone's own servers, which go with the NS records that we do
 * not add, what the answer says already, names that only a wildcard makes (Knot gives the wildcard itself), and what an outer zone says of a nested one.
 */
function listMissing(ours: DescribedAnswer, theirs: DescribedAnswer, zones: readonly RandomZone[]): readonly string[] {
  if (theirs.answers.length === 0) return [];
  const known = new Set([...listTexts(ours.additionals), ...listTexts(ours.answers)]);
  const servers = new Set(zones.flatMap(({ ns }) => ns.map((name) => name.toLowerCase())));
  const missing = theirs.additionals.filter(
    ({ name, type, text }) =>
      !known.has(text) && !servers.has(name) && !name.startsWith('*.') && isStated(name, type, zones, text),
  );
  return listTexts(missing);
}

/** What stands in none of the zones. */
function listInvented({ additionals }: DescribedAnswer, zones: readonly RandomZone[]): readonly string[] {
  return listTexts(additionals.filter(({ name, type }) => !isStated(name, type, zones)));
}

/** Whether the zone that the name is in has such records, and one that reads so where a text is given. */
function isStated(name: string, type: string, zones: readonly RandomZone[], text?: string): boolean {
  const home = zones.find((zone) => zone.name === findHome(name, zones));
  const rrset = home?.records.find((each) => each.name.toLowerCase() === name && each.type === type);
  return rrset !== undefined && (text === undefined || rrset.data.some((data) => text.endsWith(` ${data}`)));
}
