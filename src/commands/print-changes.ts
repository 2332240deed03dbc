// A list of changes, as plan, apply, diff and rollback print it.

import type { Change } from '../model/diff-documents.ts';
import { alignColumns, count, type Output } from './output.ts';

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;
const COLOURS = { added: 'green', changed: 'yellow', removed: 'red' } as const;

/** One line for each item, and one for all of them. */
export function printChanges(output: Output, changes: readonly Change[]): void {
  const rows = changes.map(({ change, item, fields = [] }) => [
    output.paint(COLOURS[change], `${SIGNS[change]} ${item}`),
    output.paint('dim', fields.map((field) => field.slice(1)).join(', ')),
  ]);
  if (rows.length > 0) output.print(alignColumns(rows));
  output.print(summarizeChanges(changes));
}

export function summarizeChanges(changes: readonly Change[]): string {
  if (changes.length === 0) return 'Nothing changes.';
  const kinds = (['added', 'changed', 'removed'] as const).flatMap((kind) => {
    const number = changes.filter(({ change }) => change === kind).length;
    return number === 0 ? [] : [`${number} ${kind}`];
  });
  return `${count(changes.length, 'change')}: ${kinds.join(', ')}.`;
}
