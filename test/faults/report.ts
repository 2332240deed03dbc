// What a fault run says of itself: a line per fault on the terminal, and the table of docs/reliability.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/processes.ts';
import type { Run, Trial } from './conduct-run.ts';

const FILE = join(ROOT, 'docs/reliability.md');
const BEGIN = '<!-- test:faults begin -->';
const END = '<!-- test:faults end -->';

export function describeTrial(trial: Trial): string {
  const { name, tally, answersRecoveredMs, changesRecoveredMs, commitsAcknowledged, commitsTried, faults } = trial;
  const mark = faults.length === 0 ? '✔' : '✖';
  const counts = `${tally.wrong} wrong, ${tally.servfail} without data, ${tally.lost} lost by one node, ${tally.unanswered} by all, of ${tally.asked}`;
  const times = `answers right after ${seconds(answersRecoveredMs)}, changes after ${seconds(changesRecoveredMs)}`;
  const commits = `${commitsAcknowledged} of ${commitsTried} changes acknowledged, ${trial.commitsLost} lost`;
  return `${mark} ${name}: ${counts}; ${times}; ${commits}`;
}

export function composeTable({ trials }: Run): string {
  const head =
    '| fault | asked | wrong | SERVFAIL | lost by both nodes | answered by sound nodes | answers right after | changes after | acknowledged | lost |';
  const rows = trials.map((trial) => {
    const { name, tally, answeredShare, answersRecoveredMs, changesRecoveredMs, commitsTried, commitsAcknowledged } =
      trial;
    const cells = [
      name,
      tally.asked,
      tally.wrong,
      tally.servfail,
      tally.unanswered,
      `${(100 * answeredShare).toFixed(2)} %`,
      seconds(answersRecoveredMs),
      seconds(changesRecoveredMs),
      `${commitsAcknowledged} of ${commitsTried}`,
      trial.commitsLost,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [head, `|${' --- |'.repeat(10)}`, ...rows].join('\n');
}

export function writeReport(run: Run): void {
  const text = readFileSync(FILE, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${FILE} lacks the marks ${BEGIN} and ${END}`);
  const { perSecond } = run.options;
  const words = `Measured on ${run.date}, ${perSecond} questions a second to each of two nodes, a change a second through each of two api nodes.`;
  writeFileSync(FILE, `${before}${BEGIN}\n${words}\n\n${composeTable(run)}\n${END}${after}`);
}

function seconds(ms: number): string {
  return ms === 0 ? 'no time' : `${(ms / 1000).toFixed(2)} s`;
}
