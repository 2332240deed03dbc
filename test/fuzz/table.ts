// The report of a run as the tables of docs/fuzzing.md.

import type { LiveReport } from './run-live.ts';
import type { ParserReport } from './run-parsers.ts';

export type FuzzReport = {
  readonly startedAt: string;
  readonly machine: string;
  readonly seed: number;
  readonly parsers?: ParserReport | undefined;
  readonly sockets?: LiveReport | undefined;
};

export function formatReport({ startedAt, machine, seed, parsers, sockets }: FuzzReport): string {
  const head = `Begun ${startedAt.slice(0, 16).replace('T', ' ')} UTC, seed ${seed}, ${machine}.\n`;
  return [head, ...(parsers ? formatParsers(parsers) : []), ...(sockets ? formatSockets(sockets) : [])].join('\n');
}

const thousands = (value: number) => Math.round(value).toLocaleString('en');
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

function formatParsers({ messages, seconds, threads, outcomes, faults, slowest, rssBytes }: ParserReport): string[] {
  const byTarget = new Map<string, (readonly [string, number])[]>();
  for (const [key, count] of Object.entries(outcomes)) {
    const [target = '', outcome = ''] = key.split(': ');
    byTarget.set(target, [...(byTarget.get(target) ?? []), [outcome, count]]);
  }
  const rows = [...byTarget].sort().map(([target, counts]) => {
    const sum = counts.reduce((total, [, count]) => total + count, 0);
    const told = counts.toSorted((a, b) => b[1] - a[1]).map(([outcome, count]) => `${outcome} ${thousands(count)}`);
    return `| ${target} | ${thousands(sum)} | ${told.join(', ')} |`;
  });
  const memory = `${megabytes(rssBytes.start)} once warm, ${megabytes(rssBytes.end)} at the end, ${megabytes(rssBytes.most)} at most`;
  return [
    `Parsers: ${thousands(messages)} messages in ${thousands(seconds)} s by ${threads} thread${threads === 1 ? '' : 's'}, ${faults.length} faults. Memory: ${memory}.`,
    `The longest took ${(slowest.microseconds / 1000).toFixed(1)} ms (${slowest.target}, turn ${slowest.turn}), the best of five times.\n`,
    '| target | messages | outcomes |',
    '|---|---|---|',
    ...rows,
    '',
  ];
}

function formatSockets({ seconds, handled, sent, answers, connections, rssBytes, complaints }: LiveReport): string[] {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([key, count]) => `${key} ${thousands(count)}`)
      .join('; ');
  return [
    `Sockets: ${thousands(handled)} messages handled in ${thousands(seconds)} s, ${complaints.length} errors in the log of the node.\n`,
    '| | |',
    '|---|---|',
    `| sent | ${list(sent)} |`,
    `| came back | ${list(answers)} |`,
    `| connections | ${list(connections)} |`,
    `| memory of the node | ${megabytes(rssBytes.start)} once warm, ${megabytes(rssBytes.end)} at the end, ${megabytes(rssBytes.most)} at most |`,
    '',
  ];
}
