// The vantages for people: each with its workers, whether these sign, from what they abstain and why; and who is refused, with
// the key that it shows, to be copied into the configuration by whoever knows that it is theirs.

import type { StatusDocument } from '../api/status-schema.ts';
import type { Output } from './output.ts';

type Vantage = StatusDocument['vantages'][number];
type Worker = Vantage['workers'][number];
type Refused = Vantage['refused'][number];
type Row = readonly string[];

/** Columns: who, state, signed or not, more. */
export function vantageRows(output: Output, vantages: readonly Vantage[]): readonly Row[] {
  return vantages.flatMap(({ id, workers, refused, aside }) => {
    const alive = workers.filter((worker) => worker.alive).length;
    const text = `${alive} of ${workers.length} alive`;
    return [
      [
        id,
        output.paint(alive > 0 ? 'green' : 'red', text),
        '',
        aside ? output.paint('red', 'set aside: it disagrees with the others') : '',
      ],
      ...workers.map((worker) => workerRow(output, worker)),
      ...refused.map((worker) => refusedRow(output, worker)),
    ];
  });
}

function workerRow(output: Output, { worker, alive, signed, abstention, epochRises = 0 }: Worker): Row {
  const remarks = [
    ...(abstention === undefined ? [] : [describeAbstention(abstention)]),
    ...(epochRises < NOTABLE_RISES ? [] : [describeRises(epochRises)]),
  ];
  return [
    `  ${worker}`,
    alive ? output.paint('green', 'alive') : output.paint('red', 'silent'),
    signed ? 'signed' : 'not signed',
    remarks.length === 0 ? '' : output.paint('yellow', remarks.join('; ')),
  ];
}

function describeAbstention({ all, votes, abstained, reasons }: NonNullable<Worker['abstention']>): string {
  return `abstains from ${all ? 'everything' : `${abstained} of ${votes}`}: ${reasons.join('; ')}`;
}

/** A worker that starts takes one, and may be started twice. */
const NOTABLE_RISES = 3;

function describeRises(epochRises: number): string {
  return `began anew ${epochRises} times within a minute: is its name used twice, or does it end again and again?`;
}

function refusedRow(output: Output, { worker, problem, publicKey }: Refused): Row {
  const key = publicKey === undefined ? '' : `: ${publicKey}`;
  return [`  ${worker}`, output.paint('red', 'refused'), '', `${PROBLEM_TEXTS[problem]}${key}`];
}

const PROBLEM_TEXTS: Readonly<Record<Refused['problem'], string>> = {
  unlisted: 'not listed, with the key',
  'other-key': 'listed with another key than it has',
  unsigned: 'its votes are not signed',
  'bad-signature': 'its votes are not signed by the key that it shows',
};
