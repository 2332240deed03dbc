// A table of figures, for a terminal and for Markdown.

export type Table = {
  /** A sentence without its full stop: what the figures are, and their unit. */
  readonly title: string;
  readonly columns: readonly string[];
  /** A row of text cells, the first of which names the row. */
  readonly rows: readonly (readonly string[])[];
};

/** Columns in line, numbers to the right. */
export function formatText({ title, columns, rows }: Table): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) =>
    widths
      .map((width, column) => (column === 0 ? (line[0] ?? '').padEnd(width) : (line[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return `${[title, format(columns), ...rows.map(format)].join('\n')}\n`;
}

export function formatMarkdown({ title, columns, rows }: Table): string {
  const format = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = columns.map((_, column) => (column === 0 ? '---' : '---:'));
  return `${[`**${title}**`, '', format(columns), `|${rule.join('|')}|`, ...rows.map(format)].join('\n')}\n`;
}
