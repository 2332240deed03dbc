// Which bytes of a database's data are the beginning of a record that the search tree leads to: a bit for each byte. So every
// record gets a number, in the order of the file, by two array reads and no hashing, and records are decoded in that order,
// which is the one in which memory is fastest.
//
//   bits     ..1..... ...1..1.  1....... ........       a word of 32 bits …
//   before   0                  3                       … and behind it the number of bits in the words before
//
// (A bit vector with rank, as in G. Jacobson, Space-efficient static trees and graphs, 1989.)

export type RecordMarks = {
  /** Bits and the number of those before them, in turn: both lie in one line of the processor's cache. */
  readonly words: Uint32Array;
  /** Known once the records have been numbered. */
  count: number;
};

/** `bytes`: of the data section. */
export function createRecordMarks(bytes: number): RecordMarks {
  return { words: new Uint32Array(2 * Math.ceil(bytes / 32)), count: 0 };
}

/** Notes that a record begins at this byte of the data section. */
export function markRecord({ words }: RecordMarks, offset: number): void {
  const at = (offset >>> 5) << 1;
  words[at] = (words[at] ?? 0) | (1 << (offset & 31));
}

/** Counts the marks in front of each word; afterwards recordNumber may be asked, and no mark may be added. */
export function numberRecords(marks: RecordMarks): void {
  const { words } = marks;
  let count = 0;
  for (let at = 0; at < words.length; at += 2) {
    words[at + 1] = count;
    count += countBits(words[at] ?? 0);
  }
  marks.count = count;
}

/** Calls `visit` with the byte where each record begins, in the order of their numbers, until it says false. */
export function forEachRecord({ words }: RecordMarks, visit: (offset: number, number: number) => boolean): void {
  let number = 0;
  for (let at = 0; at < words.length; at += 2) {
    for (let bits = words[at] ?? 0; bits !== 0; bits &= bits - 1) {
      if (!visit(16 * at + 31 - Math.clz32(bits & -bits), number)) return;
      number += 1;
    }
  }
}

/** 0..count-1 for the record that begins at a byte of the data section, which is marked. */
export function recordNumber({ words }: RecordMarks, offset: number): number {
  const at = (offset >>> 5) << 1;
  return (words[at + 1] ?? 0) + countBits((words[at] ?? 0) & ((1 << (offset & 31)) - 1));
}

/** Bits that are 1 in a word (H. Warren, Hacker's Delight, 5-1). */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
