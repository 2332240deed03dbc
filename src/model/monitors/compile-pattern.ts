// A pattern as a program for the automaton of match-pattern.ts (Thompson 1968, in the form of Pike's and Cox's machines):
//
//    a+b     0 set [a]      a|b    0 split 1 3      where `split` goes on at both places at once,
//            1 split 0 2           1 set [a]        and `set` takes one byte
//            2 set [b]             2 jump 4
//            3 match               3 set [b]
//                                  4 match
//
// A counted repeat is written out as often as it says, so that the size of the program bounds the work for each byte.

import { type ByteSet, type PatternNode, parsePattern, WORDS_PER_SET } from './parse-pattern.ts';

export const OP_SET = 0;
export const OP_SPLIT = 1;
export const OP_JUMP = 2;
export const OP_START = 3;
export const OP_END = 4;
export const OP_MATCH = 5;

export type PatternProgram = {
  readonly ops: Uint8Array;
  /** Where jumps and splits go on; of OP_SET where its set begins in `sets`. */
  readonly targets: Uint16Array;
  /** The other place of splits. */
  readonly others: Uint16Array;
  /** Eight words each, one after another. */
  readonly sets: Uint32Array;
};

/** Steps of one program: for each byte that is looked at, so many are taken at most. */
export const MAX_PATTERN_STEPS = 400;

export type CompiledPattern =
  | { readonly ok: true; readonly program: PatternProgram }
  | { readonly ok: false; readonly fault: string };

/** Never throws; the fault is a sentence for whoever wrote the pattern. */
export function compilePattern(text: string): CompiledPattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) return parsed;
  const steps: Step[] = [];
  const sets: ByteSet[] = [];
  if (!emit(parsed.node, steps, sets) || steps.length >= MAX_PATTERN_STEPS) {
    const fault = `the pattern is too large: with its repeats written out it has more than ${MAX_PATTERN_STEPS} steps.`;
    return { ok: false, fault };
  }
  steps.push([OP_MATCH, 0, 0]);
  const program = {
    ops: Uint8Array.from(steps, ([op]) => op),
    targets: Uint16Array.from(steps, ([, target]) => target),
    others: Uint16Array.from(steps, ([, , other]) => other),
    sets: Uint32Array.from(sets.flatMap((set) => [...set])),
  };
  return { ok: true, program };
}

type Step = [op: number, target: number, other: number];

/** False as soon as there are too many steps. */
function emit(node: PatternNode, steps: Step[], sets: ByteSet[]): boolean {
  if (steps.length >= MAX_PATTERN_STEPS) return false;
  switch (node.kind) {
    case 'set':
      steps.push([OP_SET, (sets.push(node.set) - 1) * WORDS_PER_SET, 0]);
      return true;
    case 'start':
    case 'end':
      steps.push([node.kind === 'start' ? OP_START : OP_END, 0, 0]);
      return true;
    case 'sequence':
      return node.parts.every((part) => emit(part, steps, sets));
    case 'choice':
      return emitChoice(node.parts, steps, sets);
    case 'repeat':
      return emitRepeat(node, steps, sets);
  }
}

function emitChoice(parts: readonly PatternNode[], steps: Step[], sets: ByteSet[]): boolean {
  const jumps: Step[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) {
      if (!emit(part, steps, sets)) return false;
      break;
    }
    const split: Step = [OP_SPLIT, steps.length + 1, 0];
    steps.push(split);
    if (!emit(part, steps, sets)) return false;
    const jump: Step = [OP_JUMP, 0, 0];
    jumps.push(jump);
    steps.push(jump);
    split[2] = steps.length;
  }
  for (const jump of jumps) jump[1] = steps.length;
  return true;
}

type Repeat = Extract<PatternNode, { kind: 'repeat' }>;

function emitRepeat({ part, least, most }: Repeat, steps: Step[], sets: ByteSet[]): boolean {
  for (let times = 0; times < least; times++) {
    const before = steps.length;
    if (!emit(part, steps, sets)) return false;
    // Nothing, however often, is nothing: `(){1000}` in itself would otherwise take for ever.
    if (steps.length === before) break;
  }
  if (most === Number.POSITIVE_INFINITY) {
    const split: Step = [OP_SPLIT, steps.length + 1, 0];
    const again = steps.push(split) - 1;
    if (!emit(part, steps, sets)) return false;
    steps.push([OP_JUMP, again, 0]);
    split[2] = steps.length;
    return true;
  }
  const splits: Step[] = [];
  for (let times = least; times < most; times++) {
    const split: Step = [OP_SPLIT, steps.length + 1, 0];
    splits.push(split);
    steps.push(split);
    if (!emit(part, steps, sets)) return false;
  }
  for (const split of splits) split[2] = steps.length;
  return true;
}
