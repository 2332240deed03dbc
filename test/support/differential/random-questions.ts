// Random questions about random zones: names that are there, below, above and beside them, and elsewhere, of every type that
// lookup treats in a way of its own.

import type { Random } from '../../fuzz/mutate.ts';
import { makeName, pick, type RandomZone } from './random-zones.ts';

export type RandomQuestion = { readonly name: string; readonly type: string };

const TYPES = [
  ...['A', 'A', 'A', 'AAAA', 'TXT', 'MX', 'SRV', 'NS', 'NS', 'SOA', 'CNAME', 'DNAME', 'DS', 'DS', 'PTR'],
  ...['CAA', 'NAPTR', 'HTTPS', 'SVCB', 'TYPE65280', 'KX', 'RT', 'AFSDB', 'HINFO'],
];

export function makeQuestion(random: Random, zones: readonly RandomZone[]): RandomQuestion {
  const zone = pick(random, zones);
  return { name: mixCase(random, makeQuestionName(random, zone)), type: pick(random, TYPES) };
}

function makeQuestionName(random: Random, zone: RandomZone): string {
  const owner = pick(random, [{ name: zone.name }, ...zone.records]).name;
  const dice = random();
  if (dice < 0.3) return owner;
  // Instead of an asterisk, something that it may stand for.
  if (dice < 0.45) return owner.replace(/^\*/, pick(random, ['a', 'c', 'z', 'deep.er', 'x\\.y']));
  if (dice < 0.65)
    return fitName(`${pick(random, ['a', 'b', 'z', '*', 'hidden', 'q.r', 'm'.repeat(63)])}.${owner}`, owner);
  if (dice < 0.75)
    return (
      owner
        .split(/(?<!\\)\./)
        .slice(1)
        .join('.') || '.'
    );
  if (dice < 0.97) return makeName(random, zone.name);
  return 'nowhere.example.';
}

function fitName(name: string, otherwise: string): string {
  return name.replaceAll(/\\\d{3}/g, 'x').length <= 253 ? name : otherwise;
}

/** RFC 4343: case makes no difference. */
function mixCase(random: Random, name: string): string {
  return random() < 0.8
    ? name
    : name.replaceAll(/[a-z]/g, (letter) => (random() < 0.5 ? letter.toUpperCase() : letter));
}
