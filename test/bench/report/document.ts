// Puts the tables of a run into a page, between the marks that name their part; whatever stands outside of them is left alone.
//
//   <!-- bench: queries -->
//   … tables, written by `npm run bench -- --write` …
//   <!-- end of bench: queries -->

import { describeCircumstances, type PartReport, type Report } from './report.ts';
import { formatMarkdown } from './table.ts';

/** Parts that the page has no place for are named in `missing`. */
export function fillDocument(
  page: string,
  report: Report,
): { readonly page: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  let filled = page;
  for (const [name, part] of Object.entries(report.parts)) {
    const [from, to] = [`<!-- bench: ${name} -->`, `<!-- end of bench: ${name} -->`];
    const start = filled.indexOf(from);
    const end = filled.indexOf(to, start);
    if (start < 0 || end < 0) missing.push(name);
    else filled = `${filled.slice(0, start)}${from}\n\n${formatPart(part)}\n${filled.slice(end)}`;
  }
  return { page: filled, missing };
}

function formatPart(part: PartReport): string {
  const plots = (part.plots ?? []).map(({ title, file }) => `![${title}](${file})\n`);
  const tables = part.tables.map(formatMarkdown);
  const notes = part.notes.length === 0 ? [] : [`${part.notes.map((note) => `- ${note}`).join('\n')}\n`];
  return [`${describeCircumstances(part)}\n`, ...plots, ...tables, ...notes].join('\n');
}
