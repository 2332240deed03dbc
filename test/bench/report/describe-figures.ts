// The table of a part that has none of its own: every figure on a line, named by the way to it.

import type { PartResult } from './report.ts';

/** `{ rankings: [{ regions: 4, compileMs: 300 }] }` → `rankings 1 regions: 4`, `rankings 1 compileMs: 300`. */
export function describeFigures(title: string, figures: object, notes: readonly string[] = []): PartResult {
  const rows = listFigures(figures, '');
  return { figures, tables: rows.length === 0 ? [] : [{ title, columns: ['figure', 'value'], rows }], notes };
}

function listFigures(value: unknown, path: string): readonly (readonly string[])[] {
  if (typeof value === 'number') return [[path, value.toLocaleString('en')]];
  if (typeof value === 'string' || typeof value === 'boolean') return [[path, String(value)]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = Array.isArray(value) ? String(Number(key) + 1) : key;
    return listFigures(inner, path === '' ? name : `${path} ${name}`);
  });
}
