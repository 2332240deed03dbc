// "Did you mean": the known word that lies nearest to an unknown one, by the number of slips (a letter wrong, missing, too
// many, or two swapped) between them.

/** Above so many known words none is looked for: the work is bounded, and a guess among so many would be a poor one. */
const MAX_CANDIDATES = 2_000;
const MAX_WORD_LENGTH = 64;

/** The nearest of the known words, if it is near enough to be what was meant: a third of its letters may differ. */
export function findNearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  const lower = word.toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.floor(Math.max(word.length, 3) / 3) + 1;
  let seen = 0;
  for (const candidate of known) {
    if (++seen > MAX_CANDIDATES) return undefined;
    if (Math.abs(candidate.length - word.length) >= fewest || candidate.length > MAX_WORD_LENGTH) continue;
    const slips = countSlips(lower, candidate.toLowerCase());
    if (slips < fewest) [nearest, fewest] = [candidate, slips];
  }
  return nearest;
}

/** ` Did you mean "…"?`, or nothing. */
export function suggestNearest(word: string, known: Iterable<string>): string {
  const nearest = findNearest(word, known);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}

/** The restricted Damerau–Levenshtein distance, row by row. */
function countSlips(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let slips = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) slips = Math.min(slips, at(beforeLast, column - 2) + 1);
      current.push(slips);
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0;
}
